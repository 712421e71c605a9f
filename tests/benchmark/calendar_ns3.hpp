/// The schedulers of ns-3, used as its simulator uses them.
#pragma once

#include <ns3/calendar-scheduler.h>
#include <ns3/event-impl.h>
#include <ns3/heap-scheduler.h>
#include <ns3/map-scheduler.h>
#include <ns3/object.h>
#include <ns3/priority-queue-scheduler.h>

#include "tests/benchmark/calendar_workload.hpp"

namespace xensim::benchmarks {

/// An event object for each time an event is armed; cancelled ones stay until they come up.
template <class Scheduler>
class Ns3Engine {
 public:
  using Handle = ns3::EventImpl*;
  ~Ns3Engine() {
    while (!scheduler_->IsEmpty()) scheduler_->RemoveNext().impl->Unref();
  }

  [[nodiscard]] Time now() const { return now_; }
  void arm(Slot<Handle>& slot, Time when) {
    slot.handle = new Happening(slot.event);
    scheduler_->Insert({slot.handle, {static_cast<std::uint64_t>(when.count()), uid_++, 0}});
  }
  void rearm(Slot<Handle>& slot, Time when) {
    slot.handle->Cancel();
    arm(slot, when);
  }
  void step() {
    for (bool happened = false; !happened;) {
      const ns3::Scheduler::Event next = scheduler_->RemoveNext();
      happened = !next.impl->IsCancelled();
      now_ = Time{static_cast<std::int64_t>(next.key.m_ts)};
      next.impl->Invoke();
      next.impl->Unref();
    }
  }

 private:
  class Happening : public ns3::EventImpl {
   public:
    explicit Happening(const Event& event) : event_(event) {}

   private:
    void Notify() override { event_.happen(); }
    const Event& event_;
  };

  ns3::Ptr<Scheduler> scheduler_ = ns3::CreateObject<Scheduler>();
  std::uint32_t uid_ = 0;
  Time now_{};
};

}  // namespace xensim::benchmarks
