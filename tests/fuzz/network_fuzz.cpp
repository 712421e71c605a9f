/// libFuzzer's choice of what guests do to their network rings: every 12 bytes are one step. The audit after
/// each must find nothing.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "tests/models/io/net/net_adversary.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xensim;
  test::NetAdversary adversary;
  std::span<const std::uint8_t> left(data, size);
  while (left.size() >= sizeof(NetStepChoice)) {
    NetStepChoice step;
    std::memcpy(&step, left.data(), sizeof step);
    left = left.subspan(sizeof step);
    adversary.perform(step);
    const std::string found = adversary.audit();
    if (found.empty()) continue;
    std::fprintf(stderr, "%s\n", found.c_str());
    std::abort();
  }
  return 0;
}
