#include "workloads/recorded/disk_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "models/io/block_io.hpp"

namespace xensim {
namespace {

constexpr std::uint64_t largest_file = std::uint64_t{1} << 41;  // ext3 of Linux 2.4, 2 TiB

}  // namespace

DiskTarget::DiskTarget(const RecordedDiskLoad& load, std::string file, bool raw)
    : load_(load), file_(std::move(file)), sizes_(load.files.size()), has_raw_(load.files.empty()) {
  for (const std::string& path : load.files) {
    raw_.push_back(raw || path.starts_with("/dev/"));
    has_raw_ = has_raw_ || raw_.back();
  }
  for (const RecordedRequest& request : load.requests) {
    if (is_raw(request.file) || request.kind == RecordedRequest::Kind::discard) continue;
    const std::uint64_t end = request.offset + request.bytes;
    if (end > largest_file)
      fail(request, fmt::format("a request that ends at byte {}", end), "a file of at most 2 TiB");
    sizes_[request.file] = std::max(sizes_[request.file], end);
  }
}

void DiskTarget::fit(std::int64_t sectors, std::int64_t origin, bool wraps) {
  if (sectors <= 0)
    throw InputError({.file = file_}, "found a guest without that disk", "a raw disk to replay on");
  disk_ = static_cast<std::uint64_t>(sectors) * sector_bytes;
  origin_ = static_cast<std::uint64_t>(origin) * sector_bytes;
  for (const RecordedRequest& request : load_.requests) {
    if (!is_raw(request.file) || request.kind == RecordedRequest::Kind::flush ||
        request.kind == RecordedRequest::Kind::discard)
      continue;
    if (request.offset % sector_bytes != 0 || request.bytes % sector_bytes != 0) {
      fail(request, fmt::format("{} bytes at {} of a raw disk", request.bytes, request.offset),
           "whole sectors of 512 bytes");
    }
    if (request.offset < origin_)
      fail(request, fmt::format("sector {}", request.offset / sector_bytes),
           fmt::format("sectors from the origin on, {}", origin));
    const std::uint64_t place = request.offset - origin_;
    const bool outside = place > disk_ || request.bytes > disk_ - place;
    if (request.bytes > disk_ || (outside && !wraps)) {
      fail(request,
           fmt::format("a request of {} sectors at {}", request.bytes / sector_bytes, place / sector_bytes),
           fmt::format("places on the guest's disk of {} sectors, or beyond = \"wrap\"", sectors));
    }
  }
}

std::uint64_t DiskTarget::place_of(const RecordedRequest& request) const {
  return std::min((request.offset - origin_) % disk_, disk_ - request.bytes);
}

void DiskTarget::fail(const RecordedRequest& request, std::string_view found,
                      std::string_view expected) const {
  throw InputError({.file = file_, .line = static_cast<int>(request.line)}, fmt::format("found {}", found),
                   expected);
}

}  // namespace xensim
