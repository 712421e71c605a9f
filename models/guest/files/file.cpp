#include "models/guest/files/file.hpp"

namespace xensim {

void drop_reference(const KernelContext& context, std::shared_ptr<File> file, Wakes& wakes) {
  if (file.use_count() > 1) return;
  context.did(KernelPath::file_release);
  context.locked(1);  // the list of all open files
  file->release(wakes);
}

}  // namespace xensim
