/// What neighbours cost a victim, and where the loss arises.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/run_result.hpp"

namespace xensim {

/// A victim's loss against its run alone. Each part is by how much more of its time than alone a unit of work
/// takes there: user, kernel, waits for a processor, and so on. They are parts of the result, so that they
/// add up to the loss; a negative one is time saved.
struct Attribution {
  struct Part {
    std::string name;
    double share = 0;
  };
  double loss = 0;  ///< 0: undisturbed; 1: nothing is left; negative: better off
  std::vector<Part> parts;

  /// What the parts leave of the loss: 0 but for time that an instance did not exist.
  [[nodiscard]] double unexplained() const;
};

/// `score`, a metric that grows with the work done in the measurement, and the victim's metrics
/// `VICTIM/elapsed/...`, of the same run alone and beside its neighbours. Throws InputError if there are
/// none.
[[nodiscard]] Attribution attribute(const RunResult& alone, const RunResult& beside, std::string_view victim,
                                    std::string_view score);

/// Loss and parts averaged over replications, which have the same parts.
[[nodiscard]] Attribution mean_of(std::span<const Attribution> replications);

/// One line for people, in percent of the result alone: the loss and, largest first, what makes it.
[[nodiscard]] std::string describe(const Attribution& attribution);

}  // namespace xensim
