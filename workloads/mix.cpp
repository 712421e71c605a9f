/// Several workloads in one domain.
#include <fmt/format.h>

#include <iterator>

#include "core/parameter_info.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

std::vector<ParameterInfo> described() {
  return {{.name = "workloads",
           .help = "by name, each as it is by default, or with parameters; their metrics keep their names",
           .source = {},
           .type = "array",
           .unit = "workload",
           .element = "variant",
           .minimum = {},
           .maximum = {},
           .fallback = Json::array(),
           .choices = {}}};
}

/// Nothing is shared between them but the domain.
class Mix final : public Workload {
 public:
  Mix(const Config& list, const WorkloadContext& context) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Config chosen = list.at(i);
      parts_.push_back({chosen.json().is_string() ? chosen.string() : chosen.at("name").string(),
                        WorkloadRegistry::instance().create("workload", chosen, context)});
    }
  }

  std::vector<Program> programs(std::uint32_t instance, RandomStream& random) override {
    std::vector<Program> all;
    for (const Part& part : parts_) {
      std::vector<Program> some = part.workload->programs(instance, random);
      std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
  }
  [[nodiscard]] WorkloadNeeds needs() const override {
    WorkloadNeeds all{.system_calls = false};
    for (const Part& part : parts_) all.add(part.workload->needs());
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    for (const Part& part : parts_) part.workload->report(sink, fmt::format("{}{}/", prefix, part.name));
  }

 private:
  struct Part {
    std::string name;
    std::unique_ptr<Workload> workload;
  };
  std::vector<Part> parts_;
};

/// By hand, because names have to be checked against a registry that is complete only later.
struct RegisterMix {
  RegisterMix() {
    WorkloadRegistry::instance().add(
        {.name = "mix",
         .help = "several workloads in one domain",
         .parameters = described(),
         .check =
             [](const Config& config) {
               const Config list = list_of(config);
               for (std::size_t i = 0; i < list.size(); ++i) check(list.at(i));
             },
         .create = [](const Config& config, const WorkloadContext& context) -> std::unique_ptr<Workload> {
           return std::make_unique<Mix>(list_of(config), context);
         }});
  }

 private:
  static Config list_of(const Config& config) {
    static const std::vector<std::string> known{"name", "workloads"};
    static const Json none = Json::array();
    config.allow_only(known);
    if (!config.has("workloads")) return Config(none);
    const Config list = config.at("workloads");
    list.require_array();
    return list;
  }
  static void check(const Config& chosen) {
    static const Json none = Json::object();
    std::vector<std::string> names = WorkloadRegistry::instance().names();
    std::erase(names, "mix");
    const bool plain = chosen.json().is_string();
    const std::string name = (plain ? chosen : chosen.at("name")).choice("workload", names);
    const auto& entry = WorkloadRegistry::instance().entries().at(name);
    if (entry.check) entry.check(plain ? Config(none) : chosen);
  }
};
const RegisterMix registered;

}  // namespace
}  // namespace xensim
