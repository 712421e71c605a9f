/// Sends datagrams to a machine outside as fast as the kernel takes them.
#include "models/guest/processes/self.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/network_address.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic sent{"packets_sent", "datagrams", counter, "datagrams that the kernel took"};
const Statistic refused{"packets_refused", "datagrams", counter, "datagrams that the kernel did not take"};

struct PacketSenderParameters {
  std::string peer = "10.128.0.1";
  std::int64_t port = 9;
  std::int64_t bytes = 1472;
  std::int64_t processes = 1;
};
const auto parameters =
    ParameterTable<PacketSenderParameters>{}
        .add("peer", &PacketSenderParameters::peer,
             "address that it sends to: a machine outside (10.128.0.1, ...), or another domain (10.0.0.2, "
             "...)",
             "choice: the first machine outside")
        .add("port", &PacketSenderParameters::port, "there", "the discard service, RFC 863",
             {.minimum = 1, .maximum = 65535})
        .add("bytes", &PacketSenderParameters::bytes, "payload of a datagram",
             "choice: fills a frame; the fewer, the more packets", {.minimum = 1, .maximum = 1472})
        .add("processes", &PacketSenderParameters::processes, "that send", "choice",
             {.minimum = 1, .maximum = 128});

class PacketSender final : public Workload {
 public:
  PacketSender(const PacketSenderParameters& p, const WorkloadContext& context)
      : parameters_(p), peer_(parse_address(p.peer)), costs_(context.calibration) {}

  [[nodiscard]] WorkloadNeeds needs() const override { return {.network = true}; }
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    for (std::int64_t i = 0; i < parameters_.processes; ++i)
      all.push_back(small_program("/bin/packet_sender", costs_,
                                  [this](Self self, const Place&) { return send(self, *this); }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    sink.value(prefix, sent, static_cast<double>(sent_));
    sink.value(prefix, refused, static_cast<double>(refused_));
  }

 private:
  static Program send(Self self, PacketSender& sender) {
    const SocketAddress to{sender.peer_, static_cast<std::uint16_t>(sender.parameters_.port)};
    const auto bytes = static_cast<std::size_t>(sender.parameters_.bytes);
    const std::int64_t socket = co_await self.socket(SocketKind::datagram);
    for (;;) {
      const std::int64_t taken = co_await self.send_to(socket, bytes, to);
      ++(taken < 0 ? sender.refused_ : sender.sent_);
    }
  }

  PacketSenderParameters parameters_;
  Ipv4Address peer_;
  ProgramCosts costs_;
  std::int64_t sent_ = 0, refused_ = 0;
};

const RegisterWorkload<PacketSender, PacketSenderParameters> registered{
    "packet_sender", "sends datagrams as fast as it can", parameters};

}  // namespace
}  // namespace xensim
