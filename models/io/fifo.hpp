/// A queue that allocates only while it grows beyond what it ever held.
#pragma once

#include <algorithm>
#include <boost/circular_buffer.hpp>
#include <cstddef>
#include <utility>

namespace xensim {

/// First in, first out. Operations are O(1), amortised over growth.
template <class T>
class Fifo {
 public:
  void push(T value) {
    if (items_.full()) items_.set_capacity(std::max<std::size_t>(16, 2 * items_.capacity()));
    items_.push_back(std::move(value));
  }
  /// There must be one, here and below.
  T pop() {
    T value = std::move(items_.front());
    items_.pop_front();
    return value;
  }
  [[nodiscard]] const T& front() const { return items_.front(); }
  [[nodiscard]] const T& operator[](std::size_t place) const { return items_[place]; }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }

 private:
  boost::circular_buffer<T> items_;
};

}  // namespace xensim
