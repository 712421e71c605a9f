/// Several workloads in one domain.
#include "core/parameter_info.hpp"
#include "workloads/workload_parts.hpp"

namespace xensim {
namespace {

std::vector<ParameterInfo> described() {
  return {{.name = "workloads",
           .help = "by name, each as it is by default, or with parameters; their metrics keep their names; "
                   "of a second "
                   "one with the same name, with .1 after it",
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
      parts_.add(chosen.json().is_string() ? chosen.string() : chosen.at("name").string(),
                 WorkloadRegistry::instance().create("workload", chosen, context));
    }
  }

  std::vector<Program> programs(std::uint32_t instance, RandomStream& random) override {
    return parts_.programs(instance, random);
  }
  [[nodiscard]] WorkloadNeeds needs() const override { return parts_.needs(); }
  void measurement_begins() override { parts_.measurement_begins(); }
  void report(StatisticSink& sink, const std::string& prefix) const override { parts_.report(sink, prefix); }

 private:
  WorkloadParts parts_;
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
