/// Several workloads in one domain.
#include <fmt/format.h>

#include <iterator>

#include "workloads/workload.hpp"

namespace xensim {
namespace {

struct MixParameters {
  std::vector<std::string> workloads;
};
const auto parameters = ParameterTable<MixParameters>{}.add(
    "workloads", &MixParameters::workloads,
    "by name, each as it is by default; their metrics keep their names", "");

/// Nothing is shared between them but the domain.
class Mix final : public Workload {
 public:
  Mix(const MixParameters& p, const WorkloadContext& context) {
    for (const std::string& name : p.workloads) {
      const Json chosen = name;
      parts_.push_back({name, WorkloadRegistry::instance().create("workload", Config(chosen), context)});
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
         .parameters = parameters.describe_all(),
         .check =
             [](const Config& config) {
               (void)parameters.read(config, {{"name"}});
               const Config list = config.at("workloads");
               std::vector<std::string> names = WorkloadRegistry::instance().names();
               std::erase(names, "mix");
               for (std::size_t i = 0; i < list.size(); ++i) (void)list.at(i).choice("workload", names);
             },
         .create = [](const Config& config, const WorkloadContext& context) -> std::unique_ptr<Workload> {
           return std::make_unique<Mix>(parameters.read(config, {{"name"}}), context);
         }});
  }
};
const RegisterMix registered;

}  // namespace
}  // namespace xensim
