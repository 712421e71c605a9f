#include "models/host/monitor/domain_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "models/cpu/calibration_section.hpp"
#include "models/memory/balloon.hpp"

namespace xensim {

ControlCosts::ControlCosts(const Calibration& calibration, const ProcessorCosts& processor, Frequency clock) {
  const CycleClock cycles(clock);
  const CalibrationSection own(calibration, "control.");
  const auto time = [&](Cycles count) { return CycleClock(cycles).convert(count); };
  tool_start = time(own.cycles("tool_start"));
  system_call = time(processor.path(own.value("system_call")));
  request = time(processor.path(own.value("request")));
  copy_page = time(own.cycles("copy_page"));
  operation = processor.path(own.value("operation"));
  list_entry = processor.path(own.value("list_entry"));
  batch = own.whole("batch");
  image_pages = own.whole("image_pages");
}

std::optional<Time> DomainBuilder::step() {
  switch (stage_) {
    case Stage::create:
      stage_ = Stage::list;
      return create();
    case Stage::list:
      stage_ = Stage::fill;
      return list();
    case Stage::fill: {
      stage_ = Stage::tables;
      const BuiltMemory& built = *monitor_.domain(vcpu_).built();
      const std::uint32_t pages = std::min(costs_.image_pages, built.layout.usable());
      // The image, and zeros for the tables.
      return costs_.copy_page * (pages + built.layout.tables() + 1);
    }
    case Stage::tables: {
      const Time work = update();
      if (sent_ == requests_.size()) stage_ = Stage::finish;
      return work;
    }
    case Stage::finish: {
      BuiltMemory& built = *monitor_.domain(vcpu_).built();
      take_base(call(), built.domain, built.layout);
      charge(costs_.operation);
      stage_ = Stage::done;
      return costs_.system_call;
    }
    case Stage::done:
      return {};
  }
  return {};
}

Time DomainBuilder::create() {
  const Bytes size = monitor_.parameters().memory;
  const auto pages = static_cast<std::uint32_t>(size.count / page_size);
  BuiltMemory built{.domain = {}, .layout = {pages}};
  built.domain.id = monitor_.next_domain();
  if (!reserve(monitor_.memory().machine, built.domain, pages)) {
    refused_ = true;
    stage_ = Stage::done;
    charge(costs_.operation);
    return costs_.system_call;
  }
  vcpu_ = monitor_.create_domain(share_);
  call().cpu.work.did(MemoryStep::frame_allocated, pages);
  monitor_.domain(vcpu_).built() = built;
  charge(costs_.operation);
  return costs_.system_call;
}

Time DomainBuilder::list() {
  const BuiltMemory& built = *monitor_.domain(vcpu_).built();
  charge(costs_.operation + costs_.list_entry * built.layout.pages);
  MachineMemory& machine = monitor_.memory().machine;
  requests_ = building_requests(machine, built.layout, domain_frames(machine, built.domain));
  return costs_.system_call;
}

Time DomainBuilder::update() {
  const auto next =
      std::span(requests_).subspan(sent_, std::min<std::size_t>(costs_.batch, requests_.size() - sent_));
  const PageUpdateResult result = update_pages(call(), next);
  if (result.status != HypercallStatus::done) {
    throw SimulationError(fmt::format("the monitor refused request {} of {} that build domain {}",
                                      sent_ + result.done + 1, requests_.size(), vcpu_.value));
  }
  sent_ += next.size();
  charge({});
  return costs_.system_call + costs_.request * static_cast<std::int64_t>(next.size());
}

MemoryCall DomainBuilder::call() {
  MonitorMemory& memory = monitor_.memory();
  return {memory.machine, memory.cores[monitor_.domain(VcpuId{0}).cpu.value].monitor, memory.control()};
}

void DomainBuilder::charge(Cycles operation) {
  const PagingCall made{.work = std::exchange(call().cpu.work, {})};
  monitor_.charge_control(made, operation);
}

}  // namespace xensim
