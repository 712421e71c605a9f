/// All TCP connections of one machine: who gets which segment, who listens, whose timer is next.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "core/flat_map.hpp"
#include "models/io/tcp/connection.hpp"

namespace xensim {

/// Connections have numbers, which are used again. Whoever calls a connection calls `settle` next.
class TcpLayer {
 public:
  using Id = std::uint32_t;
  class Host : public TcpHost {
   public:
    /// A segment that belongs to no connection, or not yet.
    virtual void transmit_unconnected(const TcpPair& pair, const TcpSegment& segment) = 0;
    /// A connection was made at a port that listens; `accept` gives it.
    virtual void arrived(std::uint16_t /*port*/) {}
    /// The connection is about to go.
    virtual void gone(TcpConnection& connection) = 0;
  };
  static constexpr std::uint32_t most_backlog = 128;

  /// Both must outlive it.
  TcpLayer(Host& host, const TcpSettings& settings)
      : host_(host), settings_(settings), next_port_(settings.first_port) {}

  /// A connection from a free local port, or `pair.local_port` if that is not 0; it is closed still. Null if
  /// there is none left or the pair is taken.
  [[nodiscard]] TcpConnection* open(TcpPair pair);
  /// O(1). The number must be in use.
  [[nodiscard]] TcpConnection& at(Id id) { return *connections_[id]; }
  [[nodiscard]] const TcpConnection& at(Id id) const { return *connections_[id]; }
  [[nodiscard]] Sequence initial_sequence(Jiffies now);
  /// Notes when the connection's timers want to run, and forgets it if it is over. O(log connections) if they
  /// want to earlier than before.
  void settle(TcpConnection& connection);

  struct Listening {
    std::uint32_t backlog = most_backlog;
    std::uint32_t send_buffer = 0, receive_buffer = 0;  ///< 0: as in the settings
    bool send_buffer_fixed = false;
  };
  /// False: somebody listens there.
  [[nodiscard]] bool listen(std::uint16_t port, Listening how);
  void stop_listening(Jiffies now, std::uint16_t port);
  [[nodiscard]] bool listens(std::uint16_t port) const { return listeners_.contains(port); }
  /// The longest established connection that nobody has accepted.
  [[nodiscard]] std::optional<Id> accept(std::uint16_t port);
  [[nodiscard]] bool can_accept(std::uint16_t port) const;

  /// A segment arrived intact. `pair` is from this machine's view.
  void receive(Jiffies now, const TcpPair& pair, const TcpSegment& segment, TcpBuffer buffer,
               std::uint32_t size);
  /// The connection that a segment is for; null if there is none, or it is a new one.
  [[nodiscard]] TcpConnection* find(const TcpPair& pair);

  [[nodiscard]] std::optional<Jiffies> deadline() const;
  void run_timers(Jiffies now);

  [[nodiscard]] std::size_t size() const { return index_.size(); }
  struct Counts {
    std::uint64_t opened = 0, accepted = 0, refused = 0, resets_sent = 0;
    std::uint64_t not_waited = 0;  ///< forgotten at once, as too many were in TIME_WAIT
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::string audit() const;

 private:
  struct PairHash {
    std::size_t operator()(const TcpPair& pair) const {
      std::uint64_t mixed = (std::uint64_t{pair.remote.value} << 32 | pair.local.value) ^
                            (std::uint64_t{pair.remote_port} << 24 | std::uint64_t{pair.local_port} << 40);
      return static_cast<std::size_t>(mixed);
    }
  };
  /// A connection request that was answered.
  struct Open {
    TcpPair pair;
    TcpRequest request;
    Jiffies expires = 0;
    unsigned answers = 1;
  };
  struct Listener {
    Listening how;
    std::vector<Open> requests;
    std::deque<Id> ready;
  };
  struct Alarm {
    Jiffies at = 0;
    Id id = 0;
    bool operator>(const Alarm& other) const { return at != other.at ? at > other.at : id > other.id; }
  };

  [[nodiscard]] std::uint32_t max_segment(const TcpPair& pair) const {
    return host_.mtu(pair.remote, settings_.mtu) - 40;
  }
  [[nodiscard]] TcpConnection& make(const TcpPair& pair);
  void remove(TcpConnection& connection);
  /// One that has come to TIME_WAIT is counted there; if too many are, it is over.
  void count_waiting(TcpConnection& connection);
  [[nodiscard]] std::uint16_t free_port(const TcpPair& pair);
  /// True: the segment was for a listener or its requests.
  [[nodiscard]] bool receive_new(Jiffies now, const TcpPair& pair, const TcpSegment& segment,
                                 TcpBuffer& buffer, std::uint32_t size);
  void request(Jiffies now, Listener& listener, const TcpPair& pair, const TcpSegment& segment);
  void answer(Jiffies now, const Listener& listener, const Open& open);
  void complete(Jiffies now, std::uint16_t port, Listener& listener, Open open, const TcpSegment& segment,
                TcpBuffer& buffer, std::uint32_t size);
  void refuse(const TcpPair& pair, const TcpSegment& segment);
  void run_requests(Jiffies now);

  Host& host_;
  const TcpSettings& settings_;
  std::vector<std::unique_ptr<TcpConnection>> connections_;
  std::vector<Id> free_;
  FlatMap<TcpPair, Id, PairHash> index_;
  TcpConnection* last_ = nullptr;  ///< found
  std::map<std::uint16_t, Listener> listeners_;
  /// Smoothed round-trip times of destinations, from the last connection that ended.
  std::map<Ipv4Address, Jiffies> known_;
  std::vector<Jiffies> armed_;  ///< by connection; 0: no alarm
  std::vector<bool> waiting_;   ///< by connection: in TIME_WAIT
  std::uint32_t waiting_count_ = 0;
  std::priority_queue<Alarm, std::vector<Alarm>, std::greater<>> alarms_;
  Sequence initial_ = 0;
  std::uint16_t next_port_;
  Counts counts_;
};

}  // namespace xensim
