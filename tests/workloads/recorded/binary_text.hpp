/// Binary files as others write them, for tests.
#pragma once

#include <cstdint>
#include <string>

namespace xensim::test {

/// Numbers in one order of bytes or the other.
class BinaryText {
 public:
  explicit BinaryText(bool big_endian) : big_endian_(big_endian) {}

  BinaryText& half(std::uint32_t value) { return number(value, 2); }
  BinaryText& word(std::uint32_t value) { return number(value, 4); }
  BinaryText& pair(std::uint64_t value) { return number(value, 8); }
  BinaryText& raw(const std::string& bytes) {
    text += bytes;
    return *this;
  }
  /// To a multiple of four bytes.
  BinaryText& padded(const std::string& bytes) {
    return raw(bytes).raw(std::string((4 - bytes.size() % 4) % 4, '\0'));
  }

  std::string text{};

 private:
  BinaryText& number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      text += static_cast<char>(value >> 8 * (big_endian_ ? size - 1 - i : i) & 0xffU);
    return *this;
  }

  bool big_endian_;
};

}  // namespace xensim::test
