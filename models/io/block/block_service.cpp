#include "models/io/block/block_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace xensim {

void BlockService::attach(const MemoryDomain& domain) {
  if (domain.id.value >= clients_.size()) clients_.resize(domain.id.value + 1);
  auto& client = clients_[domain.id.value];
  assert(client == nullptr);
  client = std::make_unique<Client>();
  client->domain = &domain;
  client->serial = next_serial_++;
}

void BlockService::detach(DomainId domain) {
  if (find(domain) == nullptr) return;
  std::erase(list_, domain);
  clients_[domain.value].reset();
}

BlockService::Client* BlockService::find(DomainId domain) const {
  return domain.value < clients_.size() ? clients_[domain.value].get() : nullptr;
}

std::uint32_t BlockService::pending(DomainId domain) const {
  return static_cast<std::uint32_t>(std::count_if(requests_.begin(), requests_.end(), [&](const Pending& r) {
    return !r.pieces.empty() && r.domain == domain;
  }));
}

void BlockService::signal(DomainId domain) {
  work.did(BlockStep::hypercall);
  Client* client = find(domain);
  if (client == nullptr) return;
  if (!client->listed) list_.push_back(domain);
  client->listed = true;
  start_if_few_pending();
}

void BlockService::start_if_few_pending() {
  if (pending_ < restart && !list_.empty()) owed.run = true;
}

void BlockService::run(std::vector<BlockPiece>& pieces) {
  work.did(BlockStep::service_run);
  while (pending_ < window && !list_.empty()) {
    Client& client = *find(list_.front());
    list_.pop_front();
    client.listed = serve(client, pieces);
    if (client.listed) list_.push_back(client.domain->id);
  }
}

/// One turn. True if a limit ended it.
bool BlockService::serve(Client& client, std::vector<BlockPiece>& pieces) {
  for (std::uint32_t served = 0; client.ring.has_request(client.page); ++served) {
    if (served == batch || pending_ == window) return true;
    const BlockRequest request = *client.ring.take(client.page);
    work.did(BlockStep::request);
    auto found = pieces_of(*client.domain, request);
    if (!found) {
      work.did(BlockStep::refused);
      respond(client, {request.id, request.operation, BlockStatus::bad_request});
      continue;
    }
    const auto place = std::find_if(requests_.begin(), requests_.end(),
                                    [](const Pending& other) { return other.pieces.empty(); });
    for (BlockPiece& piece : *found) {
      piece.request = static_cast<std::uint32_t>(place - requests_.begin());
      pin(piece);
      pieces.push_back(piece);
    }
    *place = {client.serial,     client.domain->id, request.id,
              request.operation, BlockStatus::ok,   std::move(*found)};
    ++pending_;
  }
  return false;
}

std::optional<std::vector<BlockPiece>> BlockService::pieces_of(const MemoryDomain& domain,
                                                               const BlockRequest& request) {
  const auto operation = static_cast<BlockOperation>(request.operation);
  if (operation != BlockOperation::read && operation != BlockOperation::write) return {};
  if (request.segments == 0 || request.segments > max_request_segments) return {};
  const BlockAccess access = operation == BlockOperation::read ? BlockAccess::read : BlockAccess::write;

  std::vector<BlockPiece> pieces;
  std::uint64_t sector = request.sector;
  for (std::size_t i = 0; i < request.segments; ++i) {
    const BufferRun buffer = request.buffers[i];
    work.did(BlockStep::segment);
    if (sector > UINT32_MAX || !may_transfer(domain, access, buffer)) return {};
    const BlockTranslation found = devices_.translate(domain, request.device, access,
                                                      static_cast<std::uint32_t>(sector), buffer.sectors());
    work.did(BlockStep::extent_tried, found.extents_tried);
    if (found.error != BlockError::none) return {};
    Address memory = buffer.machine();
    for (const DiskExtent& where : found.all()) {
      pieces.push_back({.domain = domain.id, .access = access, .where = where, .memory = memory});
      memory.value += where.sectors * sector_bytes;
    }
    sector += buffer.sectors();
  }
  if (pieces.size() > max_pieces) return {};
  work.did(BlockStep::piece, pieces.size());
  return pieces;
}

/// All its memory is the domain's, and a disk may write there.
bool BlockService::may_transfer(const MemoryDomain& domain, BlockAccess access, BufferRun buffer) {
  if (buffer.sectors() == 0) return false;
  const std::uint64_t end =
      std::uint64_t{buffer.machine().value} + std::uint64_t{buffer.sectors()} * sector_bytes;
  for (std::uint64_t page = buffer.machine().page(); page * page_size < end; ++page) {
    work.did(BlockStep::frame_checked);
    const FrameNumber frame{static_cast<std::uint32_t>(page)};
    if (!machine_.frames.exists(frame)) return false;
    const Frame& f = machine_.frames[frame];
    if (f.owner() != domain.id) return false;
    if (access == BlockAccess::read && f.typed != 0 && f.type() != FrameType::writable) return false;
  }
  return true;
}

void BlockService::pin(const BlockPiece& piece) {
  work.did(BlockStep::frame_pinned, piece.frames());
  for (std::uint32_t i = 0; i < piece.frames(); ++i) {
    const FrameNumber frame{piece.first_frame().value + i};
    if (piece.access == BlockAccess::write) {
      machine_.frames.hold(frame);
    } else if (!machine_.frames.hold_writable(frame)) {
      assert(false && "checked before");
    }
  }
}

void BlockService::unpin(const BlockPiece& piece) {
  for (std::uint32_t i = 0; i < piece.frames(); ++i) {
    const FrameNumber frame{piece.first_frame().value + i};
    if (piece.access == BlockAccess::write) {
      machine_.frames.let_go(frame);
    } else {
      machine_.frames.let_go_typed(frame);
    }
  }
}

void BlockService::done(const BlockPiece& piece, bool succeeded) {
  work.did(BlockStep::piece_done);
  Pending& request = requests_[piece.request];
  const auto found = std::find(request.pieces.begin(), request.pieces.end(), piece);
  assert(found != request.pieces.end());
  unpin(piece);
  request.pieces.erase(found);
  if (!succeeded) request.status = BlockStatus::io_error;
  if (!request.pieces.empty()) return;

  --pending_;
  Client* client = find(request.domain);
  if (client != nullptr && client->serial == request.serial) {
    respond(*client, {request.id, request.operation, request.status});
  }
  start_if_few_pending();
}

void BlockService::respond(Client& client, const BlockResponse& response) {
  work.did(BlockStep::response);
  work.did(BlockStep::event);
  (void)client.ring.respond(client.page, response);  // its guest is told of each
  owed.events.push_back(client.domain->id);
}

std::vector<HeldReference> BlockService::held() const {
  std::vector<HeldReference> held;
  for (const Pending& request : requests_) {
    for (const BlockPiece& piece : request.pieces) {
      for (std::uint32_t i = 0; i < piece.frames(); ++i) {
        const std::uint32_t typed = piece.access == BlockAccess::read ? 1 : 0;
        held.push_back({{piece.first_frame().value + i}, 1, typed, "a block request"});
      }
    }
  }
  return held;
}

std::string BlockService::audit() const {
  std::uint32_t all = 0;
  for (const Pending& request : requests_) all += request.pieces.empty() ? 0 : 1;
  if (all != pending_ || all > window) {
    return fmt::format("{} requests are at the disks, but {} are counted", all, pending_);
  }
  std::size_t listed = 0;
  for (const auto& client : clients_) {
    if (client == nullptr) continue;
    const auto own = std::count_if(requests_.begin(), requests_.end(), [&](const Pending& request) {
      return !request.pieces.empty() && request.serial == client->serial;
    });
    const std::string wrong = client->ring.audit(static_cast<std::uint32_t>(own));
    const DomainId id = client->domain->id;
    if (!wrong.empty()) return fmt::format("the ring of domain {}: {}", id.value, wrong);
    const auto entries = std::count(list_.begin(), list_.end(), id);
    if (entries != (client->listed ? 1 : 0)) {
      return fmt::format("domain {} stands in the list {} times, but is marked as {}", id.value, entries,
                         client->listed ? "listed" : "not listed");
    }
    listed += client->listed ? 1 : 0;
  }
  if (listed != list_.size()) return "the list has a domain without a ring";
  return {};
}

}  // namespace xensim
