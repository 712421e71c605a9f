#include "workloads/recorded/rt_app_objects.hpp"

#include <utility>

namespace xensim {

using Kind = RtAppEvent::Kind;

void RtAppObjects::Queue::push(RtAppMember& member) {
  member.next = nullptr;
  (first == nullptr ? first : last->next) = &member;
  last = &member;
}

RtAppMember* RtAppObjects::Queue::pop() {
  RtAppMember* const member = first;
  if (member != nullptr) first = std::exchange(member->next, nullptr);
  return member;
}

RtAppObjects::RtAppObjects(const RtAppFile& file) : file_(file), objects_(file.objects.size()) {}

bool RtAppObjects::take(std::uint32_t mutex, RtAppMember& member) {
  if (!std::exchange(objects_[mutex].taken, true)) return false;
  objects_[mutex].queue.push(member);
  return true;
}

void RtAppObjects::give_back(std::uint32_t mutex) {
  if (RtAppMember* const next = objects_[mutex].queue.pop()) {
    woken_.push(*next);
  } else {
    objects_[mutex].taken = false;
  }
}

bool RtAppObjects::signal(std::uint32_t condition) {
  RtAppMember* const member = objects_[condition].queue.pop();
  if (member == nullptr) return false;
  if (!take(member->mutex, *member)) woken_.push(*member);
  return true;
}

bool RtAppObjects::perform(const RtAppEvent& event, RtAppMember& member) {
  switch (event.kind) {
    case Kind::lock:
      return take(event.object, member);
    case Kind::unlock:
      give_back(event.object);
      return false;
    case Kind::signal:
      (void)signal(event.object);
      return false;
    case Kind::broad:
      while (signal(event.object)) {
      }
      return false;
    case Kind::sync:
      (void)signal(event.object);
      [[fallthrough]];
    case Kind::wait:
      member.mutex = event.mutex;
      objects_[event.object].queue.push(member);
      give_back(event.mutex);
      return true;
    case Kind::barrier: {
      Object& barrier = objects_[event.object];
      if (++barrier.here < file_.objects[event.object].users) {
        barrier.queue.push(member);
        return true;
      }
      barrier.here = 0;
      while (RtAppMember* const other = barrier.queue.pop()) woken_.push(*other);
      return false;
    }
    case Kind::suspend:
      objects_[event.object].queue.push(member);
      return true;
    case Kind::resume:
      while (RtAppMember* const other = objects_[event.object].queue.pop()) woken_.push(*other);
      return false;
    case Kind::run:
    case Kind::runtime:
    case Kind::sleep:
    case Kind::timer:
    case Kind::yield:
    case Kind::fork:
      return false;
  }
  return false;
}

}  // namespace xensim
