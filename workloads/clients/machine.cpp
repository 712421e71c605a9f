/// A whole second machine outside: the testbed's hardware with a kernel and a workload of its own.
#include <fmt/format.h>

#include <memory>
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
  void value(std::string_view /*path*/, const Statistic& /*statistic*/, double value) override {
    values.push_back(value);
  }
  std::vector<double> values;
};

/// Passes on what was counted since a reading. What has come into being since then is reported last.
class Since final : public StatisticSink {
 public:
  Since(const Reading& earlier, StatisticSink& sink) : earlier_(earlier), sink_(sink) {}
  void value(std::string_view path, const Statistic& statistic, double value) override {
    const double before = at_ < earlier_.values.size() ? earlier_.values[at_] : 0;
    ++at_;
    sink_.value(path, statistic, statistic.kind == Statistic::Kind::counter ? value - before : value);
  }

 private:
  const Reading& earlier_;
  StatisticSink& sink_;
  std::size_t at_ = 0;
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
    workload_->measurement_begins();
    begin_.values.clear();
    report_machines(begin_, {});
  }
  void report(StatisticSink& sink, const std::string& prefix, Time /*now*/) const override {
    workload_->report(sink, prefix);
    Since since(begin_, sink);
    report_machines(since, prefix);
  }
  [[nodiscard]] std::string audit() const override {
    for (const auto& machine : machines_) {
      if (std::string fault = machine->audit(); !fault.empty()) return fault;
    }
    return {};
  }

 private:
  void report_machines(StatisticSink& sink, const std::string& prefix) const {
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      machines_[i]->settle();
      machines_[i]->report(sink, fmt::format("{}{}/", prefix, i));
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
