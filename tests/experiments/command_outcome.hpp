/// The command `xensim`, run within a test.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/json.hpp"
#include "experiments/runner/command.hpp"
#include "results/atomic_file.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {

struct Outcome {
  int code;
  std::string out, err;
};

inline Outcome xensim(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "xensim");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run_command(static_cast<int>(arguments.size()), arguments.data());
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

/// A file with one domain that sends to another for 50 ms.
inline std::string local_traffic(const TemporaryDirectory& directory) {
  Json sender{{"name", "ttcp"}, {"role", "send"}, {"bytes", "40000 B"}, {"peer", "10.0.0.2"}};
  const Json experiment{
      {"name", "local"},
      {"platform", {{"name", "xen"}, {"memory", "32 MiB"}}},
      {"domains", Json::array({Json{{"name", "sink"}, {"workload", {{"name", "ttcp"}, {"role", "receive"}}}},
                               Json{{"name", "source"}, {"workload", std::move(sender)}}})},
      {"measure", {{"warm_up", "0 s"}, {"duration", "50 ms"}}}};
  const auto file = directory.path() / "local.json";
  write_file(file, experiment.dump());
  return file.string();
}

}  // namespace xensim
