/// libFuzzer's choice of hypercalls. The first byte selects the rules; every further 16 are one step. The
/// audit after each step must find nothing.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "tests/models/memory/hypercall_adversary.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xensim;
  if (size == 0) return 0;
  test::HypercallAdversary adversary(data[0] % 2 == 0 ? xen_1_0_memory : xen_1_2_memory);
  std::span<const std::uint8_t> left(data + 1, size - 1);
  while (left.size() >= sizeof(test::Step)) {
    test::Step step;
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
