/// IP addresses as parameters.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "models/io/packet/ipv4.hpp"

namespace xensim {

/// Of a text such as `10.128.0.1`. Throws InputError for any other.
[[nodiscard]] inline Ipv4Address parse_address(const std::string& text) {
  std::string_view rest = text;
  Ipv4Address address;
  for (int part = 0; part < 4; ++part) {
    unsigned value = 256;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    const bool last = part == 3;
    const auto used = static_cast<std::size_t>(end - rest.data());
    const bool separated = last ? used == rest.size() : used < rest.size() && rest[used] == '.';
    if (error != std::errc{} || value > 255 || !separated) {
      throw InputError({}, "the address " + text, "four numbers from 0 to 255 with dots between them");
    }
    address.value = address.value << 8 | value;
    rest.remove_prefix(last ? used : used + 1);
  }
  return address;
}

}  // namespace xensim
