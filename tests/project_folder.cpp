#include "tests/project_folder.hpp"

namespace xensim {

std::filesystem::path project_folder() { return XENSIM_HOME; }

}  // namespace xensim
