/// A hash of text that is too long to keep.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/hash.hpp"

namespace xensim {

/// Pieces are told apart.
class Fingerprint {
 public:
  /// O(text).
  void add(std::string_view text) { hash_.add(text).add(std::uint8_t{0}); }
  [[nodiscard]] std::string hexadecimal() const { return fmt::format("{:016x}", hash_.value()); }

 private:
  Fnv1a<std::uint64_t> hash_;
};

}  // namespace xensim
