/// A build of the Linux kernel: make, which has one file after another compiled.
///
/// What is modelled: all processes with their images, page faults, pipes and files, the compiler's own cache
/// behaviour. What is left out: the text of the makefiles' own expansions, dependencies (make depend), and
/// the last link. Sources and headers are in the page cache; objects stay there until written back.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "workloads/instances.hpp"
#include "workloads/kernel_build/tools.hpp"
#include "workloads/set_up.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic score{"score", "s", summary,
                      "time of the build; of a part of it, as if for the whole; of several "
                      "instances, the mean once all have finished"};
const Statistic compiled{"compiled", "files", summary, "files compiled so far, by all instances"};

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
    std::vector<Program> all;
    all.push_back(start(*this, instances_.add(instance, plan(instance)), instance));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    const auto part = static_cast<double>(parameters_.compiled);
    std::int64_t files = 0;
    for (const Build& build : instances_.all()) files += build.compiled;
    sink.value(prefix, compiled, static_cast<double>(files));
    instances_.report(sink, prefix, score, [&](const Build& build) -> std::optional<double> {
      if (build.end == Time{}) return std::nullopt;
      return to_seconds(build.end - build.begin) * static_cast<double>(parameters_.files) / part;
    });
    const Build* build = instances_.only();  // kernels count what all instances do
    if (build == nullptr || build->readings.size() < 2) return;
    const OperationCounts counts = build->readings.back() - build->readings.front();
    for (std::size_t i = 0; i < operation_count_kinds; ++i) {
      const auto what = static_cast<OperationCount>(i);
      sink.value(prefix, statistic_of(what), static_cast<double>(counts[what]) / part);
    }
  }

 private:
  struct Directory {
    std::vector<std::string> objects;
    std::string output;
  };

  /// One instance's, in a tree of its own.
  struct Build {
    std::vector<Compilation> files{};
    std::vector<Directory> directories{};
    Time begin{}, end{};
    std::int64_t compiled = 0;
    std::vector<OperationCounts> readings{};  ///< at the beginning and at the end
  };

  /// Sizes and headers of the files: the same in every run. Half of the headers are those that all include.
  [[nodiscard]] Build plan(std::uint32_t instance) const {
    constexpr std::int64_t header_files = 400;
    const std::string tree = instance == 0 ? "/usr/src/linux" : fmt::format("/usr/src/linux.{}", instance);
    Build build;
    for (std::int64_t i = 0; i < parameters_.compiled; ++i) {
      const std::int64_t directory = i / files_per_directory;
      Compilation file{.source = fmt::format("{}/{}/{}.c", tree, directory, i),
                       .object = fmt::format("{}/{}/{}.o", tree, directory, i),
                       .headers = {},
                       .eighths = 1 + 2 * (i * 3 % 8)};
      for (std::int64_t k = 0; k < costs_.headers; ++k) {
        const std::int64_t number = 2 * k < costs_.headers ? k : (i * 37 + k * 11) % header_files;
        file.headers.push_back(fmt::format("{}/include/{}.h", tree, number));
      }
      if (i % files_per_directory == 0) {
        build.directories.push_back({.objects = {}, .output = fmt::format("{}/{}/built.o", tree, directory)});
      }
      build.directories.back().objects.push_back(file.object);
      build.files.push_back(std::move(file));
    }
    return build;
  }

  static Program start(const LinuxBuild& all, Build& build, std::uint32_t instance) {
    Bytes needed;
    for (const Compilation& file : build.files) needed.count += file.part(all.costs_.source).count;
    for (const Compilation& file : build.files) {
      const Bytes size = file.part(all.costs_.source);
      check_set_up(co_await Self{}.existing_file(file.source, size), "linux_build", instance, needed);
      for (const std::string& header : file.headers) {
        const std::int64_t placed = co_await Self{}.existing_file(header, all.costs_.header);
        check_set_up(placed, "linux_build", instance, needed);
      }
    }
    const ProgramImage image{.path = "/usr/bin/make", .text = 35, .data = 2, .bss = 6};
    const ImageUse use{.text = 30, .data = 2, .bss = 5};
    const LoadedBody main = [&](Self self, const Place& place) { return make(self, place, all, build); };
    const Self::Body body = dynamic_loader(image, use, all.costs_.programs, main);
    if (all.explains_) co_await Self{}.observe(build.readings);
    build.begin = Time{co_await Self{}.clock()};
    co_await Self{}.exec(image, body);
  }

  static Program make(Self self, Place place, const LinuxBuild& all, Build& build) {
    for (const Directory& directory : build.directories) {
      const auto first = static_cast<std::size_t>(&directory - build.directories.data()) *
                         static_cast<std::size_t>(files_per_directory);
      for (std::size_t i = first; i < first + directory.objects.size(); ++i) {
        const Compilation& file = build.files[i];
        co_await self.stat(file.source);
        co_await self.stat(file.object);  // is not there
        const Self::Body child = compile(file, all.costs_);
        co_await self.fork(child);
        co_await self.touch(place.stack, 1, Access::write);
        co_await self.touch(place.data, 1, Access::write);
        co_await self.wait();
        ++build.compiled;
      }
      const Self::Body last = link(directory.objects, directory.output, all.costs_);
      co_await self.fork(last);
      co_await self.wait();
    }
    build.end = Time{co_await self.clock()};
  }

  BuildParameters parameters_;
  BuildCosts costs_;
  Instances<Build> instances_;
  bool explains_;
};

const RegisterWorkload<LinuxBuild, BuildParameters> registered{
    "linux_build", "make of the Linux kernel, its files in the page cache", parameters};

}  // namespace
}  // namespace xensim
