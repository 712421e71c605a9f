#include "experiments/runner/control_script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "core/parameter_info.hpp"
#include "experiments/runner/control_commands.hpp"
#include "experiments/runner/format.hpp"
#include "experiments/runner/host_needs.hpp"
#include "experiments/runner/scheduling_share.hpp"

namespace xensim {
namespace {

/// The template and, if one is named, the number of an instance.
struct Name {
  std::size_t domain = 0;
  std::optional<std::uint32_t> number;
};

std::optional<Name> find(std::span<const DomainTemplate> domains, std::string_view name) {
  const std::string_view base = name.substr(0, name.find('/'));
  const auto found = std::ranges::find(domains, base, &DomainTemplate::name);
  if (found == domains.end()) return {};
  Name result{static_cast<std::size_t>(found - domains.begin()), {}};
  if (base.size() == name.size()) return found->count > 0 ? std::optional(result) : std::nullopt;
  std::uint32_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + base.size() + 1, end, number);
  if (error != std::errc{} || stop != end || number >= found->count) return {};
  result.number = number;
  return result;
}

/// Names that could have been meant.
std::vector<std::string> candidates(std::span<const DomainTemplate> domains, bool instances) {
  std::vector<std::string> names;
  for (const DomainTemplate& domain : domains) {
    if (domain.count == 0) continue;
    names.push_back(domain.name);
    if (instances) names.push_back(fmt::format("{}/{}", domain.name, domain.count - 1));
  }
  return names;
}

[[noreturn]] void unknown(const Config& name, std::span<const DomainTemplate> domains, bool instances) {
  const std::vector<std::string> names = candidates(domains, instances);
  throw InputError(name.where(), fmt::format("found unknown domain \"{}\"", name.string()), one_of(names),
                   nearest(name.string(), names));
}

ControlStep read_step(const Config& config, std::span<const DomainTemplate> domains,
                      const std::string& scheduler) {
  static const std::vector<std::string> of_share = [] {
    std::vector<std::string> keys;
    for (const ParameterInfo& share : share_table().describe_all()) keys.push_back(share.name);
    return keys;
  }();
  static const std::vector<std::string> of_step = [] {
    std::vector<std::string> keys;
    for (const ParameterInfo& own : control_table().describe_all()) keys.push_back(own.name);
    return keys;
  }();
  ControlStep step = control_table().read(config, of_share);
  (void)config.at("at");
  (void)config.at("do");
  const ControlCommand& command = command_named(step.command);
  step.verb = command.verb;
  const std::vector<std::string> keys = keys_of(command);
  for (const std::string& key : config.keys()) {
    if (key == "at" || key == "do" || std::ranges::count(keys, key) > 0) continue;
    config.at(key).fail(fmt::format("\"{}\" with \"{}\"", key, command.name), one_of(keys));
  }
  if (!command.required_key.empty()) (void)config.at(command.required_key);
  if (!command.of_domain) return step;
  const auto name = find(domains, config.at("domain").string());
  if (!name) unknown(config.at("domain"), domains, true);
  step.share = share_table().read(config, of_step, domains[name->domain].share);
  check_share(config, step.share, scheduler);
  return step;
}

/// Goes through the script and throws at the first step that cannot be done.
void check_lives(const Config& list, const std::vector<std::size_t>& order, const Experiment& experiment,
                 const std::vector<ControlStep>& steps) {
  std::vector<bool> exists = created_later(experiment);
  exists.flip();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const ControlStep& step = steps[i];
    if (!command_of(step.verb).of_domain) continue;
    for (const std::uint32_t instance : named_instances(experiment.domains, step.domain)) {
      const bool wanted = step.verb != ControlVerb::create;
      if (exists[instance] != wanted) {
        list.at(order[i]).at("do").fail(
            fmt::format("\"{}\" of \"{}\", which {} at {}", step.command, step.domain,
                        exists[instance] ? "exists already" : "does not exist", format(step.at)),
            wanted ? "a domain that exists then" : "a domain that was destroyed before");
      }
      if (step.verb == ControlVerb::create || step.verb == ControlVerb::destroy) exists[instance] = !wanted;
    }
  }
}

}  // namespace

std::vector<ControlStep> read_control(const Config& root, const Experiment& experiment) {
  const Config list = root.at("control");
  list.require_array();
  const Config& platform = experiment.platform;
  if (list.size() > 0 && !HostNeeds::has_control_plane(experiment)) {
    const std::string name = platform.json().is_string() ? platform.string() : platform.at("name").string();
    list.fail(fmt::format("a control script on platform \"{}\"", name),
              "a platform with a domain 0, such as \"xen\"");
  }
  std::vector<ControlStep> read;
  const std::string scheduler = scheduler_of(platform);
  for (std::size_t i = 0; i < list.size(); ++i) {
    read.push_back(read_step(list.at(i), experiment.domains, scheduler));
  }
  std::vector<std::size_t> order(read.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return read[a].at < read[b].at; });
  Experiment scripted;
  scripted.domains = experiment.domains;
  for (const std::size_t i : order) scripted.control.push_back(read[i]);
  check_lives(list, order, scripted, scripted.control);
  return scripted.control;
}

std::vector<ProbePlan> read_probes(const Config& list, std::span<const DomainTemplate> domains) {
  list.require_array();
  std::vector<ProbePlan> probes;
  for (std::size_t i = 0; i < list.size(); ++i) {
    probes.push_back(probe_table().read(list.at(i)));
    const Config name = list.at(i).at("domain");
    const auto found = find(domains, name.string());
    if (!found || found->number) unknown(name, domains, false);
  }
  return probes;
}

std::vector<std::uint32_t> named_instances(std::span<const DomainTemplate> domains, std::string_view name) {
  const Name found = find(domains, name).value();
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < found.domain; ++i) first += static_cast<std::uint32_t>(domains[i].count);
  if (found.number) return {first + *found.number};
  std::vector<std::uint32_t> all(static_cast<std::size_t>(domains[found.domain].count));
  std::iota(all.begin(), all.end(), first);
  return all;
}

std::vector<bool> created_later(const Experiment& experiment) {
  std::int64_t count = 0;
  for (const DomainTemplate& domain : experiment.domains) count += domain.count;
  std::vector<bool> later(static_cast<std::size_t>(count)), touched(static_cast<std::size_t>(count));
  for (const ControlStep& step : experiment.control) {
    if (!command_of(step.verb).of_domain) continue;
    for (const std::uint32_t instance : named_instances(experiment.domains, step.domain)) {
      if (!touched[instance]) later[instance] = step.verb == ControlVerb::create;
      touched[instance] = true;
    }
  }
  return later;
}

}  // namespace xensim
