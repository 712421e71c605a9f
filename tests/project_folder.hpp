/// Where the project's own files are, for tests that read them.
#pragma once

#include <filesystem>

namespace xensim {

[[nodiscard]] std::filesystem::path project_folder();

}  // namespace xensim
