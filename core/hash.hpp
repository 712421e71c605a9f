/// A hash of bytes that is the same on every host.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

namespace xensim {

/// FNV-1a (Fowler, Noll & Vo, draft-eastlake-fnv), of 32 or 64 bits. O(bytes).
template <std::unsigned_integral Word>
requires(sizeof(Word) == 4 || sizeof(Word) == 8) class Fnv1a {
 public:
  constexpr Fnv1a& add(std::uint8_t byte) {
    hash_ = (hash_ ^ byte) * prime;
    return *this;
  }
  constexpr Fnv1a& add(std::string_view text) {
    for (const char c : text) add(static_cast<std::uint8_t>(c));
    return *this;
  }
  [[nodiscard]] constexpr Word value() const { return hash_; }

 private:
  static constexpr bool wide = sizeof(Word) == 8;
  static constexpr Word prime = static_cast<Word>(wide ? 0x100000001B3 : 0x01000193);
  Word hash_ = static_cast<Word>(wide ? 0xCBF29CE484222325 : 0x811C9DC5);
};

}  // namespace xensim
