/// Domain 0's control plane: what an operator has it do to domains, in domain 0's own processor time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/time.hpp"
#include "models/cpu/schedulers/scheduler.hpp"
#include "models/guest/processes/program.hpp"
#include "models/host/monitor/control_verb.hpp"

namespace xensim {

/// One command that an operator gives at domain 0's console.
struct ControlRequest {
  ControlVerb verb{};
  std::uint32_t instance = 0;       ///< which one; of set_slice and add_rules: without meaning
  SchedulingShare share{};          ///< create, set_scheduler
  Time slice{};                     ///< set_slice
  Bytes size{};                     ///< limit_network: to send in an interval; set_disk: of the disk;
                                    ///< set_memory: that it is to have
  Time interval{};                  ///< limit_network; 0: no limit
  std::uint32_t rules = 0;          ///< add_rules: how many
  std::vector<Program> programs{};  ///< create: what it begins with
  bool required = false;            ///< create: without it there is nothing to measure
};

/// Requests are carried out one after another, in the order in which they were made. What cannot be done
/// (a domain that does not exist or exists already or that there is no memory for, a policy without slices, a
/// change of a device that the domain has not) is refused and counted.
class ControlPlane {
 public:
  ControlPlane() = default;
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  virtual ~ControlPlane() = default;

  /// At the calendar's present; returns at once.
  virtual void ask(ControlRequest request) = 0;
  /// Everything that was asked for is done.
  [[nodiscard]] virtual bool idle() const = 0;
  /// How many requests were refused so far.
  [[nodiscard]] virtual std::uint64_t refused() const = 0;
};

}  // namespace xensim
