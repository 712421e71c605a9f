#include "results/recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/error.hpp"
#include "core/json.hpp"
#include "results/atomic_file.hpp"
#include "tests/complaint.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Provenance provenance(int domains = 2) {
  return {.version = "1.2.3",
          .sources = "abc",
          .configuration = Json{{"name", "test"}, {"domains", domains}},
          .resolved = Json{{"name", "test"}, {"machine", Json{{"cpus", 2}}}},
          .constants = Json{{"cpu.interrupt", 4.5}},
          .inputs = "0",
          .seed = 7,
          .runs = {{{{"n", "1"}}, 0}, {{{"n", "2"}}, 0}}};
}

RunResult result_of(double value) {
  RunResult result{.metrics = {{"throughput", "1/s", value}}, .series = {}, .simulated_s = 2, .events = 9};
  result.series.push_back({"cpu/load", "s/s", {{1ms, value}}});
  return result;
}

std::set<std::string> files_in(const fs::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) names.insert(fs::relative(entry.path(), directory).string());
  }
  return names;
}

class RecorderTest : public testing::Test {
 protected:
  void record_all() {
    Recorder recorder(path, provenance(), false);
    recorder.keep(0, results[0]);
    recorder.keep(1, results[1]);
    recorder.finish(results);
  }

  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "new" / "results";
  const std::vector<RunResult> results{result_of(1), result_of(2)};
};

TEST_F(RecorderTest, leaves_description_metrics_and_series_only) {
  record_all();
  EXPECT_EQ(files_in(path), (std::set<std::string>{"run.json", "metrics.csv", "series/cpu.load.csv"}));
}

TEST_F(RecorderTest, describes_what_was_run) {
  record_all();
  const Json json = Json::parse(*read_file(path / "run.json"));
  EXPECT_EQ(json["xensim"], "1.2.3");
  EXPECT_EQ(json["seed"], 7);
  EXPECT_EQ(json["hash"], provenance().hash());
  EXPECT_EQ(json["sources"], "abc");
  EXPECT_EQ(json["configuration"], provenance().configuration);
  EXPECT_EQ(json["resolved"]["machine"]["cpus"], 2);
  EXPECT_EQ(json["constants"]["cpu.interrupt"], 4.5);
  EXPECT_EQ(json["runs"][1]["events"], 9);
}

TEST_F(RecorderTest, the_same_input_gives_the_same_bytes) {
  record_all();
  const auto description = read_file(path / "run.json"), metrics = read_file(path / "metrics.csv");
  record_all();
  EXPECT_EQ(read_file(path / "run.json"), description);
  EXPECT_EQ(read_file(path / "metrics.csv"), metrics);
}

TEST_F(RecorderTest, the_hash_is_a_function_of_program_configuration_and_inputs) {
  EXPECT_EQ(provenance().hash(), provenance().hash());
  EXPECT_NE(provenance(2).hash(), provenance(3).hash());
  Provenance newer = provenance();
  newer.version = "1.2.4";
  EXPECT_NE(newer.hash(), provenance().hash());
  Provenance recalibrated = provenance();
  recalibrated.inputs = "1";
  EXPECT_NE(recalibrated.hash(), provenance().hash());
  Provenance rebuilt = provenance();
  rebuilt.sources = "1";
  EXPECT_NE(rebuilt.hash(), provenance().hash());
  // Fixed: it must be the same on every host.
  const Provenance least{.version = "", .sources = "", .configuration = Json(1), .inputs = "", .runs = {}};
  EXPECT_EQ(least.hash(), "517b24d8d1c3fff4");
}

TEST_F(RecorderTest, resuming_finds_the_runs_of_an_interrupted_sweep) {
  { Recorder(path, provenance(), false).keep(1, results[1]); }
  const Recorder resumed(path, provenance(), true);
  EXPECT_EQ(resumed.find(0), nullptr);
  ASSERT_NE(resumed.find(1), nullptr);
  EXPECT_EQ(resumed.find(1)->metrics.at(0).value, 2);
  EXPECT_EQ(resumed.find(1)->series.at(0).samples.at(0).at, 1ms);
}

TEST_F(RecorderTest, resuming_a_complete_directory_finds_all_and_changes_nothing) {
  record_all();
  const auto before = files_in(path);
  Recorder resumed(path, provenance(), true);
  ASSERT_NE(resumed.find(1), nullptr);
  EXPECT_EQ(resumed.find(1)->metrics.at(0).value, 2);
  EXPECT_EQ(resumed.find(1)->events, 9U);
  resumed.finish(results);
  EXPECT_EQ(files_in(path), before);
}

TEST_F(RecorderTest, resuming_another_configuration_is_refused_with_both_hashes) {
  record_all();
  EXPECT_THAT([&] { Recorder(path, provenance(3), true); },
              testing::ThrowsMessage<InputError>(
                  testing::AllOf(HasSubstr(provenance().hash()), HasSubstr(provenance(3).hash()))));
  EXPECT_TRUE(fs::exists(path / "run.json"));
}

TEST_F(RecorderTest, a_refusal_to_resume_says_what_is_different) {
  const auto complaint = [&](const Provenance& other) {
    return complaint_of([&] { Recorder(path, other, true); });
  };
  const auto complaints = [&] {
    EXPECT_THAT(complaint(provenance(3)), HasSubstr("of another configuration: domains (hash"));
    Provenance other = provenance();
    other.version = "1.2.4";
    EXPECT_THAT(complaint(other), HasSubstr("of another version of the program (hash"));
    other = provenance();
    other.sources = "abd";
    EXPECT_THAT(complaint(other), HasSubstr("of another build of the program (hash"));
    other = provenance();
    other.constants["cpu.interrupt"] = 5;
    other.inputs = "1";
    EXPECT_THAT(complaint(other), HasSubstr("of other constants: cpu.interrupt (hash"));
    other.constants = provenance().constants;
    EXPECT_THAT(complaint(other), HasSubstr("of other files that its runs read (hash"));
    other = provenance();
    other.configuration = {
        {"name", "test"}, {"domains", {{"count", 1}, {"list", {1, 2}}}}, {"a", 1}, {"b", 1}};
    EXPECT_THAT(complaint(other), HasSubstr("configuration: "));
    other = provenance();
    other.only = {"replication=1"};
    EXPECT_THAT(complaint(other), HasSubstr("of other runs (--only)"));
  };
  { Recorder(path, provenance(), false).keep(1, results[1]); }
  complaints();
  record_all();
  complaints();
  write_file(path / "run.json", "{}");
  EXPECT_THAT(complaint(provenance(3)), HasSubstr("(hash unknown)"));
}

TEST_F(RecorderTest, resuming_an_unfinished_sweep_of_another_configuration_is_refused) {
  { Recorder(path, provenance(), false).keep(1, results[1]); }
  EXPECT_THROW(Recorder(path, provenance(3), true), InputError);
}

TEST_F(RecorderTest, a_damaged_run_is_run_again) {
  { Recorder(path, provenance(), false).keep(1, results[1]); }
  write_file(path / "runs" / "00001.json", "{\"simul");
  EXPECT_EQ(Recorder(path, provenance(), true).find(1), nullptr);
}

TEST_F(RecorderTest, what_is_complete_but_damaged_is_run_again) {
  record_all();
  const std::string metrics = *read_file(path / "metrics.csv");
  const std::string header = metrics.substr(0, metrics.find('\n') + 1);
  const std::string first_run = metrics.substr(0, metrics.find("\n1,") + 1);
  for (const std::string& damaged :
       {std::string(), header, first_run, std::string("garbage\n"), header + "0,x\n"}) {
    write_file(path / "metrics.csv", damaged);
    Recorder resumed(path, provenance(), true);
    EXPECT_EQ(resumed.find(0), nullptr) << damaged;
    resumed.finish(results);
    EXPECT_EQ(*read_file(path / "metrics.csv"), metrics);
  }
}

TEST_F(RecorderTest, an_audited_sweep_takes_over_audited_runs_only) {
  Provenance checked = provenance();
  checked.audited = true;
  RunResult audited = results[0];
  audited.audited = true;
  {
    Recorder recorder(path, provenance(), false);
    recorder.keep(0, audited);
    recorder.keep(1, results[1]);
  }
  {
    const Recorder resumed(path, checked, true);
    EXPECT_NE(resumed.find(0), nullptr);
    EXPECT_EQ(resumed.find(1), nullptr);
    EXPECT_EQ(resumed.not_audited(), 1U);
  }
  EXPECT_NE(Recorder(path, provenance(), true).find(1), nullptr) << "who asks for no audit needs none";
}

TEST_F(RecorderTest, a_complete_directory_says_whether_all_its_runs_were_audited) {
  Provenance checked = provenance();
  checked.audited = true;
  record_all();
  EXPECT_FALSE(Json::parse(*read_file(path / "run.json")).contains("audited"));
  {
    Recorder resumed(path, checked, true);
    EXPECT_EQ(resumed.find(0), nullptr);
    EXPECT_EQ(resumed.not_audited(), 2U);
    std::vector<RunResult> again = results;
    for (RunResult& result : again) result.audited = true;
    resumed.finish(again);
  }
  EXPECT_EQ(Json::parse(*read_file(path / "run.json"))["audited"], true);
  const Recorder third(path, checked, true);
  ASSERT_NE(third.find(1), nullptr);
  EXPECT_TRUE(third.find(1)->audited);
}

TEST_F(RecorderTest, starting_afresh_forgets_the_runs_of_an_interrupted_sweep) {
  { Recorder(path, provenance(), false).keep(1, results[1]); }
  { const Recorder fresh(path, provenance(), false); }
  EXPECT_EQ(Recorder(path, provenance(), true).find(1), nullptr);
}

TEST_F(RecorderTest, earlier_results_stay_until_new_ones_are_complete) {
  record_all();
  const auto metrics = read_file(path / "metrics.csv");
  Recorder second(path, provenance(3), false);
  second.keep(0, result_of(10));
  EXPECT_EQ(read_file(path / "metrics.csv"), metrics);
  second.finish(std::vector{result_of(10), result_of(20)});
  EXPECT_NE(read_file(path / "metrics.csv"), metrics);
}

TEST_F(RecorderTest, series_of_earlier_results_do_not_mix_with_new_ones) {
  record_all();
  std::vector<RunResult> others{result_of(1), result_of(2)};
  for (RunResult& other : others) other.series.clear();
  Recorder(path, provenance(), false).finish(others);
  EXPECT_EQ(files_in(path), (std::set<std::string>{"run.json", "metrics.csv"}));
}

TEST_F(RecorderTest, what_was_made_of_earlier_results_does_not_stay_beside_new_ones) {
  record_all();
  const std::set<std::string> made{"cells.csv", "losses.txt", "results.png", "results.svg"};
  for (const std::string& name : made) write_file(path / name, "");
  Recorder(path, provenance(), true).finish(results);
  for (const std::string& name : made)
    EXPECT_TRUE(fs::exists(path / name)) << "these results are complete: " << name;
  Recorder(path, provenance(3), false).finish(results);
  EXPECT_EQ(files_in(path), (std::set<std::string>{"run.json", "metrics.csv", "series/cpu.load.csv"}));
}

TEST_F(RecorderTest, files_of_other_origin_in_the_directory_are_left_alone) {
  fs::create_directories(path / "runs");
  write_file(path / "runs" / "notes.txt", "mine");
  write_file(path / "thesis.tex", "mine");
  record_all();
  EXPECT_EQ(read_file(path / "runs" / "notes.txt"), "mine");
  EXPECT_EQ(read_file(path / "thesis.tex"), "mine");
}

TEST_F(RecorderTest, a_file_in_place_of_the_directory_is_bad_input) {
  write_file(directory.path() / "taken", "");
  EXPECT_THAT([&] { Recorder(directory.path() / "taken", provenance(), false); },
              testing::ThrowsMessage<InputError>(HasSubstr("taken")));
}

TEST_F(RecorderTest, a_directory_has_one_recorder_at_a_time) {
  {
    const Recorder first(path, provenance(), false);
    EXPECT_THAT([&] { Recorder(path, provenance(), false); },
                testing::ThrowsMessage<InputError>(HasSubstr("another run is writing")));
    EXPECT_NO_THROW(Recorder(directory.path() / "other", provenance(), false));
  }
  EXPECT_NO_THROW(Recorder(path, provenance(), false));
}

}  // namespace
}  // namespace xensim
