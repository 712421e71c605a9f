/// Which values of constants nothing can be built with.
#pragma once

#include "core/config.hpp"
#include "models/cpu/calibration.hpp"

namespace xensim {

/// `changed`, an object of names and values, is in `calibration` already. Throws InputError at the first of
/// them that is too small to be the number of parts, or the rate, that it is, or that does not go with
/// others. O(changed).
void check_constants(const Calibration& calibration, const Config& changed);

}  // namespace xensim
