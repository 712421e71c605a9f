/// Strong identifiers: a domain cannot be passed where a processor is meant.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace xensim {

/// A dense index, starting at 0, of one kind of thing.
template <class Tag>
struct Id {
  std::uint32_t value = UINT32_MAX;

  constexpr auto operator<=>(const Id&) const = default;
  /// False for a default-constructed id, which names nothing.
  [[nodiscard]] constexpr bool valid() const { return value != UINT32_MAX; }
};

using DomainId = Id<struct DomainTag>;    ///< 0 is domain 0
using VcpuId = Id<struct VcpuTag>;        ///< over all domains of a host
using CpuId = Id<struct CpuTag>;          ///< a physical processor of a host
using ProcessId = Id<struct ProcessTag>;  ///< within one guest kernel
using FrameNumber = Id<struct FrameTag>;  ///< a 4 KB frame of machine memory

}  // namespace xensim

template <class Tag>
struct std::hash<xensim::Id<Tag>> {
  std::size_t operator()(xensim::Id<Tag> id) const noexcept { return id.value; }
};
