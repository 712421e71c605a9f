/// A build of the Linux kernel: make, which has one file after another compiled.
///
/// What is modelled: all processes with their images, page faults, pipes and files, the compiler's own cache
/// behaviour. What is left out: the text of the makefiles' own expansions, dependencies (make depend), and
/// the last link. Sources and headers are in the page cache; objects stay there until written back.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "workloads/kernel_build/tools.hpp"
#include "workloads/set_up.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic score{"score", "s", summary, "time of the build; of a part of it, as if for the whole"};
const Statistic compiled{"compiled", "files", summary, "files compiled so far"};

struct BuildParameters {
  std::int64_t files = 660;
  std::int64_t compiled = 660;
};
const auto parameters =
    ParameterTable<BuildParameters>{}
        .add("files", &BuildParameters::files, "of C that the whole build compiles",
             "Linux 2.4.21, default configuration: 600 to 700 objects", {.minimum = 1, .maximum = 10000})
        .add("compiled", &BuildParameters::compiled,
             "files that are compiled, at most all; the score is scaled up from them", "",
             {.minimum = 1, .maximum = 10000});

constexpr std::int64_t files_per_directory = 22;  ///< choice: 30 directories

class LinuxBuild final : public Workload {
 public:
  LinuxBuild(const BuildParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context), explains_(context.explain) {
    parameters_.compiled = std::min(p.compiled, p.files);
  }

  std::vector<Program> programs(std::uint32_t instance, RandomStream& /*random*/) override {
    plan(instance);
    std::vector<Program> all;
    all.push_back(start(*this, instance));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    sink.value(prefix, compiled, static_cast<double>(compiled_));
    if (end_ > Time{}) {
      sink.value(prefix, score,
                 to_seconds(end_ - begin_) * static_cast<double>(parameters_.files) /
                     static_cast<double>(parameters_.compiled));
    }
    if (readings_.size() < 2) return;
    const OperationCounts counts = readings_.back() - readings_.front();
    for (std::size_t i = 0; i < operation_count_kinds; ++i) {
      const auto what = static_cast<OperationCount>(i);
      sink.value(prefix, statistic_of(what),
                 static_cast<double>(counts[what]) / static_cast<double>(parameters_.compiled));
    }
  }

 private:
  struct Directory {
    std::vector<std::string> objects;
    std::string output;
  };

  /// Sizes and headers of the files: the same in every run. Half of the headers are those that all include.
  void plan(std::uint32_t /*instance*/) {
    constexpr std::int64_t header_files = 400;
    begin_ = end_ = Time{};
    compiled_ = 0;
    files_.clear();
    directories_.clear();
    for (std::int64_t i = 0; i < parameters_.compiled; ++i) {
      const std::int64_t directory = i / files_per_directory;
      Compilation file{.source = fmt::format("/usr/src/linux/{}/{}.c", directory, i),
                       .object = fmt::format("/usr/src/linux/{}/{}.o", directory, i),
                       .headers = {},
                       .eighths = 1 + 2 * (i * 3 % 8)};
      for (std::int64_t k = 0; k < costs_.headers; ++k) {
        const std::int64_t number = 2 * k < costs_.headers ? k : (i * 37 + k * 11) % header_files;
        file.headers.push_back(fmt::format("/usr/src/linux/include/{}.h", number));
      }
      if (i % files_per_directory == 0) {
        directories_.push_back(
            {.objects = {}, .output = fmt::format("/usr/src/linux/{}/built.o", directory)});
      }
      directories_.back().objects.push_back(file.object);
      files_.push_back(std::move(file));
    }
  }

  static Program start(LinuxBuild& build, std::uint32_t instance) {
    Bytes needed;
    for (const Compilation& file : build.files_) needed.count += file.part(build.costs_.source).count;
    for (const Compilation& file : build.files_) {
      const Bytes size = file.part(build.costs_.source);
      check_set_up(co_await Self{}.existing_file(file.source, size), "linux_build", instance, needed);
      for (const std::string& header : file.headers) {
        const std::int64_t placed = co_await Self{}.existing_file(header, build.costs_.header);
        check_set_up(placed, "linux_build", instance, needed);
      }
    }
    const ProgramImage image{.path = "/usr/bin/make", .text = 35, .data = 2, .bss = 6};
    const ImageUse use{.text = 30, .data = 2, .bss = 5};
    const LoadedBody main = [&build](Self self, const Place& place) { return make(self, place, build); };
    const Self::Body body = dynamic_loader(image, use, build.costs_.programs, main);
    if (build.explains_) co_await Self{}.observe(build.readings_);
    build.begin_ = Time{co_await Self{}.clock()};
    co_await Self{}.exec(image, body);
  }

  static Program make(Self self, Place place, LinuxBuild& build) {
    for (const Directory& directory : build.directories_) {
      const auto first = static_cast<std::size_t>(&directory - build.directories_.data()) *
                         static_cast<std::size_t>(files_per_directory);
      for (std::size_t i = first; i < first + directory.objects.size(); ++i) {
        const Compilation& file = build.files_[i];
        co_await self.stat(file.source);
        co_await self.stat(file.object);  // is not there
        const Self::Body child = compile(file, build.costs_);
        co_await self.fork(child);
        co_await self.touch(place.stack, 1, Access::write);
        co_await self.touch(place.data, 1, Access::write);
        co_await self.wait();
        ++build.compiled_;
      }
      const Self::Body last = link(directory.objects, directory.output, build.costs_);
      co_await self.fork(last);
      co_await self.wait();
    }
    build.end_ = Time{co_await self.clock()};
  }

  BuildParameters parameters_;
  BuildCosts costs_;
  std::vector<Compilation> files_;
  std::vector<Directory> directories_;
  Time begin_{}, end_{};
  std::int64_t compiled_ = 0;
  bool explains_;
  std::vector<OperationCounts> readings_;  ///< at the beginning and at the end
};

const RegisterWorkload<LinuxBuild, BuildParameters> registered{
    "linux_build", "make of the Linux kernel, its files in the page cache", parameters};

}  // namespace
}  // namespace xensim
