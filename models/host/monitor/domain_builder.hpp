/// How domain 0 builds a domain (Xen 1.0, tools/internal/xi_build.c, from a description).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/host/monitor/monitor.hpp"

namespace xensim {

/// What the tools of domain 0 cost (section `control` of the calibration).
struct ControlCosts {
  ControlCosts(const Calibration& calibration, const ProcessorCosts& processor, Frequency clock);

  Time tool_start{};    ///< until a tool runs, and its end
  Time system_call{};   ///< of a tool, without what the monitor does in it
  Time request{};       ///< put together by the builder
  Time copy_page{};     ///< into another domain
  Cycles operation;     ///< of the monitor, each
  Cycles list_entry;    ///< of the monitor
  std::uint32_t batch;  ///< requests in a hypercall
  std::uint32_t image_pages;
};

/// Creates a suspended domain with memory and page tables of its own by the hypercalls that the real builder
/// makes. Left out: reading the kernel's image from a disk, the contents of what is copied.
class DomainBuilder {
 public:
  DomainBuilder(Monitor& monitor, const ControlCosts& costs, const SchedulingShare& share)
      : monitor_(monitor), costs_(costs), share_(share) {}

  /// Makes the next hypercall, whose time is charged. What the tool then computes until it is ready for
  /// another; nothing: the domain is complete, or refused.
  [[nodiscard]] std::optional<Time> step();

  /// The machine has too little memory left: there is no domain.
  [[nodiscard]] bool refused() const { return refused_; }
  /// After the first step, unless that was refused.
  [[nodiscard]] VcpuId vcpu() const { return vcpu_; }

 private:
  enum class Stage : std::uint8_t { create, list, fill, tables, finish, done };

  [[nodiscard]] Time create();
  [[nodiscard]] Time list();
  [[nodiscard]] Time update();
  [[nodiscard]] MemoryCall call();
  void charge(Cycles operation);

  Monitor& monitor_;
  const ControlCosts& costs_;
  SchedulingShare share_;
  Stage stage_ = Stage::create;
  bool refused_ = false;
  VcpuId vcpu_;
  std::vector<PageRequest> requests_;
  std::size_t sent_ = 0;
};

}  // namespace xensim
