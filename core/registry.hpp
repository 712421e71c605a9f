/// Named variants of one interface, each in its own file, which registers itself by name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "core/parameter.hpp"

namespace xensim {

/// The variants of `Interface`, constructed from their parameters and `Arguments`.
/// Filled before main (and by Python plug-ins before a run), constant while a run lasts.
template <class Interface, class... Arguments>
class Registry {
 public:
  struct Entry {
    std::string name;
    std::string help;
    std::vector<ParameterInfo> parameters;
    /// Throws InputError if `config`, as for `create`, has a fault. May be empty: nothing to check.
    std::function<void(const Config& config)> check = {};
    /// `config` is the object that holds the parameters (and, as "name", the variant's name).
    std::function<std::unique_ptr<Interface>(const Config& config, Arguments...)> create;
  };

  static Registry& instance() {
    static Registry registry;
    return registry;
  }

  /// A later entry of the same name replaces the earlier one (a notebook redefining its class).
  void add(Entry entry) { entries_[entry.name] = std::move(entry); }

  /// By name, in alphabetical order.
  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) names.push_back(name);
    return names;
  }

  /// `config` is either the variant's name or an object with "name" and parameters.
  /// `kind` is the word for messages ("scheduler"). Throws InputError.
  [[nodiscard]] std::unique_ptr<Interface> create(std::string_view kind, const Config& config,
                                                  Arguments... arguments) const {
    const Config name = config.json().is_string() ? config : config.at("name");
    const Entry& entry = entries_.at(name.choice(kind, names()));
    static const Json none = Json::object();
    return entry.create(config.json().is_string() ? Config(none) : config,
                        std::forward<Arguments>(arguments)...);
  }

 private:
  std::map<std::string, Entry> entries_;
};

/// Registers `Variant(Parameters, Arguments...)` under a name. One line in the variant's file:
///
///     const Register<Scheduler, RoundRobin, RoundRobinParameters, std::size_t> registered{
///         "round-robin", "fixed slices in turn", parameters};
template <class Interface, class Variant, class Parameters, class... Arguments>
struct Register {
  Register(std::string name, std::string help, const ParameterTable<Parameters>& table) {
    static const std::vector<std::string> others{"name"};
    Registry<Interface, Arguments...>::instance().add(
        {.name = std::move(name),
         .help = std::move(help),
         .parameters = table.describe_all(),
         .check = [table](const Config& config) { (void)table.read(config, others); },
         .create = [table](const Config& config, Arguments... arguments) -> std::unique_ptr<Interface> {
           return std::make_unique<Variant>(table.read(config, others),
                                            std::forward<Arguments>(arguments)...);
         }});
  }
};

}  // namespace xensim
