/// A hash of text that is too long to keep.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace xensim {

/// 64-bit FNV-1a: the same on every host. Pieces are told apart.
class Fingerprint {
 public:
  /// O(text).
  void add(std::string_view text) {
    for (const char c : text) add(c);
    add('\0');
  }
  [[nodiscard]] std::string hexadecimal() const { return fmt::format("{:016x}", hash_); }

 private:
  void add(char c) { hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3; }

  std::uint64_t hash_ = 0xCBF29CE484222325;
};

}  // namespace xensim
