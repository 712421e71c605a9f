/// Mass creation of small files in large directories.
#include <fmt/format.h>

#include <algorithm>

#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic created{"created", "files", counter, "small files created"};
const Statistic deleted{"deleted", "files", counter, "small files deleted"};
const Statistic creation_rate{"creation_rate", "files/s", summary,
                              "small files created per second in which that was done"};
const Statistic deletion_rate{"deletion_rate", "files/s", summary,
                              "small files deleted per second in which that was done"};
const Statistic longest_creation{"longest_creation", "ms", summary, "longest creation of a small file"};

struct SmallFilesParameters {
  std::int64_t directories = 10;
  std::int64_t files = 2000;
  Bytes size{1024};
  bool remove = true;
  std::int64_t rounds = 0;
};
const auto parameters =
    ParameterTable<SmallFilesParameters>{}
        .add("directories", &SmallFilesParameters::directories, "that the files lie in", "choice",
             {.minimum = 1, .maximum = 10000})
        .add("files", &SmallFilesParameters::files, "in each directory",
             "Barham et al., SOSP 2003, section 4.4: a great many small files in large directories",
             {.minimum = 1, .maximum = 100000})
        .add("size", &SmallFilesParameters::size, "of each file", "choice",
             {.minimum = Bytes{0}, .maximum = Bytes{std::int64_t{16} << 20}})
        .add("remove", &SmallFilesParameters::remove,
             "deletes them when all are there; otherwise each round has directories of its own", "choice")
        .add("rounds", &SmallFilesParameters::rounds, "times everything is done; 0: until the run ends",
             "choice", {.minimum = 0, .maximum = 1'000'000});

class SmallFiles final : public Workload {
 public:
  SmallFiles(const SmallFilesParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration) {}

  std::vector<Program> programs(std::uint32_t instance, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(small_program("/bin/small_files", costs_, [this, instance](Self self, const Place& place) {
      return run(self, place, *this, instance);
    }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    const auto report_rate = [&](const Statistic& rate, std::int64_t files, std::int64_t picoseconds) {
      if (picoseconds == 0) return;
      sink.value(prefix, rate, static_cast<double>(files) / (static_cast<double>(picoseconds) * 1e-12));
    };
    sink.value(prefix, created, static_cast<double>(created_));
    sink.value(prefix, deleted, static_cast<double>(deleted_));
    report_rate(creation_rate, created_, creating_);
    report_rate(deletion_rate, deleted_, deleting_);
    if (created_ > 0) sink.value(prefix, longest_creation, static_cast<double>(longest_) * 1e-9);
  }

 private:
  static Program run(Self self, Place /*place*/, SmallFiles& all, std::uint32_t instance) {
    const SmallFilesParameters& p = all.parameters_;
    for (std::int64_t round = 0; p.rounds == 0 || round < p.rounds; ++round) {
      const Tree tree{instance, p.remove ? 0 : round};
      bool full = false;
      co_await create_all(self, all, tree, full);
      if (p.remove) {
        co_await remove_all(self, all, tree);
      } else if (full) {
        co_return;
      }
    }
  }

  struct Tree {
    std::uint32_t instance = 0;
    std::int64_t generation = 0;
    [[nodiscard]] std::string directory(std::int64_t number) const {
      return fmt::format("/usr/tmp/files.{}.{}.{}", instance, generation, number);
    }
  };

  /// Until the disk is `full`, at most.
  static Program create_all(Self self, SmallFiles& all, Tree tree, bool& full) {
    for (std::int64_t d = 0; d < all.parameters_.directories && !full; ++d) {
      const std::string directory = tree.directory(d);
      co_await self.mkdir(directory);
      for (std::int64_t i = 0; i < all.parameters_.files && !full; ++i) {
        const std::string path = fmt::format("{}/{:06}", directory, i);
        const std::int64_t began = co_await self.clock();
        co_await create(self, path, all.parameters_.size, full);
        const std::int64_t took = co_await self.clock() - began;
        if (full) break;
        ++all.created_;
        all.creating_ += took;
        all.longest_ = std::max(all.longest_, took);
      }
    }
  }

  static Program create(Self self, const std::string& path, Bytes size, bool& full) {
    const std::int64_t file = co_await self.creat(path);
    full = file < 0;
    if (full) co_return;
    for (std::int64_t left = size.count; left > 0 && !full;) {
      const std::int64_t written = co_await self.write(file, static_cast<std::size_t>(left));
      full = written <= 0;
      left -= written;
    }
    co_await self.close(file);
  }

  static Program remove_all(Self self, SmallFiles& all, Tree tree) {
    for (std::int64_t d = 0; d < all.parameters_.directories; ++d) {
      const std::string directory = tree.directory(d);
      const std::int64_t began = co_await self.clock();
      for (std::int64_t i = 0; i < all.parameters_.files; ++i) {
        const std::string path = fmt::format("{}/{:06}", directory, i);
        const std::int64_t removed = co_await self.unlink(path);
        if (removed >= 0) ++all.deleted_;
      }
      co_await self.rmdir(directory);
      all.deleting_ += co_await self.clock() - began;
    }
  }

  SmallFilesParameters parameters_;
  ProgramCosts costs_;
  std::int64_t created_ = 0, deleted_ = 0;
  std::int64_t creating_ = 0, deleting_ = 0, longest_ = 0;  ///< picoseconds
};

const RegisterWorkload<SmallFiles, SmallFilesParameters> registered{
    "small_files", "creates, and deletes, many small files in large directories", parameters};

}  // namespace
}  // namespace xensim
