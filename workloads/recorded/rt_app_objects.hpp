/// Mutexes, conditions, barriers and suspended tasks of rt-app, as its C library of 2003 has them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "workloads/recorded/rt_app_file.hpp"

namespace xensim {

/// A process that may wait: for one thing at a time.
struct RtAppMember {
  std::uint32_t task = 0;
  std::uint32_t mutex = RtAppEvent::none;  ///< to be taken before it goes on
  RtAppMember* next = nullptr;             ///< behind it in the queue where it waits
};

/// The queues of LinuxThreads, which the library keeps in user memory: the kernel only lets processes sleep
/// and wakes them. First come, first served; a mutex that is given back belongs to who waited longest.
class RtAppObjects {
 public:
  /// `file` outlives it.
  explicit RtAppObjects(const RtAppFile& file);

  /// What `member` does: any event about objects but timers. True: it is to sleep until it is among
  /// `take_woken`. O(1), but for a broadcast and the last one at a barrier.
  [[nodiscard]] bool perform(const RtAppEvent& event, RtAppMember& member);
  /// Who may go on by what was performed since the last time, each followed by the next; null: nobody.
  [[nodiscard]] RtAppMember* take_woken() { return std::exchange(woken_, {}).first; }

 private:
  struct Queue {
    RtAppMember *first = nullptr, *last = nullptr;
    void push(RtAppMember& member);
    [[nodiscard]] RtAppMember* pop();
  };
  struct Object {
    Queue queue;
    bool taken = false;      ///< mutex
    std::uint32_t here = 0;  ///< at a barrier
  };
  /// True: it must wait.
  [[nodiscard]] bool take(std::uint32_t mutex, RtAppMember& member);
  void give_back(std::uint32_t mutex);
  /// The first that waits for the condition goes on, as soon as it has its mutex. False: nobody waits.
  bool signal(std::uint32_t condition);

  const RtAppFile& file_;
  std::vector<Object> objects_;
  Queue woken_;
};

}  // namespace xensim
