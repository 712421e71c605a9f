/// What a connection has received: in order and to be read, or out of order.
#pragma once

#include <boost/circular_buffer.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "models/io/tcp/host.hpp"

namespace xensim {

/// Received bytes in a buffer of the machine's.
struct ReceivedBytes {
  Sequence sequence = 0;
  std::uint32_t length = 0;
  std::uint32_t offset = 0;  ///< of the first of them in the buffer's payload
  std::uint32_t size = 0;    ///< bytes of the receive buffer that it takes
  TcpBuffer buffer;
  bool fin = false;  ///< the end follows

  [[nodiscard]] Sequence end() const { return sequence + length + (fin ? 1U : 0U); }
  /// The first `bytes` are not wanted.
  void skip(std::uint32_t bytes) {
    sequence += bytes;
    offset += bytes;
    length -= bytes;
  }
};

class ReceiveQueue {
 public:
  /// Of memory that is taken, in order or not.
  [[nodiscard]] std::uint32_t size() const { return size_; }
  /// Bytes to read.
  [[nodiscard]] std::uint32_t readable() const { return readable_; }

  // In order: O(1), amortized.
  void append(const ReceivedBytes& bytes);
  /// Takes up to `most` bytes, from one buffer at a time. `host` is told where they are, and gets back what
  /// is read.
  std::uint32_t read(std::uint32_t most, TcpHost& host);
  /// The same from the next segment only; 0: there is none.
  std::uint32_t read_segment(std::uint32_t most, TcpHost& host);

  // Out of order: O(pieces).
  [[nodiscard]] bool disordered() const { return !early_.empty(); }
  /// False: nothing of it was new, and its buffer remains the caller's.
  [[nodiscard]] bool insert(ReceivedBytes bytes);
  /// The first piece if it begins at `next` or before; without what `next` has passed. Its buffer may be
  /// worth nothing then (length 0, no end).
  [[nodiscard]] bool take_ready(Sequence next, ReceivedBytes& bytes);
  /// The pieces as blocks, the latest first, at most `blocks.size()`. Returns how many.
  std::size_t blocks(std::span<SackBlock> blocks) const;
  /// Copies what is in order and takes more than twice its length together into buffers of a page: small
  /// packets come in large buffers. O(segments).
  void compact(TcpHost& host);
  /// Gives up everything out of order.
  void discard_early(TcpHost& host);
  void clear(TcpHost& host);

 private:
  boost::circular_buffer<ReceivedBytes> ready_{16};
  std::vector<ReceivedBytes> early_;  ///< by sequence, without overlap
  Sequence latest_ = 0;               ///< of what came out of order last
  std::uint32_t size_ = 0, readable_ = 0;
};

}  // namespace xensim
