/// /dev/zero and /dev/null.
#pragma once

#include "models/guest/files/file.hpp"

namespace xensim {

/// Reads as zeros.
class ZeroDevice final : public File {
 public:
  explicit ZeroDevice(const KernelContext& context) : context_(context) {}
  [[nodiscard]] CallResult read(ReadRequest& request) override;
  [[nodiscard]] CallResult write(WriteRequest& request) override;

 private:
  const KernelContext& context_;
};

/// Takes everything, gives nothing.
class NullDevice final : public File {
 public:
  explicit NullDevice(const KernelContext& context) : context_(context) {}
  [[nodiscard]] CallResult read(ReadRequest& request) override;
  [[nodiscard]] CallResult write(WriteRequest& request) override;

 private:
  const KernelContext& context_;
};

}  // namespace xensim
