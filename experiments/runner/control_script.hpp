/// Sections of an experiment file that act while it runs: what domain 0 is told to do, what is probed.
#pragma once

#include <span>
#include <vector>

#include "experiments/runner/experiment.hpp"

namespace xensim {

/// The section "control" of `root`, whose platform, domains and calibration `experiment`
/// has already, in order of time.
/// Throws InputError at the first step that cannot be: a domain that is not declared, or that does not exist
/// (or exists already) by then; a key that its verb does not take; a platform without a control plane.
[[nodiscard]] std::vector<ControlStep> read_control(const Config& root, const Experiment& experiment);

/// Throws InputError if a probe names a template that is not declared or has no instances.
[[nodiscard]] std::vector<ProbePlan> read_probes(const Config& list, std::span<const DomainTemplate> domains);

/// The instances that `name` names: all of a template's, or one; numbered over all templates. `name` is one
/// that read_control() has accepted.
[[nodiscard]] std::vector<std::uint32_t> named_instances(std::span<const DomainTemplate> domains,
                                                         std::string_view name);

/// By instance: does the script create it before it does anything else to it?
[[nodiscard]] std::vector<bool> created_later(const Experiment& experiment);

}  // namespace xensim
