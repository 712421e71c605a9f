/// The programs that compile one file of C in 2003: shell, gcc's driver, cpp0, cc1 and as, tied by pipes.
#pragma once

#include <string>
#include <vector>

#include "models/memory/working_set.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {

/// What a compilation is made of; section workload_intensities of the calibration.
struct BuildCosts {
  explicit BuildCosts(const WorkloadContext& context);

  ProgramCosts programs;
  Time preprocess{}, compile{}, assemble{};  ///< of a file of mean size, with warm caches
  std::uint32_t compiler_heap = 0;           ///< pages that cc1 touches for such a file
  std::uint32_t headers = 0;                 ///< included by each file
  Bytes source{}, header{}, preprocessed{}, assembly{}, object{};
  WorkingSet compiler;  ///< of cc1: that of SPEC's gcc, which is it
  WorkingSet small;     ///< of the others
};

/// One file to be compiled.
struct Compilation {
  std::string source, object;
  std::vector<std::string> headers;
  std::int64_t eighths = 8;  ///< its size: eighths of the mean

  [[nodiscard]] Bytes part(Bytes mean) const { return Bytes{mean.count * eighths / 8}; }
  [[nodiscard]] Time part(Time mean) const { return mean * eighths / 8; }
};

/// The body of a forked child that becomes a shell, which runs gcc -pipe on the file. Both arguments outlive
/// it.
[[nodiscard]] Self::Body compile(const Compilation& file, const BuildCosts& costs);

/// The body of a forked child that becomes a linker: reads the inputs, writes the output.
[[nodiscard]] Self::Body link(const std::vector<std::string>& inputs, const std::string& output,
                              const BuildCosts& costs);

}  // namespace xensim
