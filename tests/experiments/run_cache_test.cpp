#include "experiments/runner/run_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/runner.hpp"
#include "results/atomic_file.hpp"
#include "results/fingerprint.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

Json small() {
  return Json::parse(R"({
    "name": "small", "title": "one", "platform": {"name": "xen"},
    "domains": [{"name": "one", "count": 2, "workload": "spec_cint2000"}],
    "operator": {"jitter": "20 ms"},
    "measure": {"warm_up": "20 ms", "duration": "50 ms", "sample": "10 ms"},
    "replications": 3, "seed": 4})");
}

std::string key(const Json& document, SimulationOptions options = {}) {
  return run_key(*expand({document, nullptr}).front().experiment, options);
}

class RunCacheTest : public testing::Test {
 protected:
  /// Runs everything. What standard error said.
  std::string run(const Json& document, const std::string& output, bool with_cache = true) {
    RunnerOptions options;
    options.quiet = true;
    options.jobs = 2;
    options.output = directory.path() / output;
    if (with_cache) options.cache = cache;
    testing::internal::CaptureStderr();
    const ExperimentFile file{document, nullptr};
    (void)run_all(file, expand(file), options);
    return testing::internal::GetCapturedStderr();
  }
  std::string text(const std::string& output, const char* name) {
    return read_file(directory.path() / output / name).value_or("nothing");
  }
  std::vector<fs::path> entries() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(cache)) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
  }
  /// The same results as without a cache, whatever is there.
  void expect_the_same(const std::string& output) {
    for (const char* name : {"metrics.csv", "run.json", "series/throughput.csv"}) {
      EXPECT_EQ(text(output, name), text("plain", name)) << name;
    }
  }
  /// Makes every entry tell of twice the throughput, with a hash that fits if `sealed`.
  void forge(bool sealed) {
    for (const fs::path& file : entries()) {
      std::string content = *read_file(file);
      const std::size_t result = content.find("[\"throughput\"");
      content.replace(content.find(", ", result + 20) + 2, 1, "7");
      if (sealed) {
        Fingerprint hash;
        const std::size_t rest = content.find('\n') + 1;
        hash.add(std::string_view(content).substr(rest));
        content = "xensim run 1 " + hash.hexadecimal() + '\n' + content.substr(rest);
      }
      write_file(file, content);
    }
  }

  const TemporaryDirectory directory;
  const fs::path cache = directory.path() / "cache";
};

TEST_F(RunCacheTest, results_with_it_are_those_without_byte_by_byte) {
  (void)run(small(), "plain", false);
  EXPECT_THAT(run(small(), "first"), Not(HasSubstr("cache"))) << "nothing to warn of";
  expect_the_same("first");
  EXPECT_EQ(entries().size(), 3U);
  EXPECT_THAT(run(small(), "second"), Not(HasSubstr("cache")));
  expect_the_same("second");
}

TEST_F(RunCacheTest, what_it_has_is_not_run_again) {
  (void)run(small(), "plain", false);
  (void)run(small(), "first");
  forge(true);
  (void)run(small(), "second");
  EXPECT_NE(text("second", "metrics.csv"), text("plain", "metrics.csv")) << "the entries count";
}

TEST_F(RunCacheTest, other_experiments_have_the_same_runs) {
  (void)run(small(), "first");
  Json larger = small();
  larger["name"] = "larger";
  larger["title"] = "two";
  larger["replications"] = 4;
  larger["sweep"] = {{"platform.scheduler", {"bvt", "bvt-xen1"}}};
  (void)run(larger, "larger");
  EXPECT_EQ(entries().size(), 3U + 8U) << "a platform with its scheduler spelled out is written differently";
  larger["sweep"] = {{"platform.scheduler", {"bvt-xen1", "round-robin"}}};
  larger["replications"] = 2;
  (void)run(larger, "other sweep");
  EXPECT_EQ(entries().size(), 11U + 2U);
}

TEST_F(RunCacheTest, damaged_entries_are_warned_of_and_done_again) {
  (void)run(small(), "plain", false);
  (void)run(small(), "first");
  const auto cut_off = [&] {
    for (const fs::path& file : entries()) fs::resize_file(file, fs::file_size(file) / 2);
  };
  const auto empty = [&] { fs::resize_file(entries().front(), 0); };
  const auto foreign = [&] { write_file(entries().front(), "something else\n"); };
  const auto change_a_digit = [&] { forge(false); };
  for (const std::function<void()>& harm :
       {std::function<void()>(cut_off), {empty}, {foreign}, {change_a_digit}}) {
    harm();
    EXPECT_THAT(run(small(), "again"),
                HasSubstr("damaged, or no entry of this cache; the run is done again"));
    expect_the_same("again");
    EXPECT_THAT(run(small(), "after"), Not(HasSubstr("cache"))) << "the entry is whole again";
  }
}

TEST_F(RunCacheTest, an_entry_under_a_wrong_hash_does_not_count) {
  (void)run(small(), "plain", false);
  (void)run(small(), "first");
  const std::vector<fs::path> files = entries();
  fs::copy_file(files[0], files[1], fs::copy_options::overwrite_existing);
  EXPECT_THAT(run(small(), "again"), HasSubstr("of another run with the same hash"));
  expect_the_same("again");
}

TEST_F(RunCacheTest, audits_are_done_unless_they_were) {
  const Experiment experiment = *expand({small(), nullptr}).front().experiment;
  (void)simulate_or_find(experiment, {}, cache);
  EXPECT_TRUE(simulate_or_find(experiment, {.audit = true}, cache).audited);
  EXPECT_TRUE(simulate_or_find(experiment, {.audit = true}, cache).audited);
  EXPECT_EQ(entries().size(), 2U);
}

TEST_F(RunCacheTest, a_result_that_cannot_be_kept_is_warned_of_once) {
  const RunCache runs(cache);
  fs::remove_all(cache);
  testing::internal::CaptureStderr();
  runs.keep("key", {});
  const std::string warning = testing::internal::GetCapturedStderr();
  EXPECT_THAT(warning, testing::StartsWith("xensim: warning: " + cache.string()));
  EXPECT_EQ(warning.find(cache.string()), warning.rfind(cache.string())) << "its name once";
  EXPECT_THAT(warning, HasSubstr("the run's result is not kept"));
}

TEST_F(RunCacheTest, a_directory_that_cannot_be_one_is_refused_before_anything_runs) {
  write_file(cache, "a file");
  EXPECT_THROW((void)run(small(), "first"), InputError);
  (void)testing::internal::GetCapturedStderr();
  EXPECT_FALSE(fs::exists(directory.path() / "first" / "run.json"));
}

TEST_F(RunCacheTest, keeps_every_bit) {
  RunResult result{
      .metrics = {{"a", "s", -0.0}, {"b", "", 1.0 / 3}, {"c", "", std::nan("")}, {"d", "", 1e300}},
      .series = {{"s", "s/s", {{1ms, 0.1}}}},
      .simulated_s = 0.1,
      .events = 7,
      .audited = true,
      .refused = 3};
  const RunCache runs(cache);
  runs.keep("key", result);
  const RunResult back = runs.find("key").value();
  EXPECT_TRUE(std::signbit(back.metrics[0].value));
  EXPECT_EQ(back.metrics[1].value, 1.0 / 3);
  EXPECT_TRUE(std::isnan(back.metrics[2].value));
  EXPECT_EQ(back.metrics[3].value, 1e300);
  EXPECT_EQ(back.series.at(0).samples.at(0).value, 0.1);
  EXPECT_EQ(back.events, 7U);
  EXPECT_TRUE(back.audited);
  EXPECT_EQ(back.refused, 3U) << "steps of the control script are told of again";
  EXPECT_FALSE(runs.find("other key").has_value());
}

// --- Keys ---------------------------------------------------------------------------------------------

TEST(RunKey, names_and_descriptions_do_not_matter) {
  Json other = small();
  other["name"] = "other";
  other["title"] = "two";
  other["description"] = "more";
  other["seed"] = 5;  // that of the run counts
  other.erase("replications");
  other["precision"] = {{"metric", "throughput"}, {"half_width", 0.1}};
  EXPECT_EQ(key(small()), key(other));
}

TEST(RunKey, what_a_run_depends_on_does) {
  const std::string before = key(small());
  EXPECT_NE(key(small(), {.seed = 2}), before);
  EXPECT_NE(key(small(), {.audit = true}), before);
  EXPECT_NE(key(small(), {.explain = true}), before);
  for (const auto& [path, value] :
       std::vector<std::pair<const char*, Json>>{{"domains[0].count", 3},
                                                 {"domains[0].name", "two"},
                                                 {"domains[0].weight", 20},
                                                 {"platform.scheduler", "bvt"},
                                                 {"measure.duration", "51 ms"},
                                                 {"measure.metrics", {"throughput"}},
                                                 {"operator.jitter", "21 ms"},
                                                 {"machine.cpus", 1},
                                                 {"constants.processor.memory_latency", 121.0}}) {
    Json other = small();
    set_path(other, path, value);
    EXPECT_NE(key(other), before) << path;
  }
}

TEST(RunKey, is_one_line) { EXPECT_EQ(key(small()).find('\n'), std::string::npos); }

}  // namespace
}  // namespace xensim
