/// A machine whose domains request blocks, and disks that finish what a test tells them to.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "models/io/block/block_service.hpp"
#include "models/io/block/virtual_block_devices.hpp"
#include "tests/models/memory/memory_bench.hpp"

namespace xensim::test {

inline constexpr DeviceNumber sda{0x0800}, hda1{0x0301};

class BlockBench {
 public:
  explicit BlockBench(const MemoryRules& rules = xen_1_0_memory) : memory(rules, 1024) {}

  struct Guest {
    MemoryDomain& domain;
    DomainImage image;
  };
  /// With a device hda1 of two extents: sectors 0 to 999, and from 1000 on a million more.
  Guest add(std::uint32_t pages = 64) {
    auto [domain, image] = memory.add_running(pages);
    vbds.create(memory.domain0, domain.id, hda1, 3);
    vbds.grow(memory.domain0, domain.id, hda1, {sda, 5'000'000, 1000});
    vbds.grow(memory.domain0, domain.id, hda1, {sda, 1'000'000, 1'000'000});
    service.attach(domain);
    return {domain, image};
  }

  /// One run of memory: whole pages from `page` on.
  [[nodiscard]] static BufferRun run_of(const Guest& guest, std::uint32_t page, std::uint32_t sectors = 8) {
    return BufferRun::of({guest.image.pages[page].value * page_size}, sectors);
  }
  [[nodiscard]] static BlockRequest request(const Guest& guest, BlockOperation operation,
                                            std::uint32_t sector = 0, std::uint32_t page = 10,
                                            std::uint32_t sectors = 8) {
    return {.sector = sector,
            .device = hda1,
            .operation = static_cast<std::uint8_t>(operation),
            .segments = 1,
            .buffers = {run_of(guest, page, sectors)}};
  }
  void publish(const Guest& guest, const BlockRequest& request) {
    BlockPage& page = service.page(guest.domain.id);
    page.store(page.request_producer, request);
    page.request_producer = BlockIndices::next(page.request_producer);
  }
  void publish(const Guest& guest, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) publish(guest, request(guest, BlockOperation::write, 8 * i));
  }
  void signal(const Guest& guest) { service.signal(guest.domain.id); }
  /// As long as the service asks for it.
  void run() {
    while (service.owed.run) {
      service.owed.run = false;
      service.run(at_disk);
    }
  }
  void publish_and_run(const Guest& guest, const BlockRequest& one) {
    publish(guest, one);
    signal(guest);
    run();
  }
  /// The disk finishes the oldest pieces, without the service being run again.
  void finish(std::size_t pieces = 1, bool succeeded = true) {
    for (std::size_t i = 0; i < pieces; ++i) {
      service.done(at_disk[i], succeeded);
    }
    at_disk.erase(at_disk.begin(), at_disk.begin() + static_cast<std::ptrdiff_t>(pieces));
  }
  [[nodiscard]] BlockResponse response(const Guest& guest, std::uint32_t slot) {
    return service.page(guest.domain.id).load<BlockResponse>(slot);
  }
  /// Whose pieces are at the disk, in order, in runs: "16A 16B".
  [[nodiscard]] std::string order() const {
    std::string text;
    for (std::size_t i = 0; i < at_disk.size();) {
      std::size_t end = i;
      while (end < at_disk.size() && at_disk[end].domain == at_disk[i].domain) ++end;
      text += (text.empty() ? "" : " ") + std::to_string(end - i) +
              static_cast<char>('A' + static_cast<int>(at_disk[i].domain.value) - 1);
      i = end;
    }
    return text;
  }
  [[nodiscard]] Counts counts(const Guest& guest, std::uint32_t page) const {
    return memory.counts(guest.image.pages[page]);
  }
  [[nodiscard]] std::string audit() const {
    const std::string found = service.audit();
    return found.empty() ? memory.audit(service.held()) : found;
  }

  MemoryBench memory;
  VirtualBlockDevices vbds{{sda}};
  BlockService service{memory.machine, vbds};
  std::vector<BlockPiece> at_disk;
};

}  // namespace xensim::test
