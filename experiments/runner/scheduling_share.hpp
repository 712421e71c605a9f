/// What a domain's share of the processors may be.
#pragma once

#include <string>

#include "core/config.hpp"
#include "models/cpu/schedulers/scheduler.hpp"

namespace xensim {

/// The name of the policy over the processors on `platform`; empty: it has none.
[[nodiscard]] std::string scheduler_of(const Config& platform);

/// Throws InputError if `share`, read from the members of `config`, contradicts itself or is nothing that
/// `scheduler` (a name or empty) could give.
void check_share(const Config& config, const SchedulingShare& share, const std::string& scheduler);

}  // namespace xensim
