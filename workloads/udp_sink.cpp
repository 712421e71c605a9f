/// udp_sink: takes datagrams and counts them, and those that are missing.
#include "models/guest/processes/self.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/numbered_datagrams.hpp"
#include "workloads/set_up.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic received{"udp_received", "datagrams", counter, "datagrams that the program took"};
const Statistic bytes{"udp_received_bytes", "bytes", counter, "of their payload"};
const Statistic dropped{"udp_dropped", "datagrams", counter,
                        "datagrams of senders who number them (replay_packets) that did not come, though a "
                        "later one did"};

struct UdpSinkParameters {
  std::int64_t port = 9;
};
const auto parameters =
    ParameterTable<UdpSinkParameters>{}.add("port", &UdpSinkParameters::port, "where it listens",
                                            "the discard service, RFC 863", {.minimum = 1, .maximum = 65535});

class UdpSink final : public Workload {
 public:
  UdpSink(const UdpSinkParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration) {}

  [[nodiscard]] WorkloadNeeds needs() const override { return {.network = true}; }
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(small_program("/bin/udp_sink", costs_,
                                [this](Self self, const Place&) { return take(self, *this); }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    sink.value(prefix, received, static_cast<double>(received_));
    sink.value(prefix, bytes, static_cast<double>(bytes_));
    sink.value(prefix, dropped, static_cast<double>(dropped_));
  }

 private:
  static Program take(Self self, UdpSink& sink) {
    const SocketAddress here{.ip = {}, .port = static_cast<std::uint16_t>(sink.parameters_.port)};
    const std::int64_t socket = co_await self.socket(SocketKind::datagram);
    check_own(co_await self.bind(socket, here), "udp_sink", port_name(here.port));
    NumberedDatagrams numbers;
    for (;;) {
      SocketAddress from;
      constexpr std::size_t longest = 2048;
      const std::int64_t taken = co_await self.receive_from(socket, longest, from);
      if (taken < 0) break;
      ++sink.received_;
      sink.bytes_ += taken;
      sink.dropped_ += numbers.missing(from.ip, from.port);
    }
  }

  UdpSinkParameters parameters_;
  ProgramCosts costs_;
  std::int64_t received_ = 0, bytes_ = 0, dropped_ = 0;
};

const RegisterWorkload<UdpSink, UdpSinkParameters> registered{"udp_sink", "takes datagrams and counts them",
                                                              parameters};

}  // namespace
}  // namespace xensim
