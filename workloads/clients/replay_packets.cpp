/// Sends an instance datagrams of the lengths and at the times of recorded frames.
#include <memory>
#include <vector>

#include "core/error.hpp"
#include "core/input_file.hpp"
#include "core/parameter_info.hpp"
#include "workloads/clients/outside_machine.hpp"
#include "workloads/numbered_datagrams.hpp"
#include "workloads/recorded/packet_load.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic frames_sent{"replay_sent", "frames", counter, "recorded frames that were sent"};
const Statistic bytes_sent{"replay_sent_bytes", "bytes", counter,
                           "bytes of the recorded frames sent, without check sequence"};
const Statistic frames_answered{"replay_answers", "datagrams", counter, "datagrams that came back"};
const Statistic frames_left{"replay_left", "frames", level, "recorded frames whose time has not come yet"};

constexpr Time greeting = 10ms;                 // before the first frame
constexpr std::uint16_t greeting_port = 65535;  // where nobody listens
constexpr std::uint32_t headers = 14 + 20 + 8;  // of Ethernet, IP and UDP

struct ReplayPacketsParameters {
  InputFile file{};
  std::int64_t instance = 0;
  std::int64_t port = 9;
  std::string mac{};
  std::int64_t recorded_port = 0;
  std::int64_t frames = 0;
  Time begin = 300ms;
};

const auto parameters =
    ParameterTable<ReplayPacketsParameters>{}
        .add("file", &ReplayPacketsParameters::file, "pcap or pcapng file of Ethernet", "choice")
        .add("instance", &ReplayPacketsParameters::instance,
             "number of the instance that gets them; where there is none, nothing is sent", "choice",
             {.minimum = 0, .maximum = 1'000'000})
        .add("port", &ReplayPacketsParameters::port, "there", "choice: the discard service, RFC 863",
             {.minimum = 1, .maximum = greeting_port - 1})
        .add("mac", &ReplayPacketsParameters::mac,
             "recorded frames to this Ethernet address only; empty: whomever they were to", "choice")
        .add("recorded_port", &ReplayPacketsParameters::recorded_port,
             "recorded TCP and UDP packets to this port only; 0: all frames", "choice",
             {.minimum = 0, .maximum = 65535})
        .add("frames", &ReplayPacketsParameters::frames,
             "recorded ones that are replayed, from the beginning of the file; 0: all", "choice",
             {.minimum = 0})
        .add("begin", &ReplayPacketsParameters::begin,
             "time of the first frame; 10 ms before, a datagram to port 65535 has addresses resolved",
             "choice", {.minimum = greeting});

RecordedPacketLoad read(const ReplayPacketsParameters& p) {
  if (p.file.path.empty())
    throw InputError({.path = "replay_packets"}, "no file",
                     "the parameter file: a pcap or pcapng file of Ethernet");
  return read_packet_load(p.file.path, {.mac = p.mac.empty() ? std::optional<MacAddress>{} : parse_mac(p.mac),
                                        .port = static_cast<std::uint16_t>(p.recorded_port),
                                        .most = static_cast<std::uint64_t>(p.frames)});
}

class Replayer final : public OutsideMachine {
 public:
  Replayer(const ClientContext& context, const ReplayPacketsParameters& p, const RecordedPacketLoad& load,
           const Client::Machine& machine)
      : OutsideMachine(context, {.station = machine.station}),
        parameters_(p),
        load_(load),
        target_(context.address(static_cast<std::uint32_t>(p.instance))) {}

  void work() {
    World::sleep(parameters_.begin - greeting);
    send(NumberedDatagrams::port_of(0), greeting_port, EthernetHeader::min_frame);
    const auto port = static_cast<std::uint16_t>(parameters_.port);
    for (; next < load_.frames.size(); ++next) {
      const RecordedFrame& frame = load_.frames[next];
      if (const Time when = parameters_.begin + frame.at; when > now()) World::sleep(when - now());
      send(NumberedDatagrams::port_of(next), port, frame.length);
      ++sent;
      sent_bytes += frame.length;
    }
  }

  std::size_t next = 0;
  std::uint64_t sent = 0, sent_bytes = 0, answers = 0;

 private:
  void send(std::uint16_t from, std::uint16_t port, std::uint32_t length) {
    act([&](NetworkEndpoint& endpoint, Time at) {
      endpoint.send_datagram(at, from, target_, port, length - headers);
    });
  }
  void datagram(Time /*at*/, Ipv4Address /*from*/, std::uint16_t /*from_port*/, std::uint16_t /*port*/,
                std::uint32_t /*bytes*/) override {
    ++answers;
  }

  ReplayPacketsParameters parameters_;
  const RecordedPacketLoad& load_;
  Ipv4Address target_;
};

class ReplayPackets final : public Client {
 public:
  ReplayPackets(const ReplayPacketsParameters& p, const ClientContext& context)
      : parameters_(p), load_(read(p)), context_(context) {}

  void start(World& world, const Machine& machine) override {
    if (parameters_.instance >= std::int64_t{context_.instances}) return;
    Replayer& replayer =
        *replayers_.emplace_back(std::make_unique<Replayer>(context_, parameters_, load_, machine));
    world.add_actor(
        machine.name, [&replayer] { replayer.work(); }, World::Ends::lasting);
  }
  void measure(Time /*now*/) override {
    for (const auto& replayer : replayers_) replayer->sent = replayer->sent_bytes = replayer->answers = 0;
  }
  void report(StatisticSink& sink, const std::string& prefix, Time /*now*/) const override {
    std::uint64_t sent = 0, bytes = 0, answers = 0, left = 0;
    for (const auto& replayer : replayers_) {
      sent += replayer->sent;
      bytes += replayer->sent_bytes;
      answers += replayer->answers;
      left += load_.frames.size() - replayer->next;
    }
    sink.value(prefix, frames_sent, static_cast<double>(sent));
    sink.value(prefix, bytes_sent, static_cast<double>(bytes));
    sink.value(prefix, frames_answered, static_cast<double>(answers));
    sink.value(prefix, frames_left, static_cast<double>(left));
  }

 private:
  ReplayPacketsParameters parameters_;
  RecordedPacketLoad load_;
  const ClientContext& context_;
  std::vector<std::unique_ptr<Replayer>> replayers_;
};

/// By hand, to refuse a file before anything runs, as far as its first frame tells.
struct RegisterReplayPackets {
  RegisterReplayPackets() {
    ClientRegistry::instance().add(
        {.name = "replay_packets",
         .help = "sends an instance datagrams as frames were recorded",
         .parameters = parameters.describe_all(),
         .check =
             [](const Config& config) {
               ReplayPacketsParameters p = parameters.read(config, variant_keys());
               p.frames = 1;
               (void)read(p);
             },
         .create = [](const Config& config, const ClientContext& context) -> std::unique_ptr<Client> {
           return std::make_unique<ReplayPackets>(parameters.read(config, variant_keys()), context);
         }});
  }
};
const RegisterReplayPackets registered;

}  // namespace
}  // namespace xensim
