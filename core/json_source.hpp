/// JSON text to a value whose every path knows its line.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/config.hpp"
#include "core/json.hpp"

namespace xensim {

struct SourcedJson {
  Json value;
  std::shared_ptr<const ConfigSource> source;
};

/// Whether the key at this path may be given again: its last value counts, in the place of the first.
using MayRepeat = std::function<bool(const std::string& path)>;

/// Throws InputError with file, line and column for what is no JSON, for a key given twice that may not be,
/// and for nesting deeper than 64. O(length * depth), and O(paths) for each key given again.
[[nodiscard]] SourcedJson parse_json(std::string_view text, std::string file,
                                     const MayRepeat& may_repeat = {});

/// The text of a file of JSON. Throws InputError for a file that cannot be read, is a directory, is
/// empty or larger than 64 MiB.
[[nodiscard]] std::string read_json_text(const std::filesystem::path& path);

/// Both.
[[nodiscard]] SourcedJson read_json(const std::filesystem::path& path);

/// What stood under `path` is replaced by what `change` (an option, a call) gives: errors there name that.
/// O(paths).
void note_change(ConfigSource& source, const std::string& path, std::string change);

/// What stood under `to` is replaced by what stands under `from`: errors there now name the lines and changes
/// of `from`. O(paths).
void move_lines(ConfigSource& source, const std::string& from, const std::string& to);

}  // namespace xensim
