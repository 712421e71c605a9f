#include "experiments/runner/format.hpp"

#include <algorithm>

#include "core/json_source.hpp"
#include "experiments/runner/control_commands.hpp"

namespace xensim {
namespace {

constexpr Time longest = 24h * 100;  // Time itself ends after 106 days

}  // namespace

const ParameterTable<Head>& head_table() {
  static const auto table =
      ParameterTable<Head>{}
          .add("name", &Head::name, "short name, used for files", "")
          .add("title", &Head::title, "one line for people", "")
          .add("description", &Head::description, "what is asked and how", "")
          .add("source", &Head::source, "where the experiment is from", "")
          .add("replications", &Head::replications,
               "runs of each point, each with its own random numbers; instead of `precision`", "",
               {.minimum = 1, .maximum = 100'000})
          .add("seed", &Head::seed, "of all random numbers", "");
  return table;
}

const ParameterTable<DomainTemplate>& domain_table() {
  static const auto table =
      ParameterTable<DomainTemplate>{}
          .add("name", &DomainTemplate::name, "unique among the domains", "")
          .add("count", &DomainTemplate::count, "alike instances", "", {.minimum = 0, .maximum = 1'000'000});
  return table;
}

const ParameterTable<ClientTemplate>& client_table() {
  static const auto table =
      ParameterTable<ClientTemplate>{}
          .add("name", &ClientTemplate::name, "unique among domains and clients", "")
          .add("count", &ClientTemplate::count, "alike machines", "", {.minimum = 0, .maximum = 10'000});
  return table;
}

const ParameterTable<SchedulingShare>& share_table() {
  using S = SchedulingShare;
  static const std::string paper = "Duda and Cheriton, SOSP 1999";
  static const std::string reservations = "Xen 3.0; range: choice";
  static const auto table =
      ParameterTable<S>{}
          .add("weight", &S::weight,
               "proportional share of the processor; bvt-xen1, bvt-xen2: at most 100, and in proportion only "
               "if it divides 100",
               "", {.minimum = 1, .maximum = 10'000})
          .add("period", &S::period,
               "of a reservation (sedf, atropos): `slice` of the processor in each such time; without: the "
               "policy's",
               reservations, {.minimum = 10us, .maximum = Time{1h}})
          .add("slice", &S::slice, "of a reservation, in each period", reservations,
               {.minimum = 10us, .maximum = Time{1h}})
          .add("latency", &S::latency,
               "of a reservation (atropos): its first period after a long sleep; without: the period",
               reservations, {.minimum = 10us, .maximum = Time{1h}})
          .add("extra_time", &S::extra_time, "may have what reservations leave over", reservations)
          .add("warp", &S::warp,
               "how much it may run on credit when warped (the virtual time of so long a run at its weight); "
               "0 s: never",
               paper, {.minimum = Time{}, .maximum = longest})
          .add("warp_limit", &S::warp_limit, "longest time at a stretch in warp; 0 s: no limit", paper,
               {.minimum = Time{}, .maximum = longest})
          .add("unwarp_requirement", &S::unwarp_requirement, "least time out of warp before the next", paper,
               {.minimum = Time{}, .maximum = longest})
          .add("cap", &S::cap, "most of one processor, in percent; 0: no limit", "Xen 3.0.3",
               {.minimum = 0, .maximum = 100});
  return table;
}

const ParameterTable<OperatorPlan>& operator_table() {
  using O = OperatorPlan;
  static const auto table =
      ParameterTable<O>{}
          .add("interval", &O::interval, "between two starts", "", {.minimum = Time{}, .maximum = longest})
          .add("jitter", &O::jitter, "each start is later by up to this, uniformly", "",
               {.minimum = Time{}, .maximum = longest});
  return table;
}

const ParameterTable<MeasurePlan>& measure_table() {
  using M = MeasurePlan;
  static const auto table =
      ParameterTable<M>{}
          .add("warm_up", &M::warm_up, "from the last start to the beginning of the measurement", "",
               {.minimum = Time{}, .maximum = longest})
          .add("duration", &M::duration, "of the measurement", "", {.minimum = 1us, .maximum = longest})
          .add("sample", &M::sample, "interval of time series; 0 s: none", "",
               {.minimum = Time{}, .maximum = longest})
          .add(
              "series", &M::series,
              "names or prefixes of what is kept as time series: work done (throughput, TEMPLATE/throughput, "
              "TEMPLATE/NUMBER/work_rate), counters (how fast they grow), levels, and where instances' time "
              "goes (TEMPLATE/elapsed/); empty: all of these",
              "")
          .add("metrics", &M::metrics, "names or prefixes of what is kept; empty: everything", "");
  return table;
}

const ParameterTable<Precision>& precision_table() {
  using P = Precision;
  static const std::string procedures = "Law and Kelton, sequential procedures; range: choice";
  static const auto table =
      ParameterTable<P>{}
          .add("metric", &P::metric, "full name of the metric whose mean over replications is to be known",
               "")
          .add("half_width", &P::half_width, "of the mean's confidence interval, as a part of the mean",
               procedures, {.minimum = 0.0001, .maximum = 1.0})
          .add("confidence", &P::confidence, "that the interval holds the true mean", procedures,
               {.minimum = 0.5, .maximum = 0.9999})
          .add("minimum", &P::minimum, "replications of each point before the first decision", procedures,
               {.minimum = 2, .maximum = 100'000})
          .add("maximum", &P::maximum, "replications of a point, reached or not", procedures,
               {.minimum = 2, .maximum = 100'000});
  return table;
}

const ParameterTable<ProbePlan>& probe_table() {
  using P = ProbePlan;
  static const auto table =
      ParameterTable<P>{}
          .add("domain", &P::domain, "name of a template; its instances are probed in turn", "")
          .add("interval", &P::interval, "between two probes", "", {.minimum = 1us, .maximum = longest})
          .add("jitter", &P::jitter, "each is later by up to this, uniformly", "",
               {.minimum = Time{}, .maximum = longest});
  return table;
}

const ParameterTable<ControlStep>& control_table() {
  using C = ControlStep;
  static const auto table =
      ParameterTable<C>{}
          .add("at", &C::at, "since the beginning of the run", "", {.minimum = Time{}, .maximum = longest})
          .add("do", &C::command,
               "a domain that the script creates before all else is not started at the beginning", "",
               {.choices = control_command_names()})
          .add("domain", &C::domain, "name of a template (all its instances), or TEMPLATE/NUMBER", "")
          .add("slice", &C::slice,
               "of set_slice: the slice of the policy (BVT: ctx_allow); of set_scheduler: of a reservation",
               "", {.minimum = 10us, .maximum = longest})
          .add("bytes", &C::bytes, "of limit_network: what its interface may send in an interval", "",
               {.minimum = Bytes{}, .maximum = Bytes{UINT32_MAX}})
          .add("interval", &C::interval,
               "of limit_network: after which it may send as much again; 0 s: no limit", "",
               {.minimum = Time{}, .maximum = longest})
          .add("rules", &C::rules, "of add_rules: how many that match no packet", "",
               {.minimum = 1, .maximum = 1'000'000})
          .add("size", &C::size, "of set_disk: at most what it had from the beginning", "",
               {.minimum = Bytes{512}, .maximum = Bytes{std::int64_t{1} << 40}})
          .add("memory", &C::memory, "of set_memory: at most what it had from the beginning", "",
               {.minimum = Bytes{}, .maximum = Bytes{std::int64_t{4} << 30}});
  return table;
}

const std::vector<std::string>& section_keys() {
  static const std::vector<std::string> keys{"$schema",   "machine", "platform", "domains", "clients",
                                             "operator",  "control", "probes",   "measure", "precision",
                                             "constants", "sweep",   "compare"};
  return keys;
}

std::filesystem::path home_directory() {
  const char* home = std::getenv("XENSIM_HOME");
  return home != nullptr && *home != '\0' ? home : XENSIM_HOME;
}

std::vector<std::string> machine_names() {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(home_directory() / "experiments" / "machines", none)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

MachineDescription named_machine(const std::string& name) {
  const auto [value, source] = read_json(home_directory() / "experiments" / "machines" / (name + ".json"));
  MachineDescription machine = read_machine(Config(value, source));
  machine.name = name;
  return machine;
}

}  // namespace xensim
