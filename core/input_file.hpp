/// A file that a parameter names.
#pragma once

#include <string>

namespace xensim {

/// As a parameter: relative to the experiment file that it stands in; what an option or a program gives, to
/// where xensim was started. Empty: none.
struct InputFile {
  std::string path;
};

}  // namespace xensim
