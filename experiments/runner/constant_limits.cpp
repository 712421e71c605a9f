#include "experiments/runner/constant_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/json.hpp"

namespace xensim {
namespace {

/// Any other constant may be as small as it likes: it is a time or a size that then counts for nothing.
struct Least {
  std::string_view constant;
  double value;
};
constexpr std::array leasts{
    Least{"processor.trace_lines", 8},  // one in each of its ways
    Least{"disk.heads", 1},
    Least{"disk.cylinders", 2},
    Least{"disk.zones", 1},
    Least{"disk.read_segments", 1},
    Least{"disk.tags", 1},
    Least{"network.transmit_ring", 2},  // one always stays free
    Least{"network.receive_ring", 1},
    Least{"network.return_ring", 1},
    Least{"network.receive_posted", 1},
    Least{"control.batch", 1},
    Least{"guest.code_line", 0.01},  // paths have no more lines than can be counted
    // What takes for ever does not fit into simulated time.
    Least{"disk.rotation", 1},
    Least{"disk.outer_rate", 0.001},
    Least{"disk.inner_rate", 0.001},
    Least{"disk.interface_rate", 0.001},
    Least{"network.line_rate", 0.001},
    Least{"network.dma_rate", 0.001},
};

}  // namespace

void check_constants(const Calibration& calibration, const Config& changed) {
  for (const std::string& name : changed.keys()) {
    const auto least = std::ranges::find(leasts, name, &Least::constant);
    if (least == leasts.end() || calibration.value(name) >= least->value) continue;
    changed.at(name).fail(describe(changed.at(name).json()), fmt::format("at least {}", least->value));
  }
  constexpr std::string_view posted = "network.receive_posted", ring = "network.receive_ring";
  const double buffers = calibration.value(posted), descriptors = calibration.value(ring);
  if (buffers <= descriptors) return;
  if (changed.has(posted)) {
    changed.at(posted).fail(fmt::format("{} buffers", buffers),
                            fmt::format("at most {}, for which {} has descriptors", descriptors, ring));
  }
  if (changed.has(ring)) {
    changed.at(ring).fail(fmt::format("{} descriptors", descriptors),
                          fmt::format("at least {}, the buffers of {}", buffers, posted));
  }
}

}  // namespace xensim
