/// Programs and files that tests need besides what is built.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace xensim {

/// Whether `file`, of the Debian package, is there. Where it is not, the test is to be skipped; where CI is
/// set, packages.txt has been installed, and the test fails besides.
[[nodiscard]] inline bool is_installed(const std::filesystem::path& file, const char* package) {
  if (std::filesystem::exists(file)) return true;
  if (std::getenv("CI") != nullptr) {
    ADD_FAILURE() << file << " is missing, although packages.txt names " << package;
  }
  return false;
}

}  // namespace xensim
