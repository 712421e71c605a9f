/// How a program opens a file.
#pragma once

namespace xensim {

struct OpenMode {
  bool create = false;
  bool exclusive = false;  ///< with create: the name must be new
  bool truncate = false;
  bool append = false;       ///< each write goes to the end
  bool synchronous = false;  ///< each write returns when it is on the disk (O_SYNC)
};

/// What the offset of a seek counts from.
enum class SeekFrom : unsigned char { start, here, end };

}  // namespace xensim
