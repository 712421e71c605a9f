/// What write-back tells of itself.
#include <fmt/format.h>

#include "models/guest/files/write_back.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;

const Statistic cached{"files/cached", "pages", level, "pages of files in the page cache"};
const Statistic dirty{"files/dirty", "buffers", level, "buffers of files that differ from the disk"};
const Statistic pages_written{"files/written", "pages", counter, "pages of files written to the disk"};
const Statistic flushed{"files/flushed", "buffers", counter,
                        "buffers written by bdflush: too many were dirty"};
const Statistic aged{"files/aged", "buffers", counter,
                     "buffers written by kupdate: they were dirty for long"};
const Statistic written_by_writers{"files/by_writers", "buffers", counter,
                                   "buffers written by those who made others dirty"};
const Statistic commits{"journal/commits", "commits", counter, "transactions committed"};
const Statistic blocks{"journal/blocks", "blocks", counter,
                       "blocks of metadata written, to the journal and in place"};
const Statistic checkpointed{"journal/checkpointed", "blocks", counter,
                             "blocks written in place because the journal was short of space"};
const Statistic handle_waits{"journal/waits", "sleeps", counter, "sleeps before an operation could begin"};

}  // namespace

void WriteBack::report(StatisticSink& sink, const std::string& prefix) const {
  const auto report = [&](const Statistic& statistic, auto value) {
    sink.value(prefix, statistic, static_cast<double>(value));
  };
  report(cached, memory_.file_pages);
  report(dirty, memory_.dirty.size());
  report(pages_written, pressure_.io().counts().written);
  report(flushed, counts_.flushed);
  report(aged, counts_.aged);
  report(written_by_writers, counts_.by_writers);
  report(commits, counts_.commits);
  report(blocks, pressure_.io().counts().blocks);
  report(checkpointed, counts_.checkpointed);
  report(handle_waits, counts_.handle_waits);
}

std::string WriteBack::audit() const {
  const Journal& journal = files_.journal();
  std::string fault;
  journal.log().visit_waiting([&](BlockNumber block) {
    const BufferId buffer = BufferId::of(block);
    if (memory_.dirty.contains(buffer) || pressure_.io().busy(buffer) || journal.in_transaction(block))
      return;
    fault = fmt::format("the journal waits for block {}, which is clean", block.value);
  });
  return fault;
}

}  // namespace xensim
