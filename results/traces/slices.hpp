/// From trace records to the states of virtual processors over time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"

namespace xensim {

enum class VcpuState : std::uint8_t { blocked, runnable, running };

/// A stay of a vCPU in one state; `cpu` is valid only while running.
struct Slice {
  VcpuId vcpu;
  CpuId cpu;
  VcpuState state{};
  Time begin{}, end{};
};

/// The slices of positive length that the records describe, each complete, in order of their ends; what is
/// still open lasts until `end`, or the last record if that is later. `records` must be in order of time. A
/// vCPU is in no state before its first record. O(records).
[[nodiscard]] std::vector<Slice> slices_of(std::span<const TraceRecord> records, Time end = {});

}  // namespace xensim
