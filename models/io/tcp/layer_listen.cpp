/// Ports that wait for connections.
#include <algorithm>

#include "models/io/tcp/layer.hpp"

namespace xensim {

bool TcpLayer::listen(std::uint16_t port, Listening how) {
  how.backlog = std::min(how.backlog, most_backlog);
  if (how.send_buffer == 0) how.send_buffer = settings_.send_buffer;
  if (how.receive_buffer == 0) how.receive_buffer = settings_.receive_buffer;
  return listeners_.try_emplace(port, Listener{.how = how, .requests = {}, .ready = {}}).second;
}

void TcpLayer::stop_listening(Jiffies now, std::uint16_t port) {
  const auto found = listeners_.find(port);
  if (found == listeners_.end()) return;
  const std::deque<Id> unaccepted = std::move(found->second.ready);
  listeners_.erase(found);
  for (const Id id : unaccepted) {
    at(id).abort(now);
    settle(at(id));
  }
}

std::optional<TcpLayer::Id> TcpLayer::accept(std::uint16_t port) {
  const auto found = listeners_.find(port);
  if (found == listeners_.end() || found->second.ready.empty()) return {};
  const Id id = found->second.ready.front();
  found->second.ready.pop_front();
  return id;
}

bool TcpLayer::can_accept(std::uint16_t port) const {
  const auto found = listeners_.find(port);
  return found != listeners_.end() && !found->second.ready.empty();
}

bool TcpLayer::receive_new(Jiffies now, const TcpPair& pair, const TcpSegment& segment, TcpBuffer& buffer,
                           std::uint32_t size) {
  const auto found = listeners_.find(pair.local_port);
  if (found == listeners_.end()) return false;
  Listener& listener = found->second;
  const auto open = std::find_if(listener.requests.begin(), listener.requests.end(),
                                 [&](const Open& request) { return request.pair == pair; });
  const bool is_known = open != listener.requests.end();
  if (segment.has(TcpHeader::reset)) {
    if (is_known) listener.requests.erase(open);
    return true;
  }
  if (segment.has(TcpHeader::syn)) {
    if (segment.has(TcpHeader::acknowledge)) return false;
    if (is_known) {
      answer(now, listener, *open);
    } else {
      request(now, listener, pair, segment);
    }
    return true;
  }
  if (!is_known || !segment.has(TcpHeader::acknowledge) ||
      segment.acknowledgement != open->request.ours + 1) {
    return false;
  }
  // A full queue: the other side believes in the connection; what it sends brings this back.
  if (listener.ready.size() > listener.how.backlog) return true;
  const Open request = *open;
  listener.requests.erase(open);
  complete(now, pair.local_port, listener, request, segment, buffer, size);
  return true;
}

void TcpLayer::request(Jiffies now, Listener& listener, const TcpPair& pair, const TcpSegment& segment) {
  const bool full = listener.ready.size() > listener.how.backlog && listener.requests.size() > 1;
  if (full || listener.requests.size() >= settings_.most_requests) {
    ++counts_.refused;
    return;
  }
  const bool scaled = settings_.window_scaling && segment.window_scale != TcpSegment::no_scale;
  ReceiveWindow window;
  window.begin(listener.how.receive_buffer, max_segment(pair), scaled);
  const Open open{
      .pair = pair,
      .request = {.theirs = segment.sequence,
                  .ours = initial_sequence(now),
                  .stamp = segment.stamp,
                  .window = segment.window,
                  .max_segment = segment.max_segment != 0 ? segment.max_segment : std::uint16_t{536},
                  .their_scale = scaled ? segment.window_scale : std::uint8_t{0},
                  .our_scale = window.scale(),
                  .scaled = scaled,
                  .stamped = settings_.time_stamps && segment.stamped,
                  .sack = settings_.selective_acknowledgements && segment.sack_permitted},
      .expires = now + TcpTimes::first_timeout,
      .answers = 1};
  listener.requests.push_back(open);
  answer(now, listener, open);
}

void TcpLayer::answer(Jiffies now, const Listener& listener, const Open& open) {
  ReceiveWindow window;
  window.begin(listener.how.receive_buffer, max_segment(open.pair), open.request.scaled);
  window.starts_at(open.request.theirs + 1);
  TcpSegment answer{.source_port = open.pair.local_port,
                    .destination_port = open.pair.remote_port,
                    .sequence = open.request.ours,
                    .acknowledgement = open.request.theirs + 1,
                    .window = window.offer(0, max_segment(open.pair), true),
                    .flags = TcpHeader::syn | TcpHeader::acknowledge,
                    .stamped = open.request.stamped,
                    .stamp = static_cast<std::uint32_t>(now),
                    .echo = open.request.stamp,
                    .max_segment = static_cast<std::uint16_t>(max_segment(open.pair)),
                    .sack_permitted = open.request.sack};
  if (open.request.scaled) answer.window_scale = open.request.our_scale;
  host_.transmit_unconnected(open.pair, answer);
}

void TcpLayer::complete(Jiffies now, std::uint16_t port, Listener& listener, Open open,
                        const TcpSegment& segment, TcpBuffer& buffer, std::uint32_t size) {
  TcpConnection& child = make(open.pair);
  ++counts_.accepted;
  child.set_buffers(listener.how.send_buffer, listener.how.send_buffer_fixed, listener.how.receive_buffer);
  open.request.window = segment.window;
  child.establish(now, open.request);
  listener.ready.push_back(child.id());
  host_.arrived(port);
  child.receive(now, segment, buffer, size);
  buffer = {};
  settle(child);
}

void TcpLayer::run_requests(Jiffies now) {
  for (auto& [port, listener] : listeners_) {
    for (std::size_t i = 0; i < listener.requests.size();) {
      Open& open = listener.requests[i];
      if (open.expires <= now && open.answers > TcpTimes::syn_retries) {
        listener.requests.erase(listener.requests.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      if (open.expires <= now) {
        open.expires = now + std::min(TcpTimes::first_timeout << open.answers, TcpTimes::max_timeout);
        ++open.answers;
        answer(now, listener, open);
      }
      ++i;
    }
  }
}

}  // namespace xensim
