/// udp_ping: answers every datagram with one of the same length.
#include "models/guest/processes/self.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/set_up.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic answers{"udp_answers", "datagrams", counter, "datagrams that were answered"};

struct UdpPingParameters {
  std::int64_t port = 7;
};
const auto parameters =
    ParameterTable<UdpPingParameters>{}.add("port", &UdpPingParameters::port, "where it listens",
                                            "the echo service, RFC 862", {.minimum = 1, .maximum = 65535});

class UdpPing final : public Workload {
 public:
  UdpPing(const UdpPingParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration) {}

  [[nodiscard]] WorkloadNeeds needs() const override { return {.network = true}; }
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(small_program("/bin/udp_ping", costs_,
                                [this](Self self, const Place&) { return echo(self, *this); }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    sink.value(prefix, answers, static_cast<double>(answered_));
  }

 private:
  static Program echo(Self self, UdpPing& ping) {
    const SocketAddress here{.ip = {}, .port = static_cast<std::uint16_t>(ping.parameters_.port)};
    const std::int64_t socket = co_await self.socket(SocketKind::datagram);
    check_own(co_await self.bind(socket, here), "udp_ping", port_name(here.port));
    for (;;) {
      SocketAddress from;
      constexpr std::size_t longest = 2048;
      const std::int64_t bytes = co_await self.receive_from(socket, longest, from);
      if (bytes < 0) break;
      co_await self.send_to(socket, static_cast<std::size_t>(bytes), from);
      ++ping.answered_;
    }
  }

  UdpPingParameters parameters_;
  ProgramCosts costs_;
  std::int64_t answered_ = 0;
};

const RegisterWorkload<UdpPing, UdpPingParameters> registered{"udp_ping", "answers datagrams", parameters};

}  // namespace
}  // namespace xensim
