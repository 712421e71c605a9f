// A machine in a file of its own, named by an experiment.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "core/json.hpp"
#include "core/json_source.hpp"
#include "experiments/runner/expansion.hpp"
#include "experiments/runner/overrides.hpp"
#include "experiments/runner/provenance.hpp"
#include "experiments/runner/run_cache.hpp"
#include "tests/complaint.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class MachineFile : public testing::Test {
 protected:
  MachineFile() { std::filesystem::create_directories(folder_ / "machines"); }
  ~MachineFile() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  /// An experiment in the folder, with these further members.
  [[nodiscard]] ExperimentFile experiment(const std::string& members) const {
    write("experiment.json", R"({"name": "test", "platform": "native",
                                 "domains": [{"name": "hog", "workload": "cpu_hog"}],)" +
                                 ("\n" + members) + "}");
    return read_experiment_file(folder_ / "experiment.json");
  }
  [[nodiscard]] Experiment first(const std::string& members) const {
    return *expand(experiment(members)).front().experiment;
  }
  [[nodiscard]] std::string complaint(const std::string& members) const {
    return complaint_of([&] { (void)expand(experiment(members)); });
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("xensim-machine-" + std::to_string(getpid()));
};

constexpr const char* slow_disk =
    R"({"base": "dell2650", "source": "the shelf", "cpus": 4, "l2": "1 MiB", "constants": {"disk.rotation": 5400}})";

TEST_F(MachineFile, SaysWhatDiffersFromATestbed) {
  write("machines/slow.json", slow_disk);
  const Experiment on_it = first(R"("machine": "machines/slow.json")");
  EXPECT_EQ(on_it.machine.cpus, 4);
  EXPECT_EQ(on_it.machine.l2, Bytes{1 << 20});
  EXPECT_EQ(on_it.machine.clock, MachineDescription{}.clock) << "as the testbed has it";
  EXPECT_EQ(on_it.calibration->value("disk.rotation"), 5400);
  EXPECT_THAT(on_it.calibration->out_of_range(), testing::SizeIs(1));
}

TEST_F(MachineFile, IsTheSameAsItsContentInTheExperiment) {
  write("machines/slow.json", slow_disk);
  const Experiment named = first(R"("machine": "machines/slow.json")");
  const Experiment spelt =
      first(R"("machine": {"cpus": 4, "l2": "1 MiB"}, "constants": {"disk.rotation": 5400})");
  EXPECT_EQ(run_key(named, {.seed = 1}), run_key(spelt, {.seed = 1}));
}

TEST_F(MachineFile, IsABaseToo) {
  write("machines/slow.json", slow_disk);
  const Experiment on_it = first(R"("machine": {"base": "machines/slow.json", "cpus": 8},
                                    "constants": {"disk.rotation": 7200})");
  EXPECT_EQ(on_it.machine.cpus, 8);
  EXPECT_EQ(on_it.machine.l2, Bytes{1 << 20});
  EXPECT_EQ(on_it.calibration->value("disk.rotation"), 7200) << "the experiment has the last word";
}

TEST_F(MachineFile, IsFoundBesideTheExperimentAlsoAfterAChange) {
  write("machines/slow.json", slow_disk);
  ExperimentFile file =
      experiment(R"("machine": "machines/slow.json", "sweep": {"machine.l1": ["8 KiB", "16 KiB"]})");
  apply_override(file, "machine.cpus=6");
  for (const auto& run : expand(file)) {
    EXPECT_EQ(run.experiment->machine.cpus, 6);
    EXPECT_EQ(run.experiment->machine.l2, Bytes{1 << 20});
  }
}

TEST_F(MachineFile, OfAnOptionIsRelativeToWhereTheProgramWasStarted) {
  write("machines/slow.json", slow_disk);
  ExperimentFile file = experiment(R"("seed": 1)");
  apply_override(file, "machine=machines/slow.json");
  EXPECT_THAT(complaint_of([&] { (void)expand(file); }),
              HasSubstr("--set machine=machines/slow.json: $.machine:"));
  apply_override(file, "machine=" + (folder_ / "machines" / "slow.json").string());
  EXPECT_EQ(expand(file).front().experiment->machine.cpus, 4);
}

TEST_F(MachineFile, CanBeSweptOver) {
  write("machines/slow.json", slow_disk);
  const auto runs = expand(experiment(R"("sweep": {"machine": ["dell2650", "machines/slow.json"]})"));
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].experiment->calibration->out_of_range().size(), 0U);
  EXPECT_EQ(runs[1].experiment->calibration->value("disk.rotation"), 5400);
  EXPECT_EQ(runs[1].point.front().second, "machines/slow.json");
}

TEST_F(MachineFile, IsAnInputOfTheRuns) {
  const auto inputs = [&](const char* content) {
    write("machines/slow.json", content);
    const ExperimentFile file = experiment(R"("machine": "machines/slow.json")");
    return provenance_of(file, expand(file), false).inputs;
  };
  EXPECT_EQ(inputs(slow_disk), inputs(slow_disk));
  EXPECT_NE(inputs(slow_disk), inputs(R"({"cpus": 4, "l2": "1 MiB", "constants": {"disk.rotation": 5401}})"));
  EXPECT_NE(inputs(slow_disk), inputs(R"({"cpus": 3, "l2": "1 MiB", "constants": {"disk.rotation": 5400}})"));
}

TEST_F(MachineFile, ThatCannotBeReadIsRefusedWhereItIsNamed) {
  EXPECT_THAT(
      complaint(R"("machine": "slow.json")"),
      AllOf(HasSubstr("experiment.json:3: $.machine: "), HasSubstr("no such file"), HasSubstr("dell2650")));
  EXPECT_THAT(complaint(R"("machine": {"base": "slow.json"})"),
              HasSubstr("experiment.json:3: $.machine.base: "));
  EXPECT_THAT(complaint(R"("machine": "del2650")"),
              AllOf(HasSubstr("expected dell2650 or FILE.json"), HasSubstr("did you mean \"dell2650\"?")));
}

TEST_F(MachineFile, IsRefusedWithItsOwnLineAndPath) {
  const auto of = [&](const char* content) {
    write("slow.json", content);
    return complaint(R"("machine": "slow.json")");
  };
  EXPECT_THAT(of("{\n\"cpu\": 4}"),
              AllOf(HasSubstr("slow.json:2: $.cpu: "), HasSubstr("did you mean \"cpus\"?")));
  EXPECT_THAT(of("{\"constants\": {\n\"disk.rotatoin\": 5400}}"),
              AllOf(HasSubstr("slow.json:2: $.constants.disk.rotatoin: "),
                    HasSubstr("did you mean \"disk.rotation\"?")));
  EXPECT_THAT(of(R"({"constants": 5})"), AllOf(HasSubstr("slow.json"), HasSubstr("an object")));
  EXPECT_THAT(of("[]"), HasSubstr("an object"));
  EXPECT_THAT(of("{"), HasSubstr("no valid JSON"));
  EXPECT_THAT(of(R"({"base": "slow.json"})"), AllOf(HasSubstr("$.base: "), HasSubstr("expected dell2650")));
}

}  // namespace
}  // namespace xensim
