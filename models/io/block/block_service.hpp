/// The monitor's service of block requests: turns of the domains, checks, translation, pinned memory.
///
/// Domains that asked stand in one list. They are served in turn, up to 16 requests each, as long as fewer
/// than 64 requests of all domains are at the disks; when these are, nothing more is taken until fewer than
/// 32 are. Each response is an event.
///
/// Pure: no clock and no disk. `run` gives pieces for the elevator; `done` takes them back in any order.
/// Stricter than the code of 2003: a request that falls into 24 pieces is refused, where that would stop the
/// whole machine. Where the description says nothing: reading ahead is no operation of the ring; sectors of
/// a request count on beyond 2^32 as out of range.
/// Left out: operations on the ring that ask or change which devices there are; they are functions of the
/// devices here. Sectors beyond the end of a physical disk are the disk's to refuse.
/// Source: Xen 1.0 and 1.2, xen/drivers/block/xen_block.c, from a description.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/work_count.hpp"
#include "models/io/block/block_devices.hpp"
#include "models/io/block/block_page.hpp"
#include "models/memory/audit.hpp"
#include "models/memory/machine_memory.hpp"

namespace xensim {

/// Stretches of the monitor's code whose work depends on nothing but how often they run.
enum class BlockStep : std::uint8_t {
  hypercall,
  service_run,  ///< of the tasklet; it ends with one unplugging of the disks
  request,      ///< taken from a ring, before any test
  refused,
  segment,  ///< of requests
  frame_checked,
  extent_tried,
  piece,         ///< given to the elevator
  frame_pinned,  ///< and unpinned later
  piece_done,
  response,
  event,
  count_,
};
inline constexpr std::array<std::string_view, WorkCount<BlockStep>::steps> block_step_names{
    "hypercall",    "service_run", "request",      "refused",    "segment",  "frame_checked",
    "extent_tried", "piece",       "frame_pinned", "piece_done", "response", "event"};
static_assert(block_step_names.back() == "event", "a name for every step");

/// What the caller has to see to; it clears what it has seen to.
struct BlockEffects {
  std::vector<DomainId> events{};  ///< to be marked with EventBit::block_device, one a response
  bool run = false;                ///< the service is to be run

  void clear() { *this = {}; }
};

/// A run of sectors to be read or written at once.
struct BlockPiece {
  std::uint32_t request = 0;  ///< among those at the disks
  DomainId domain{};
  BlockAccess access{};
  DiskExtent where{};
  Address memory{};

  constexpr bool operator==(const BlockPiece&) const = default;
  /// The frames it touches: the first, and how many.
  [[nodiscard]] constexpr FrameNumber first_frame() const { return {memory.page()}; }
  [[nodiscard]] constexpr std::uint32_t frames() const {
    return (memory.value % page_size + where.sectors * sector_bytes + page_size - 1) / page_size;
  }
};

class BlockService {
 public:
  static constexpr std::uint32_t window = 64;   ///< requests at the disks
  static constexpr std::uint32_t restart = 32;  ///< nothing is started while so many are there
  static constexpr std::uint32_t batch = 16;    ///< requests of a domain in one turn
  static constexpr std::size_t max_pieces = 23;

  BlockService(MachineMemory& machine, const BlockDevices& devices) : machine_(machine), devices_(devices) {}

  /// Gives the domain, which must outlive it, a ring; it must have none.
  void attach(const MemoryDomain& domain);
  /// Takes it away. What is at the disks ends in time, without response; the domain's memory must not be
  /// released while `pending`.
  void detach(DomainId domain);
  [[nodiscard]] std::uint32_t pending(DomainId domain) const;
  [[nodiscard]] bool attached(DomainId domain) const { return find(domain) != nullptr; }
  /// The ring's page; the domain must be attached.
  [[nodiscard]] BlockPage& page(DomainId domain) { return clients_[domain.value]->page; }

  /// Hypercall block_io_op: the caller has published requests. Without a ring, nothing happens. O(1).
  void signal(DomainId domain);
  /// The tasklet. Appends what goes to the disks, which are to be unplugged after that. O(frames).
  void run(std::vector<BlockPiece>& pieces);
  /// The disk is done with a piece that `run` gave, once.
  void done(const BlockPiece& piece, bool succeeded);

  [[nodiscard]] std::uint32_t pending() const { return pending_; }

  /// References that stand in no table, for the audit of memory.
  [[nodiscard]] std::vector<HeldReference> held() const;
  /// Empty, or the first contradiction: every request is answered or at the disks, in the window, with
  /// pieces; the list has who is marked so. O(requests at the disks + domains).
  [[nodiscard]] std::string audit() const;

  WorkCount<BlockStep> work{};
  BlockEffects owed{};

 private:
  struct Client {
    const MemoryDomain* domain = nullptr;  ///< not owned
    std::uint64_t serial = 0;              ///< never used again, as domains' numbers are
    BlockPage page{};
    RingBack<BlockPage> ring{};
    bool listed = false;
  };
  struct Pending {
    std::uint64_t serial = 0;
    DomainId domain{};
    std::uint32_t id = 0;
    std::uint8_t operation = 0;
    BlockStatus status = BlockStatus::ok;
    std::vector<BlockPiece> pieces{};  ///< outstanding; empty: the place is free
  };

  [[nodiscard]] Client* find(DomainId domain) const;
  void start_if_few_pending();
  [[nodiscard]] bool serve(Client& client, std::vector<BlockPiece>& pieces);
  [[nodiscard]] std::optional<std::vector<BlockPiece>> pieces_of(const MemoryDomain& domain,
                                                                 const BlockRequest& request);
  [[nodiscard]] bool may_transfer(const MemoryDomain& domain, BlockAccess access, BufferRun buffer);
  void pin(const BlockPiece& piece);
  void unpin(const BlockPiece& piece);
  void respond(Client& client, const BlockResponse& response);

  MachineMemory& machine_;
  const BlockDevices& devices_;
  std::vector<std::unique_ptr<Client>> clients_;  ///< by domain
  std::uint64_t next_serial_ = 0;
  std::deque<DomainId> list_;
  std::array<Pending, window> requests_{};
  std::uint32_t pending_ = 0;
};

}  // namespace xensim
