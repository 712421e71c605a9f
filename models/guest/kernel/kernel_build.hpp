/// How a guest kernel was compiled.
#pragma once

namespace xensim {

struct KernelBuild {
  bool smp = false;          ///< locks, and shoot-downs of other processors' translations
  bool paravirtual = false;  ///< XenoLinux: page tables and directories stay pinned on their free lists
};

}  // namespace xensim
