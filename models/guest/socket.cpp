#include "models/guest/socket.hpp"

namespace xensim {

Readiness StreamSocket::poll(PollTable* table) {
  if (table != nullptr) table->wait_on(queue_);
  return {.readable = received_ > 0, .writable = writable()};
}

void StreamSocket::set_queued(std::uint32_t bytes, Wakes& wakes) {
  const bool shrinks = bytes < queued_;
  queued_ = bytes;
  if (shrinks && writable()) queue_.wake(context_, wakes);
}

void StreamSocket::set_received(std::uint32_t bytes, Wakes& wakes) {
  const bool grows = bytes > received_;
  received_ = bytes;
  if (grows) queue_.wake(context_, wakes);
}

}  // namespace xensim
