/// The monitor's paths to the disks and back.
#include <utility>

#include "models/host/monitor/monitor.hpp"
#include "models/host/monitor/monitor_core.hpp"

namespace xensim {

std::unique_ptr<BlockFront> Monitor::give_disk(Domain& domain, XenMemory& memory) {
  if (!block_) {
    // Interrupts of devices go to the first processor.
    Core& first = *cores_.front();
    block_ = std::make_unique<MonitorBlock>(parameters_, context_, *memory_, [this, &first] {
      first.disk_waits = true;
      on_interrupt(first);
    });
  }
  Paging& paging = memory.paging();
  const Bytes size{parameters_.swap.count + parameters_.file_system.count};
  return block_->attach(memory.domain(), size,
                        {.machine_address = [&paging](std::uint32_t page) -> Address {
                           return {paging.frame(PageNumber{page}).value * page_size};
                         },
                         .notify =
                             [this, &domain, &paging] {
                               // What was a page table may be a buffer now: the monitor must know before it
                               // is asked.
                               (void)paging.commit();
                               block_io_op(domain);
                             },
                         .transfer = [this, id = memory.domain().id] { return block_->last_transfer(id); }});
}

void Monitor::block_io_op(Domain& domain) {
  Core& core = enter_by_hypercall(domain);
  core.lines_used = false;
  block_->signal(core.processor, DomainId{domain.vcpu.value});
  if (block_->wants_run()) go_around(core, softirq_code_, costs_.softirqs);  // on the way out
  run_block(core);
  leave_hypercall(core, domain);
}

void Monitor::run_block(Core& core) {
  if (!block_->wants_run()) return;
  block_->run(core.processor);
  block_->start(core.processor);
  send_block_events(core);
}

void Monitor::take_disk_interrupt(Core& core) {
  block_->take_interrupt(core.processor);
  core.disk_tasklet = block_->wants_run();
  send_block_events(core);
}

void Monitor::send_block_events(Core& core) {
  for (const DomainId domain : block_->take_events()) {
    send_event(core, domains_[domain.value], EventBit::block_device);
  }
}

}  // namespace xensim
