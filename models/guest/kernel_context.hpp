/// What all parts of one guest kernel share.
#pragma once

#include <cstdint>

#include "models/guest/kernel_build.hpp"
#include "models/guest/kernel_work.hpp"

namespace xensim {

/// Where the parts of a kernel report what they did, how that kernel was built, and its clock.
struct KernelContext {
  KernelWork& work;
  KernelBuild build;
  /// Wall clock in whole seconds as of the last tick; times kept in inodes have no finer grain.
  std::uint64_t seconds = 0;

  void did(KernelPath path, std::uint64_t times = 1) const { work.did(path, times); }
  /// So many locked bus operations were executed, which only SMP builds have.
  void locked(std::uint64_t operations) const {
    if (build.smp) work.did(KernelPath::locked_operation, operations);
  }
  /// `bytes` were copied between kernel and user memory in one go.
  void copied(std::uint64_t bytes) const {
    work.did(KernelPath::copy_user);
    work.did(KernelPath::copy_line, (bytes + 63) / 64);
  }
};

}  // namespace xensim
