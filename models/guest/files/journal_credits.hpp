/// Blocks that operations set aside in the journal: ext3 of Linux 2.4.21, without quota.
#pragma once

#include <cstdint>

namespace xensim::journal_credits {

inline constexpr std::uint32_t create = 25, unlink = 108, rename = 30;
inline constexpr std::uint32_t truncate = 64;  ///< or the deletion of an inode
inline constexpr std::uint32_t inode = 2;      ///< a change of an inode alone
inline constexpr std::uint32_t page = 10;      ///< a page written

}  // namespace xensim::journal_credits
