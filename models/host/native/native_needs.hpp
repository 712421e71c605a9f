/// What the platform "native" can be told, and what it needs of a machine.
#pragma once

#include "models/host/device_choices.hpp"
#include "models/host/host_plan.hpp"

namespace xensim {

struct NativeParameters : DeviceChoices {
  NativeParameters() {
    elevator = "linus";
    swap = {std::int64_t{2} << 30};  // as much as memory
  }

  bool smp = true;
};

class NativeNeeds final : public PlatformNeeds {
 public:
  static constexpr unsigned most_processors = 32;  ///< NR_CPUS: masks of processors are words

  NativeNeeds(const NativeParameters& parameters, const HostPlan& plan) : smp_(parameters.smp), plan_(plan) {}

  [[nodiscard]] std::optional<Shortage> shortage() const override;
  [[nodiscard]] Bytes simulator_memory() const override;
  [[nodiscard]] std::size_t vcpus() const override { return 0; }
  [[nodiscard]] std::vector<std::string> interfaces() const override;

 private:
  bool smp_;
  HostPlan plan_;
};

}  // namespace xensim
