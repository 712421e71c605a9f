/// select: which of a set of descriptors are ready.
#pragma once

#include <bitset>
#include <memory>
#include <vector>

#include "models/guest/files/file_table.hpp"

namespace xensim {

/// The three sets of select.
struct SelectSets {
  using Set = std::bitset<FileTable::limit>;
  Set read, write, except;

  [[nodiscard]] Set any() const { return read | write | except; }
};

/// One call of select in Linux 2.4.21 (fs/select.c), which lives as long as the call. Looks at every
/// descriptor up to the highest in a set, after each wake-up again from the first; waits on all of them
/// at once. O(highest descriptor) for each round.
class Select final : private PollTable {
 public:
  /// Descriptors from `count` on are not examined. `may_wait` is false for a timeout of zero.
  Select(const KernelContext& context, const FileTable& files, ProcessId process, unsigned count,
         const SelectSets& wanted, bool may_wait);
  ~Select() override;

  /// A round: the value is the number of set bits in ready(). To be called again after each wake-up, unless
  /// the time is up or a signal came, also one that kills (`last`). Fails with bad_descriptor if a set names
  /// one not open.
  [[nodiscard]] CallResult run(bool last = false);

  [[nodiscard]] const SelectSets& ready() const { return ready_; }
  /// Descriptors whose poll method or constant answer was asked for, over all rounds.
  [[nodiscard]] std::uint64_t polled() const { return polled_; }

 private:
  struct WaitEntry {
    WaitQueue* queue;
    std::shared_ptr<File> file;  ///< keeps the queue alive
  };
  void wait_on(WaitQueue& queue) override;
  void leave_queues(Wakes& wakes);
  [[nodiscard]] bool all_open() const;
  [[nodiscard]] std::int64_t scan(bool wait);
  void examine(unsigned descriptor, bool wait, std::int64_t& found);

  const KernelContext& context_;
  const FileTable& files_;
  ProcessId process_;
  unsigned examined_ = 0;  ///< descriptors below this
  bool may_wait_;
  SelectSets wanted_, ready_;
  std::vector<WaitEntry> entries_;
  std::shared_ptr<File> polling_;  ///< whose poll method runs
  std::uint64_t polled_ = 0;
  bool started_ = false;
};

}  // namespace xensim
