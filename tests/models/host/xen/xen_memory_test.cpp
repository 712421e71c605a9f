/// A domain's memory as its processor sees it.
#include "models/host/xen/xen_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "models/guest/kernel/kernel_image.hpp"
#include "tests/models/host/xen/xen_network_fixture.hpp"

namespace xensim {
namespace {

TEST(XenMemory, TheSecondCallOfAProcessSwitchIsReadInTheNewAddressSpace) {
  NetworkMachine machine(1, 1);
  NetworkMachine::Guest& guest = machine.guest(0);
  Paging& paging = guest.memory.paging();
  const PageNumber directory = guest.guest.pages.allocate().value();
  paging.zero(directory);
  paging.make_directory(directory);
  (void)paging.commit();
  ASSERT_TRUE(guest.memory.load(0, directory, {}));
  const auto translated = [&](PortPage page) {
    const Mmu& mmu = machine.memory.cores[0].mmu;
    return std::ranges::any_of(mmu.data_tlb().visible(), [&](const Tlb::Entry& entry) {
      return entry.page == kernel_address(port_page(page));
    });
  };
  EXPECT_FALSE(translated(PortPage::queue)) << "read before the flush";
  EXPECT_TRUE(translated(PortPage::multicall));
}

}  // namespace
}  // namespace xensim
