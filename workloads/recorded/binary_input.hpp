/// Recorded loads as binary files: numbers in one order of bytes or the other. Complaints name file and byte.
#pragma once

#include <cstdint>
#include <istream>
#include <span>
#include <string>
#include <string_view>

namespace xensim {

/// The input, and where in it the reader is.
class BinaryInput {
 public:
  /// All outlive this: `name` is what messages call the input, `advice` what can be done if it ends in the
  /// middle of something.
  BinaryInput(std::istream& input, const std::string& name, std::string_view advice)
      : input_(input), name_(name), advice_(advice) {}

  /// As many bytes as there are room; false at the end of the file. Throws InputError if it ends in between.
  [[nodiscard]] bool read(std::span<char> bytes, std::string_view what);
  /// As many bytes as there are room, and at least these. Throws InputError at the end of the file.
  void need(std::span<char> bytes, std::string_view what);
  /// What is not of interest.
  void skip(std::uint32_t bytes, std::string_view what);

  // Numbers at an offset, in the file's order of bytes: the lowest first, unless it swaps.
  [[nodiscard]] std::uint64_t pair(std::span<const char> bytes, std::size_t offset) const;
  [[nodiscard]] std::uint32_t word(std::span<const char> bytes, std::size_t offset) const;
  [[nodiscard]] std::uint16_t half(std::span<const char> bytes, std::size_t offset) const;
  void set_swapping(bool swaps) { swaps_ = swaps; }
  [[nodiscard]] bool swaps() const { return swaps_; }

  [[noreturn]] void fail(std::string_view found, std::string_view wanted) const;

 private:
  [[noreturn]] void fail_at_end(std::string_view what, std::size_t wanted) const;

  std::istream& input_;
  const std::string& name_;
  std::string_view advice_;
  std::uint64_t at_ = 0;
  bool swaps_ = false;
};

}  // namespace xensim
