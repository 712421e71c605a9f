/// JSON values, for those who look into them: the library's header is the longest part of what they compile.
#pragma once

#include <nlohmann/json.hpp>

#include "core/config.hpp"
