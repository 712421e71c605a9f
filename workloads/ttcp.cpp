/// ttcp: as many bytes as fast as TCP carries them, from or to a peer.
#include "models/guest/processes/self.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/network_address.hpp"
#include "workloads/set_up.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic rate{
    "ttcp_rate", "Mib/s", summary,
    "payload over the time of its transfer, in units of 2^20 bits, as ttcp reports it; of several, "
    "their mean; with repeat, of the measurement"};
const Statistic transferred{"ttcp_bytes", "bytes", summary, "payload carried since the beginning"};
const Statistic calls{"ttcp_calls", "calls", summary, "reads or writes that carried it, since the beginning"};

struct TtcpParameters {
  std::string role = "send";
  Bytes bytes{400'000'000};
  Bytes length{8192};
  Bytes socket_buffer{131072};
  std::string peer = "10.128.0.1";
  std::int64_t port = 5001;
  bool repeat = false;
  bool shell = false;
};
const auto parameters =
    ParameterTable<TtcpParameters>{}
        .add("role", &TtcpParameters::role, "which end of the transfer it is", "ttcp -t or -r",
             {.choices = {"send", "receive"}})
        .add("bytes", &TtcpParameters::bytes, "of a transfer",
             "Barham et al., SOSP 2003, section 4.2: 400 MB", {.minimum = Bytes{1}})
        .add("length", &TtcpParameters::length, "of the buffer of a read or write", "ttcp's default",
             {.minimum = Bytes{1}, .maximum = Bytes{65536}})
        .add("socket_buffer", &TtcpParameters::socket_buffer,
             "that it asks for in both directions; the kernel has its own limit",
             "Barham et al., SOSP 2003, section 4.2: 128 kB", {.minimum = Bytes{2048}})
        .add("peer", &TtcpParameters::peer,
             "address that it sends to: a machine outside (10.128.0.1, ...), or another domain (10.0.0.2, "
             "...)",
             "choice: the first machine outside")
        .add("port", &TtcpParameters::port, "where the receiver listens", "ttcp's default",
             {.minimum = 1, .maximum = 65535})
        .add("repeat", &TtcpParameters::repeat, "begins again when a transfer is complete", "choice")
        .add("shell", &TtcpParameters::shell,
             "a shell starts it: Linux puts a child on a processor that is idle, not on the one of the shell",
             "choice");

class Ttcp final : public Workload {
 public:
  Ttcp(const TtcpParameters& p, const WorkloadContext& context)
      : parameters_(p), peer_(parse_address(p.peer)), costs_(context.calibration) {}

  [[nodiscard]] WorkloadNeeds needs() const override { return {.network = true}; }
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    if (parameters_.shell) {
      all.push_back(small_program(
          "/bin/sh", costs_, [this](Self self, const Place& place) { return shell(self, place, *this); }));
    } else {
      all.push_back(
          small_program("/bin/ttcp", costs_, [this](Self self, const Place&) { return main(self, *this); }));
    }
    return all;
  }
  void measurement_begins() override {
    if (parameters_.repeat) before_ = all_;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    sink.value(prefix, transferred, static_cast<double>(all_.bytes));
    sink.value(prefix, calls, static_cast<double>(calls_));
    constexpr double mebibit = 1 << 20;
    const std::int64_t bytes = all_.bytes - before_.bytes;
    const Time time = all_.time - before_.time;
    if (time > Time{}) sink.value(prefix, rate, static_cast<double>(bytes) * 8 / mebibit / to_seconds(time));
  }

 private:
  static Program shell(Self self, Place place, Ttcp& ttcp) {
    const Self::Body child = [&ttcp](Self born) { return command(born, ttcp); };
    co_await self.fork(child);
    // Its own copies of what it writes before it waits, at least.
    co_await self.touch(place.stack, 1, Access::write);
    co_await self.touch(place.data, 1, Access::write);
    co_await self.touch(place.bss, 1, Access::write);
    co_await self.wait();
  }
  static Program command(Self self, Ttcp& ttcp) {
    const LoadedBody loaded = [&ttcp](Self started, const Place&) { return main(started, ttcp); };
    const ProgramImage image{.path = "/bin/ttcp"};
    const Self::Body body = dynamic_loader(image, typical_image, ttcp.costs_, loaded);
    co_await self.exec(image, body);
  }

  [[nodiscard]] std::uint16_t port() const { return static_cast<std::uint16_t>(parameters_.port); }
  /// By a call that ended at `now`; the last thing before was at `last`.
  void carried(std::int64_t bytes, std::int64_t now, std::int64_t& last) {
    all_.bytes += bytes;
    all_.time += Time{now - std::exchange(last, now)};
    ++calls_;
  }
  static Call set_buffer(Self self, const Ttcp& ttcp, std::int64_t socket, SocketOption option) {
    return self.set_option(socket, option, static_cast<std::uint32_t>(ttcp.parameters_.socket_buffer.count));
  }

  static Program main(Self self, Ttcp& ttcp) {
    return ttcp.parameters_.role == "send" ? send(self, ttcp) : receive(self, ttcp);
  }
  static Program send(Self self, Ttcp& ttcp) {
    const std::int64_t total = ttcp.parameters_.bytes.count, length = ttcp.parameters_.length.count;
    const SocketAddress to{ttcp.peer_, ttcp.port()};
    std::int64_t left = total;
    do {
      const std::int64_t socket = co_await self.socket();
      co_await set_buffer(self, ttcp, socket, SocketOption::send_buffer);
      co_await set_buffer(self, ttcp, socket, SocketOption::receive_buffer);
      if (co_await self.connect(socket, to) < 0) {
        // Nobody listens yet.
        co_await self.close(socket);
        co_yield Sleep{100ms};
        continue;
      }
      std::int64_t last = co_await self.clock();
      for (left = total; left > 0;) {
        const std::int64_t count =
            co_await self.write(socket, static_cast<std::size_t>(std::min(left, length)));
        if (count <= 0) break;
        left -= count;
        ttcp.carried(count, co_await self.clock(), last);
      }
      co_await self.close(socket);
    } while (ttcp.parameters_.repeat || left == total);
  }

  static Program receive(Self self, Ttcp& ttcp) {
    const auto length = static_cast<std::size_t>(ttcp.parameters_.length.count);
    const SocketAddress here{.ip = {}, .port = ttcp.port()};
    const std::int64_t listener = co_await self.socket();
    co_await set_buffer(self, ttcp, listener, SocketOption::send_buffer);
    co_await set_buffer(self, ttcp, listener, SocketOption::receive_buffer);
    co_await self.bind(listener, here);
    check_own(co_await self.listen(listener), "ttcp", port_name(here.port));
    do {
      const std::int64_t socket = co_await self.accept(listener);
      std::int64_t last = co_await self.clock();
      for (;;) {
        const std::int64_t count = co_await self.read(socket, length);
        if (count <= 0) break;
        ttcp.carried(count, co_await self.clock(), last);
      }
      co_await self.close(socket);
    } while (ttcp.parameters_.repeat);
  }

  TtcpParameters parameters_;
  Ipv4Address peer_;
  ProgramCosts costs_;
  struct Transfers {
    std::int64_t bytes = 0;
    Time time{};
  } all_, before_;  ///< of all instances; what of them does not count
  std::int64_t calls_ = 0;
};

const RegisterWorkload<Ttcp, TtcpParameters> registered{"ttcp", "sends or receives bytes over TCP",
                                                        parameters};

}  // namespace
}  // namespace xensim
