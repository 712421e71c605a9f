/// What two processes of one machine tell each other: lat_pipe, lat_unix, lat_udp and lat_tcp of lmbench 3.
#include "workloads/lmbench.hpp"
#include "workloads/set_up.hpp"

namespace xensim {
namespace {

using Times = LmbenchTimes;

constexpr Ipv4Address localhost = Ipv4Address::of(127, 0, 0, 1);
constexpr SocketAddress here{localhost, 31234}, there{localhost, 31235};

enum class Channel : std::uint8_t { pipe, unix_socket, udp, tcp };

/// A process's end of a channel.
struct End {
  Channel channel{};
  std::int64_t in = -1, out = -1;
  SocketAddress peer{};

  [[nodiscard]] Call send(Self self, std::size_t bytes) const {
    if (channel == Channel::unix_socket) return self.unix_send(out, bytes);
    if (channel == Channel::udp) return self.send_to(out, bytes, peer);
    return self.write(out, bytes);
  }
  /// `from` gets the sender of a datagram.
  [[nodiscard]] Call receive(Self self, std::size_t bytes, SocketAddress& from) const {
    if (channel == Channel::unix_socket) return self.unix_receive(in, bytes);
    if (channel == Channel::udp) return self.receive_from(in, bytes, from);
    return self.read(in, bytes);
  }
};

/// What parent and child share; the child uses it as long as the machine runs.
struct Talk {
  End parent, child;
  std::int64_t listener = -1;  ///< of TCP: the child connects to it
  std::size_t bytes = 0;       ///< of a message
  LoopPages pages;
};

/// The child answers each message with as much.
Program answer(Self self, const Talk& talk) {
  End end = talk.child;
  SocketAddress from;
  if (talk.listener >= 0) {
    end.in = end.out = co_await self.socket();
    co_await self.connect(end.out, here);
  }
  for (;;) {
    co_await end.receive(self, talk.bytes, from);
    co_await talk.pages.code(self);
    co_await talk.pages.data(self);
    co_await end.send(self, talk.bytes);
  }
}

struct MessageParameters : LmbenchParameters {
  std::int64_t bytes = 1;
};
const auto message_parameters = lmbench_parameters<MessageParameters>().add(
    "bytes", &MessageParameters::bytes, "of a message", "lmbench 3, -m", {.minimum = 1, .maximum = 1024});

template <Channel channel>
Program open_ends(Self self, Talk& talk) {
  if (channel == Channel::pipe) {
    Self::PipeEnds forth, back;
    co_await self.pipe(forth);
    co_await self.pipe(back);
    talk.parent = {channel, back.read, forth.write};
    talk.child = {channel, forth.read, back.write};
  } else if (channel == Channel::unix_socket) {
    Self::SocketPair pair;
    co_await self.unix_pair(pair);
    talk.parent = {channel, pair.one, pair.one};
    talk.child = {channel, pair.other, pair.other};
  } else if (channel == Channel::udp) {
    talk.parent.in = talk.parent.out = co_await self.socket(SocketKind::datagram);
    talk.child.in = talk.child.out = co_await self.socket(SocketKind::datagram);
    check_own(co_await self.bind(talk.parent.in, here), "lmbench_udp", port_name(here.port));
    check_own(co_await self.bind(talk.child.in, there), "lmbench_udp", port_name(there.port));
    talk.parent.peer = there;
    talk.child.peer = here;
  } else {
    talk.listener = co_await self.socket();
    co_await self.bind(talk.listener, here);
    check_own(co_await self.listen(talk.listener), "lmbench_tcp", port_name(here.port));
  }
}

template <Channel channel>
Program round_trips(Self self, const Place& at, Times& times, const MessageParameters& p) {
  Talk talk{
      .parent = {channel}, .child = {channel}, .bytes = static_cast<std::size_t>(p.bytes), .pages = {at}};
  co_await open_ends<channel>(self, talk);
  const Self::Body child = [&talk](Self born) { return answer(born, talk); };
  co_await self.fork(child);
  if (channel == Channel::tcp) talk.parent.in = talk.parent.out = co_await self.accept(talk.listener);

  SocketAddress from;
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      co_await talk.parent.send(self, talk.bytes);
      co_await talk.parent.receive(self, talk.bytes, from);
      co_await talk.pages.code(self);
      co_await talk.pages.data(self);
    }
    times.took(co_await self.clock() - start, times.iterations());
  }
  co_await self.wait_for_good();  // `talk` lives here
}

template <Channel channel>
using Latency = RegisterWorkload<Lmbench<MessageParameters, round_trips<channel>>, MessageParameters>;

const Latency<Channel::pipe> a{"lmbench_pipe", "lat_pipe: there and back through two pipes",
                               message_parameters};
const Latency<Channel::unix_socket> b{"lmbench_unix", "lat_unix: there and back between stream sockets",
                                      message_parameters};
const Latency<Channel::udp> c{"lmbench_udp", "lat_udp: there and back over loopback", message_parameters};
const Latency<Channel::tcp> d{"lmbench_tcp", "lat_tcp: there and back over loopback", message_parameters};

}  // namespace
}  // namespace xensim
