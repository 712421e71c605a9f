#include <fmt/format.h>

#include <charconv>

#include "core/json.hpp"
#include "experiments/runner/format.hpp"

namespace xensim {
namespace {

/// Walks a path, in the document and in the schema side by side: the schema knows what may stand there.
class PathWalk {
 public:
  PathWalk(Json& document, const Json& schema, std::string_view path, const Where& where)
      : path_(path), where_(where), node_(&document), schema_(&schema) {}

  void set(Json value) {
    if (path_.empty()) malformed();
    while (at_ < path_.size()) step();
    *node_ = std::move(value);
  }

 private:
  void step() {
    if (path_[at_] == '[') return enter_element();
    if (at_ > 0) {
      if (path_[at_] != '.') malformed();
      ++at_;
    }
    enter_member();
  }

  void enter_element() {
    const std::size_t close = path_.find(']', at_);
    if (close == std::string_view::npos) malformed();
    std::size_t index = 0;
    const char* end = path_.data() + close;
    const auto [stop, error] = std::from_chars(path_.data() + at_ + 1, end, index);
    if (error != std::errc{} || stop != end) malformed();
    if (!node_->is_array()) fail(fmt::format("{} at {}", describe(*node_), done()), "an array");
    if (index >= node_->size()) {
      fail(fmt::format("index {} of {}, which has {}", index, done(),
                       node_->size() == 1 ? "one element" : fmt::format("{} elements", node_->size())),
           node_->empty() ? "none" : fmt::format("an index from 0 to {}", node_->size() - 1));
    }
    node_ = &(*node_)[index];
    schema_ = schema_->contains("items") ? &(*schema_)["items"] : &anything();
    at_ = close + 1;
  }

  void enter_member() {
    const Json& form = object_form();
    if (!node_->is_object()) fail(fmt::format("{} at {}", describe(*node_), done()), "an object");
    // An object with free keys takes the rest of the path as one key: its keys are paths themselves.
    const bool free_keys = form.contains("additionalProperties") && form["additionalProperties"].is_object();
    const std::size_t end = free_keys ? path_.size() : std::min(path_.find_first_of(".[", at_), path_.size());
    const std::string key(path_.substr(at_, end - at_));
    if (key.empty()) malformed();
    if (free_keys) {
      schema_ = &form["additionalProperties"];
    } else {
      schema_ = &known_member(form, key);
    }
    node_ = &(*node_)[key];
    at_ = end;
  }

  /// The schema of an object here, after turning a bare name into the object that it stands for.
  const Json& object_form() {
    if (node_->is_null()) *node_ = Json::object();
    if (!schema_->contains("anyOf")) return *schema_;
    const Json& alternatives = (*schema_)["anyOf"];
    for (const Json& form : alternatives) {
      if (!form.contains("properties")) continue;
      const Json& members = form["properties"];
      if (members.contains("base")) {
        if (node_->is_string()) *node_ = Json{{"base", *node_}};
        return form;
      }
      if (!members.contains("name")) return form;
      const Json& name = node_->is_object() && node_->contains("name") ? (*node_)["name"] : *node_;
      if (members["name"]["const"] != name) continue;
      if (node_->is_string()) *node_ = Json{{"name", *node_}};
      return form;
    }
    return anything();
  }

  const Json& known_member(const Json& form, const std::string& key) {
    static const Json none = Json::object();
    const Json& members = form.contains("properties") ? form["properties"] : none;
    if (const auto found = members.find(key); found != members.end()) return *found;
    std::vector<std::string> names;
    for (const auto& member : members.items()) names.push_back(member.key());
    if (names.empty() && schema_->contains("anyOf")) {
      fail(fmt::format("parameter \"{}\" of {}, which has no name", key, done()),
           "a name there before: " + one_of(variants()));
    }
    const std::string near = nearest(key, names);
    fail(fmt::format("unknown key \"{}\" in path \"{}\"", key, path_), one_of(names),
         near.empty() ? near : std::string(path_.substr(0, at_)) + near);
  }

  /// What may be named here.
  [[nodiscard]] std::vector<std::string> variants() const {
    std::vector<std::string> names;
    for (const Json& form : (*schema_)["anyOf"]) {
      if (!form.contains("properties") || !form["properties"].contains("name")) continue;
      names.push_back(form["properties"]["name"].value("const", ""));
    }
    return names;
  }

  static const Json& anything() {
    static const Json schema = Json::object();
    return schema;
  }

  [[nodiscard]] std::string done() const {
    return at_ == 0 ? "the top"
                    : fmt::format("\"{}\"", path_.substr(0, path_[at_ - 1] == '.' ? at_ - 1 : at_));
  }
  [[noreturn]] void malformed() const {
    fail(fmt::format("path \"{}\"", path_), "a path such as domains[0].count");
  }
  [[noreturn]] void fail(std::string_view found, std::string_view expected,
                         std::string_view near = {}) const {
    throw InputError(where_, fmt::format("found {}", found), expected, near);
  }

  std::string_view path_;
  const Where& where_;
  Json* node_;
  const Json* schema_;
  std::size_t at_ = 0;
};

}  // namespace

void set_path(Json& document, const Json& schema, std::string_view path, Json value, const Where& where) {
  PathWalk(document, schema, path, where).set(std::move(value));
  // Each of the two says how many replications there are: the later word counts.
  if (path == "replications") document.erase("precision");
  if (path.substr(0, path.find('.')) == "precision") document.erase("replications");
}

void set_path(Json& document, std::string_view path, Json value, const Where& where) {
  set_path(document, experiment_schema(), path, std::move(value), where);
}

}  // namespace xensim
