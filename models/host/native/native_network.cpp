#include "models/host/native/native_network.hpp"

#include "models/cpu/calibration_section.hpp"
#include "models/guest/kernel/kernel.hpp"
#include "models/guest/network/packet_memory.hpp"

namespace xensim {
namespace {

// Lines that the controller writes: the status block, then the return ring, two descriptors a line.
constexpr std::uint32_t status_line = 0, return_lines = 1, returns_per_line = 2;

}  // namespace

NicAccessCosts::NicAccessCosts(const Calibration& calibration)
    : mailbox_write(CalibrationSection(calibration, "network.").cycles("mailbox_write")),
      register_read(CalibrationSection(calibration, "network.").cycles("register_read")) {}

NativeNetwork::NativeNetwork(Calendar& calendar, const Calibration& calibration, VirtualMachine& machine,
                             const Options& options, std::function<void()> interrupt)
    : machine_(machine),
      costs_(calibration),
      mtu_(options.mtu),
      buffers_(CalibrationSection(calibration, "network.").whole("receive_posted")),
      wake_room_(NicParameters(calibration).transmit_ring / 4),
      return_ring_(NicParameters(calibration).return_ring),
      nic_(calendar, NicParameters(calibration), Moderation::polled(calibration), options.mac,
           std::move(interrupt)) {}

void NativeNetwork::open(unsigned vcpu, const KernelContext& kernel, GuestMemory& memory) {
  kernel_ = &kernel;
  memory_ = &memory;
  held_.resize(memory.pages.size());
  for (std::uint32_t i = 0; i < buffers_; ++i) {
    if (const auto page = memory.packets.allocate()) post(*page);
  }
  nic_.unmask(now(vcpu));
}

void NativeNetwork::post(PageNumber page) {
  held_[page.value] = true;
  nic_.post(page.value);
}

void NativeNetwork::interrupt(unsigned vcpu) {
  kernel_->did(KernelPath::device_interrupt);
  kernel_->did(KernelPath::nic_interrupt);
  kernel_->locked(2);
  kernel_->work.device_wrote(KernelObject::descriptor, status_line);
  kernel_->reads(KernelObject::descriptor, status_line);
  // Masked by a write, which a read makes sure of.
  processor(vcpu).charge(Activity::kernel, costs_.mailbox_write + costs_.register_read);
  nic_.mask(now(vcpu));
  scheduled_ = true;
}

NativeNetwork::Polled NativeNetwork::poll(unsigned vcpu) {
  if (budget_left_ == 0) {
    budget_left_ = budget;
    softirq_began_ = now(vcpu);
  }
  if (round_left_ == 0) begin_round(vcpu);
  const std::optional<Nic::Received> received = nic_.take_received();
  if (!received) return complete(vcpu);
  receive(vcpu, *received);
  if (--round_left_ == 0) {
    // The buffers of a round are posted by one write; the ring's place is told by another.
    processor(vcpu).charge(Activity::kernel, costs_.mailbox_write * 2);
  }
  if (--budget_left_ > 0 && now(vcpu) - softirq_began_ <= GuestKernel::tick_length) return Polled::more;
  budget_left_ = 0;
  return Polled::exhausted;
}

void NativeNetwork::begin_round(unsigned vcpu) {
  round_left_ = weight;
  kernel_->did(KernelPath::nic_poll);
  kernel_->locked(2);
  kernel_->work.device_wrote(KernelObject::descriptor, status_line);
  kernel_->reads(KernelObject::descriptor, status_line);
  reap(vcpu);
}

void NativeNetwork::reap(unsigned vcpu) {
  while (const std::optional<std::uint32_t> page = nic_.take_sent()) {
    kernel_->did(KernelPath::nic_sent);
    client_->sent(vcpu, {*page});
  }
  if (stopped_ && nic_.transmit_room() > wake_room_) {
    stopped_ = false;
    client_->has_room(vcpu);
  }
}

void NativeNetwork::receive(unsigned vcpu, const Nic::Received& received) {
  if (next_return_ % returns_per_line == 0)
    kernel_->work.device_wrote(KernelObject::descriptor, return_lines + next_return_ / returns_per_line);
  kernel_->reads(KernelObject::descriptor, return_lines + next_return_ / returns_per_line);
  next_return_ = (next_return_ + 1) % return_ring_;

  const PageNumber page{received.tag};
  held_[page.value] = false;
  kernel_->work.device_wrote(KernelObject::page, page.value);
  kernel_->did(KernelPath::nic_receive);
  const std::uint32_t length = received.frame.length();
  const std::optional<PageNumber> other = memory_->packets.allocate();
  if (!other || client_ == nullptr) {  // dropped, and its buffer used again
    if (other) memory_->packets.free(*other);
    return post(page);
  }
  // eth_type_trans looks at the header.
  kernel_->reads(KernelObject::page, page.value);
  if (length > copy_threshold) {
    kernel_->did(KernelPath::nic_refill);
    kernel_->uses(KernelObject::packet, other->value, PacketMemory::head_lines);
    post(*other);
    return client_->received(vcpu, {received.frame, page, packet_offset});
  }
  const std::uint32_t lines = (length + 63) / 64;
  kernel_->did(KernelPath::skb_allocate);  // of its own size
  kernel_->uses(KernelObject::packet, other->value, PacketMemory::head_lines);
  kernel_->did(KernelPath::copy_line, lines);
  kernel_->reads(KernelObject::page, page.value, lines);
  kernel_->uses(KernelObject::page, other->value, lines);
  post(page);
  client_->received(vcpu, {received.frame, *other, packet_offset});
}

NativeNetwork::Polled NativeNetwork::complete(unsigned vcpu) {
  const bool posted = round_left_ < weight;
  round_left_ = budget_left_ = 0;
  scheduled_ = false;
  // Posted buffers and the ring's place, then interrupts, with a read to make sure.
  processor(vcpu).charge(Activity::kernel, costs_.mailbox_write * (posted ? 3 : 1) + costs_.register_read);
  nic_.unmask(now(vcpu));
  return Polled::done;
}

bool NativeNetwork::transmit(unsigned vcpu, const NetworkPacket& packet) {
  kernel_->did(KernelPath::nic_transmit);
  kernel_->locked(2);
  if (nic_.transmit_room() == 0) {
    stopped_ = true;
    return false;
  }
  processor(vcpu).charge(Activity::kernel, costs_.mailbox_write);
  nic_.transmit(packet.frame, packet.page.value, 1, now(vcpu));
  return true;
}

void NativeNetwork::count_references(std::span<std::uint32_t> references) const {
  for (std::uint32_t page = 0; page < held_.size(); ++page) {
    if (held_[page]) ++references[page];
  }
}

}  // namespace xensim
