/// What a kernel with processes tells of its memory and its disk.
#include "core/statistic.hpp"
#include "models/guest/processes/process_kernel.hpp"
#include "models/io/guest_disk.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;

const Statistic swapped_in{"memory/swapped_in", "pages", counter, "pages read from the swap area"};
const Statistic swapped_out{"memory/swapped_out", "pages", counter, "pages written to the swap area"};
const Statistic pages_read{"memory/read", "pages", counter, "pages of files read from the disk"};
const Statistic reclaims{"memory/direct_reclaim", "steps", counter, "steps in which processes freed memory"};
const Statistic daemon_steps{"memory/kswapd", "steps", counter, "steps of the reclaim daemon"};
const Statistic page_waits{"memory/page_waits", "sleeps", counter, "sleeps until a page was read or written"};
const Statistic request_waits{"memory/request_waits", "sleeps", counter,
                              "sleeps until the disk's queue had room"};
const Statistic kills{"memory/kills", "processes", counter, "processes killed for lack of memory"};
const Statistic free_memory{"memory/free", "pages", level, "free pages"};
const Statistic swap_used{"memory/swap_used", "pages", level, "slots of the swap area in use"};
const Statistic process_total{"processes", "processes", level, "processes with memory, files or signals"};
const Statistic runnable_total{"runnable", "processes", level, "processes in the run queue"};
const Statistic scheduling_waits{"locks/run_queue/waited", "s", counter,
                                 "processors waited for the lock of the run queue"};
const Statistic writer_sleeps{"locks/file/sleeps", "sleeps", counter,
                              "sleeps until another process had written the same file"};
const Statistic disk_busy{"disk/busy", "s", counter, "time in which the disk executed a command"};
const Statistic disk_reads{"disk/reads", "commands", counter, "commands to read"};
const Statistic disk_writes{"disk/writes", "commands", counter, "commands to write"};

}  // namespace

void ProcessKernel::report(StatisticSink& sink, const std::string& prefix) const {
  const auto report = [&](const Statistic& statistic, auto value) {
    sink.value(prefix, statistic, static_cast<double>(value));
  };
  report(free_memory, memory_.pages.free_pages());
  report(process_total, process_count_);
  report(runnable_total, scheduler_.runnable());
  if (context_.build.smp) {
    locks_.report(sink, prefix);
    report(scheduling_waits, to_seconds(scheduler_.waited_to_schedule()));
    report(writer_sleeps, file_calls_->writers().sleeps());
  }
  if (balloon_) balloon_->report(sink, prefix);
  if (!pressure_) return;
  const PageIo::Counts& io = pressure_->io().counts();
  report(swapped_in, io.swapped_in);
  report(swapped_out, io.swapped_out);
  report(pages_read, io.read);
  report(reclaims, pressure_->counts().direct);
  report(daemon_steps, pressure_->counts().daemon);
  report(page_waits, pressure_->counts().page_waits);
  report(request_waits, pressure_->counts().request_waits);
  report(kills, pressure_->counts().kills);
  report(swap_used, memory_.swap->slots.used());
  const GuestDisk::Counts disk = processors_.disk(0)->counts();
  report(disk_busy, to_seconds(disk.busy));
  report(disk_reads, disk.commands[0]);
  report(disk_writes, disk.commands[1]);
  write_back_->report(sink, prefix);
}

}  // namespace xensim
