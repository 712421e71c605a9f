#include "workloads/recorded/binary_input.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace xensim {

bool BinaryInput::read(std::span<char> bytes, std::string_view what) {
  input_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const auto got = static_cast<std::size_t>(input_.gcount());
  if (input_.bad()) fail("an error of reading", "a file that can be read");
  if (got == 0 && !bytes.empty()) return false;
  if (got < bytes.size()) fail_at_end(what, bytes.size() - got);
  at_ += got;
  return true;
}

void BinaryInput::need(std::span<char> bytes, std::string_view what) {
  if (!read(bytes, what)) fail_at_end(what, bytes.size());
}

void BinaryInput::skip(std::uint32_t bytes, std::string_view what) {
  input_.ignore(bytes);
  const auto got = static_cast<std::uint32_t>(input_.gcount());
  if (got != bytes) fail_at_end(what, bytes - got);
  at_ += bytes;
}

std::uint64_t BinaryInput::pair(std::span<const char> bytes, std::size_t offset) const {
  const std::uint64_t first = word(bytes, offset), second = word(bytes, offset + 4);
  return swaps_ ? first << 32 | second : second << 32 | first;
}

std::uint32_t BinaryInput::word(std::span<const char> bytes, std::size_t offset) const {
  const std::uint32_t first = half(bytes, offset), second = half(bytes, offset + 2);
  return swaps_ ? first << 16 | second : second << 16 | first;
}

std::uint16_t BinaryInput::half(std::span<const char> bytes, std::size_t offset) const {
  const auto first = static_cast<unsigned char>(bytes[offset]),
             second = static_cast<unsigned char>(bytes[offset + 1]);
  return static_cast<std::uint16_t>(swaps_ ? first << 8 | second : second << 8 | first);
}

void BinaryInput::fail(std::string_view found, std::string_view wanted) const {
  throw InputError({.file = name_}, fmt::format("byte {}: found {}", at_, found), wanted);
}

void BinaryInput::fail_at_end(std::string_view what, std::size_t wanted) const {
  fail(fmt::format("the end of the file in {}", what), fmt::format("{} bytes more; {}", wanted, advice_));
}

}  // namespace xensim
