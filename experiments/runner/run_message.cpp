#include "experiments/runner/run_message.hpp"

#include <cstring>
#include <stdexcept>
#include <type_traits>

namespace xensim {
namespace {

template <class T>
void put(std::string& bytes, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::size_t end = bytes.size();
  bytes.resize(end + sizeof value);
  std::memcpy(bytes.data() + end, &value, sizeof value);
}

void put_text(std::string& bytes, std::string_view text) {
  put(bytes, text.size());
  bytes.append(text);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T get() {
    T value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(get<std::size_t>())); }

 private:
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) throw std::out_of_range("a result that is cut off");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest_;
};

}  // namespace

std::string encode(const RunResult& result) {
  std::string bytes;
  put(bytes, result.simulated_s);
  put(bytes, result.events);
  put(bytes, result.audited);
  put(bytes, result.refused);
  put(bytes, result.metrics.size());
  for (const Metric& metric : result.metrics) {
    put_text(bytes, metric.name);
    put_text(bytes, metric.unit);
    put(bytes, metric.value);
  }
  put(bytes, result.series.size());
  for (const auto& [name, unit, samples] : result.series) {
    put_text(bytes, name);
    put_text(bytes, unit);
    put(bytes, samples.size());
    for (const auto& [at, value] : samples) {
      put(bytes, at.count());
      put(bytes, value);
    }
  }
  return bytes;
}

RunResult decode(std::string_view bytes) {
  Reader reader(bytes);
  RunResult result;
  result.simulated_s = reader.get<double>();
  result.events = reader.get<std::uint64_t>();
  result.audited = reader.get<bool>();
  result.refused = reader.get<std::uint64_t>();
  for (auto left = reader.get<std::size_t>(); left > 0; --left) {
    Metric& metric = result.metrics.emplace_back();
    metric.name = reader.text();
    metric.unit = reader.text();
    metric.value = reader.get<double>();
  }
  for (auto left = reader.get<std::size_t>(); left > 0; --left) {
    TimeSeries& series = result.series.emplace_back();
    series.name = reader.text();
    series.unit = reader.text();
    for (auto samples = reader.get<std::size_t>(); samples > 0; --samples) {
      const Time at{reader.get<std::int64_t>()};
      series.add(at, reader.get<double>());
    }
  }
  return result;
}

}  // namespace xensim
