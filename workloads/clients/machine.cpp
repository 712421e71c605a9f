/// A whole second machine outside: the testbed's hardware with a kernel and a workload of its own.
#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/parameter_info.hpp"
#include "models/host/platform.hpp"
#include "workloads/clients/client.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

struct MachineParameters {
  std::int64_t cpus = 0;
};
const auto own_parameters = ParameterTable<MachineParameters>{}.add("cpus", &MachineParameters::cpus,
                                                                    "processors; 0: as many as the host has",
                                                                    "choice", {.minimum = 0, .maximum = 64});
const std::vector<std::string> variants{"name", "platform", "workload"};

std::vector<ParameterInfo> parameters() {
  std::vector<ParameterInfo> all = own_parameters.describe_all();
  all.push_back(
      variant_parameter("platform", "platform", "what runs on it", "choice: native Linux", "native"));
  all.push_back(variant_parameter("workload", "workload", "what runs on the platform", "choice", "idle"));
  return all;
}

void check(const Config& config) {
  (void)own_parameters.read(config, variants);
  if (!config.has("platform")) return;
  const Config platform = config.at("platform");
  const Config name = platform.json().is_string() ? platform : platform.at("name");
  // Domains out there would need addresses of their own.
  if (name.json() != "native") name.fail(describe(name.json()), "\"native\"");
}

/// Takes note of what is counted.
class Reading final : public StatisticSink {
 public:
  void value(std::string_view path, const Statistic& statistic, double value) override {
    if (statistic.kind != Statistic::Kind::counter) return;
    values.insert_or_assign(fmt::format("{}{}", path, statistic.name), value);
  }
  std::map<std::string, double> values;  ///< by path
};

/// Passes on what was counted since a reading, below a prefix that the reading's paths do not have.
class Since final : public StatisticSink {
 public:
  Since(const Reading& earlier, StatisticSink& sink, const std::string& prefix)
      : earlier_(earlier), sink_(sink), prefix_(prefix) {}
  void value(std::string_view path, const Statistic& statistic, double value) override {
    const auto before = earlier_.values.find(fmt::format("{}{}", path, statistic.name));
    const double already = before == earlier_.values.end() ? 0 : before->second;
    sink_.value(fmt::format("{}{}", prefix_, path), statistic, value - already);
  }
  [[nodiscard]] bool wants(std::string_view path) const override {
    return sink_.wants(fmt::format("{}{}", prefix_, path));
  }

 private:
  const Reading& earlier_;
  StatisticSink& sink_;
  const std::string& prefix_;
};

class MachineClient final : public Client {
 public:
  MachineClient(const Config& config, const ClientContext& context)
      : parameters_(own_parameters.read(config, variants)),
        host_(*context.host),
        network_(context.network),
        platform_(config.has("platform") ? config.at("platform") : Config(native)),
        workload_(WorkloadRegistry::instance().create(
            "workload", config.has("workload") ? config.at("workload") : Config(idle),
            {.shape = host_.shape, .calibration = host_.calibration, .costs = host_.costs})) {}

  void start(World& /*world*/, const Machine& machine) override {
    HostContext its = host_;
    its.network = &network_;
    its.address = addresses::outside(machine.station);
    its.interface = addresses::outside_interface(machine.station);
    its.trace = nullptr;
    if (parameters_.cpus > 0) its.cpus = static_cast<std::uint32_t>(parameters_.cpus);
    its.seed = RandomStream(machine.random).next();
    RandomStream random = machine.random;
    std::vector<Program> programs = workload_->programs(machine.number, random);
    machines_.push_back(PlatformRegistry::instance().create("platform", platform_, its));
    machines_.back()->start(std::move(programs), {});
  }
  void measure(Time /*at*/) override {
    begin_.values.clear();
    report_all(begin_);
    workload_->measurement_begins();
  }
  void report(StatisticSink& sink, const std::string& prefix, Time /*now*/) const override {
    Since since(begin_, sink, prefix);
    report_all(since);
  }
  [[nodiscard]] std::string audit() const override {
    for (const auto& machine : machines_) {
      if (std::string fault = machine->audit(); !fault.empty()) return fault;
    }
    return {};
  }

 private:
  void report_all(StatisticSink& sink) const {
    workload_->report(sink, {});
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      machines_[i]->settle();
      machines_[i]->report(sink, fmt::format("{}/", i));
    }
  }
  inline static const Json native = "native", idle = "idle";

  MachineParameters parameters_;
  const HostContext& host_;
  Switch& network_;
  Config platform_;
  std::unique_ptr<Workload> workload_;
  std::vector<std::unique_ptr<Platform>> machines_;
  Reading begin_;
};

/// By hand, because it has variants inside.
struct RegisterMachine {
  RegisterMachine() {
    ClientRegistry::instance().add(
        {.name = "machine",
         .help = "a machine like the host, with a kernel and a workload of its own",
         .parameters = parameters(),
         .check = check,
         .create = [](const Config& config, const ClientContext& context) -> std::unique_ptr<Client> {
           return std::make_unique<MachineClient>(config, context);
         }});
  }
};
const RegisterMachine registered;

}  // namespace
}  // namespace xensim
