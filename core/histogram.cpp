#include "core/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace xensim {
namespace {

constexpr unsigned sub_bucket_bits = 6;  // 64 buckets per power of two

}  // namespace

std::size_t Histogram::bucket_of(std::uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  if (width <= sub_bucket_bits + 1) return value;
  const unsigned shift = width - sub_bucket_bits - 1;
  return (std::size_t{shift} << sub_bucket_bits) + (value >> shift);
}

std::uint64_t Histogram::lowest_in(std::size_t bucket) {
  if (bucket < (2U << sub_bucket_bits)) return bucket;
  const std::size_t shift = (bucket >> sub_bucket_bits) - 1;
  return (bucket - (shift << sub_bucket_bits)) << shift;
}

void Histogram::add(std::uint64_t value, std::uint64_t times) {
  const std::size_t bucket = bucket_of(value);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  buckets_[bucket] += times;
  count_ += times;
  maximum_ = std::max(maximum_, value);
  const auto v = static_cast<double>(value);
  sum_ += v * static_cast<double>(times);
  sum_of_squares_ += v * v * static_cast<double>(times);
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

double Histogram::standard_deviation() const {
  if (count_ < 2) return 0;
  const double variance = sum_of_squares_ / static_cast<double>(count_) - mean() * mean();
  return std::sqrt(std::max(0.0, variance));
}

std::uint64_t Histogram::quantile(double q) const {
  if (count_ == 0) return 0;
  const double wanted = q * static_cast<double>(count_);
  double seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += static_cast<double>(buckets_[bucket]);
    if (seen >= wanted && buckets_[bucket] > 0) return lowest_in(bucket);
  }
  return maximum_;
}

}  // namespace xensim
