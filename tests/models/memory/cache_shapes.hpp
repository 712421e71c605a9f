/// Caches as tests and benchmarks use them.
#pragma once

#include "models/memory/cache_detailed.hpp"

namespace xensim {

/// Of a Xeon of 2002 (Intel, IA-32 Software Developer's Manual volume 3, section 10.1).
inline constexpr CacheShape l1_data_shape{.size = {8 << 10}, .ways = 4, .line = 64, .sector = 64},
    l2_shape{.size = {512 << 10}, .ways = 8, .line = 128, .sector = 64};

}  // namespace xensim
