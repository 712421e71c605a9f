/// Which program this is.
#pragma once

#include <string_view>

namespace xensim {

/// A hash of the sources that it was built from, in hexadecimal: the same from every compiler.
[[nodiscard]] std::string_view source_identity();

}  // namespace xensim
