#include "models/guest/files/device.hpp"

#include <algorithm>

namespace xensim {

CallResult ZeroDevice::read(ReadRequest& request) {
  // From 4 whole pages on Linux maps its zero page into the caller instead: not modelled, they are cleared.
  context_.did(KernelPath::device_access);
  context_.did(KernelPath::clear_line, request.into.size() / 64);
  std::fill(request.into.begin(), request.into.end(), std::byte{0});
  return {.value = static_cast<std::int64_t>(request.into.size())};
}

CallResult ZeroDevice::write(WriteRequest& request) {
  context_.did(KernelPath::device_access);
  return {.value = static_cast<std::int64_t>(request.from.size())};
}

CallResult NullDevice::read(ReadRequest& /*request*/) {
  context_.did(KernelPath::device_access);
  return {.value = 0};
}

CallResult NullDevice::write(WriteRequest& request) {
  context_.did(KernelPath::device_access);
  return {.value = static_cast<std::int64_t>(request.from.size())};
}

}  // namespace xensim
