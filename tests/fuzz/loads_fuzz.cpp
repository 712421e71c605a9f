/// libFuzzer's choice of what a recorded file holds: its readers complain, or give what can be replayed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "core/error.hpp"
#include "models/io/packet/ethernet.hpp"
#include "workloads/recorded/disk_load.hpp"
#include "workloads/recorded/packet_load.hpp"

namespace {

using namespace xensim;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Of requests or frames: times count from the first and never go back.
template <class Arrivals>
void require_order(const Arrivals& arrivals) {
  Time before{};
  require(!arrivals.empty() && arrivals.front().at == Time{});
  for (const auto& arrival : arrivals) {
    require(arrival.at >= before);
    before = arrival.at;
  }
}

void read_disk(const std::string& text) {
  std::istringstream input(text);
  const RecordedDiskLoad load = read_disk_load(input, "load", {.all_devices = true});
  require_order(load.requests);
  for (const RecordedRequest& request : load.requests) {
    require((request.kind == RecordedRequest::Kind::flush) == (request.bytes == 0));
    require(load.files.empty() || request.file < load.files.size());
  }
  require(!describe(load).empty());
}

void read_packets(const std::string& text) {
  std::istringstream input(text);
  const RecordedPacketLoad load = read_packet_load(input, "load");
  require_order(load.frames);
  for (const RecordedFrame& frame : load.frames)
    require(frame.length >= EthernetHeader::min_frame && frame.length <= EthernetHeader::max_frame);
  require(!describe(load).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto read : {&read_disk, &read_packets}) {
    try {
      read(text);
    } catch (const xensim::InputError&) {  // what most files deserve
    }
  }
  return 0;
}
