/// What the versions of Xen's first credit scheduler differ in.
#pragma once

#include <cstdint>
#include <string_view>

namespace xensim {

struct CreditRules {
  std::string_view version;
  std::int64_t credits_per_ms;
  bool boost;           ///< waking UNDER goes before all others
  bool caps_pause;      ///< at a cap's worth of debt, at once; else at any debt, at the end of the slice
  bool burns;           ///< time is paid for as it was used; else whole ticks by who runs then
  bool idles_for_ever;  ///< an idle processor has no slice
  bool keeps_half;      ///< of the credits, who leaves the active; else nothing
  bool limits_rate;     ///< rate limit, and yields behind one of lower priority
};
inline constexpr CreditRules credit_versions[] = {
    {"3.0.3", 1, false, false, false, false, false, false},
    {"3.0.4", 10, true, true, false, false, false, false},
    {"4.0", 10, true, true, true, true, false, false},
    {"4.17", 10, true, true, true, true, true, true},
};

}  // namespace xensim
