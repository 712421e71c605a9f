#include "models/guest/kernel/kernel_image.hpp"

#include <gtest/gtest.h>

#include <set>

namespace xensim {
namespace {

constexpr std::uint32_t image_end = 512;  // 2 MB

TEST(KernelImage, ContentsOfAPageLieThere) {
  EXPECT_EQ(object_page(KernelObject::page, 7000), PageNumber{7000});
}

TEST(KernelImage, NeighboursOfASlabShareAPage) {
  EXPECT_EQ(object_page(KernelObject::inode, 8), object_page(KernelObject::inode, 15)) << "of 480 bytes";
  EXPECT_NE(object_page(KernelObject::inode, 15), object_page(KernelObject::inode, 16));
}

TEST(KernelImage, ManyObjectsLieInMorePagesThanATlbHasEntries) {
  std::set<std::uint32_t> pages;
  for (std::uint32_t number = 0; number < 1000; ++number) {
    pages.insert(object_page(KernelObject::inode, number).value);
  }
  EXPECT_GT(pages.size(), 64U);
}

TEST(KernelImage, CodeDataAndObjectsLieApartWithinTheImage) {
  std::set<std::uint32_t> code_and_data, others;
  for (const KernelPlace& place : kernel_places()) {
    code_and_data.insert({place.code.value, place.data.value});
  }
  for (std::uint32_t number = 0; number < 10000; ++number) {
    others.insert(object_page(KernelObject::name, number).value);
  }
  for (const PortPage page :
       {PortPage::shared_info, PortPage::queue, PortPage::multicall, PortPage::frames}) {
    EXPECT_TRUE(others.insert(port_page(page).value).second);
  }
  for (const std::uint32_t page : others) {
    EXPECT_FALSE(code_and_data.contains(page)) << page;
    EXPECT_LT(page, image_end);
  }
}

}  // namespace
}  // namespace xensim
