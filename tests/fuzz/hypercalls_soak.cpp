/// Random hypercalls in great numbers, half of them under the rules of Xen 1.0, half under those of 1.2.
/// Exit code 1 and the contradiction if the audit finds one.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <random>

#include "tests/models/memory/hypercall_adversary.hpp"

namespace xensim {
namespace {

struct Limits {
  std::uint64_t count = UINT64_MAX;  ///< hypercalls
  double seconds = 1e9;
  std::uint64_t audit_every = 1000;  ///< steps
  std::uint64_t seed = 1;
};

bool soak(const char* name, const MemoryRules& rules, const Limits& limits) {
  test::HypercallAdversary adversary(rules);
  std::mt19937_64 random(limits.seed);
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t steps = 0, audits = 0;
  double seconds = 0;
  while (adversary.hypercalls() < limits.count && seconds < limits.seconds) {
    const std::uint64_t first = random(), second = random();
    adversary.perform({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(first >> 32),
                       static_cast<std::uint32_t>(second), static_cast<std::uint32_t>(second >> 32)});
    if (++steps % limits.audit_every != 0) continue;
    ++audits;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const std::string found = adversary.audit();
    if (found.empty()) continue;
    fmt::print("{}, seed {}, step {}: {}\n", name, limits.seed, steps, found);
    return false;
  }
  fmt::print("{}: {} hypercalls ({} accepted, {} domains lost), {} audits, {:.1f} s\n", name,
             adversary.hypercalls(), adversary.accepted(), adversary.deaths(), audits, seconds);
  return true;
}

}  // namespace
}  // namespace xensim

int main(int argc, char** argv) {
  xensim::Limits limits;
  CLI::App app("Random hypercalls, audited");
  app.add_option("--count", limits.count, "Hypercalls");
  app.add_option("--seconds", limits.seconds, "Most time to take");
  app.add_option("--audit-every", limits.audit_every, "Steps between audits")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", limits.seed, "Of the random numbers")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (app.count("--count") + app.count("--seconds") == 0) {
    fmt::print(stderr, "--count or --seconds, please\n");
    return 2;
  }
  limits.count /= 2;
  limits.seconds /= 2;
  const bool fine =
      soak("xen 1.0", xensim::xen_1_0_memory, limits) && soak("xen 1.2", xensim::xen_1_2_memory, limits);
  return fine ? 0 : 1;
}
