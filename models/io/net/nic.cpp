#include "models/io/net/nic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "models/cpu/calibration_section.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic frames_sent{"nic/sent", "frames", counter, "frames sent by the network interface"};
const Statistic bytes_sent{"nic/sent_bytes", "bytes", counter,
                           "bytes of the frames sent, from the Ethernet header on"};
const Statistic frames_received{"nic/received", "frames", counter, "frames received into memory"};
const Statistic bytes_received{"nic/received_bytes", "bytes", counter, "bytes of the frames received"};
const Statistic interrupts{"nic/interrupts", "interrupts", counter, "interrupts of the network interface"};
const Statistic no_buffer{"nic/no_buffer", "frames", counter, "frames lost since no buffer was posted"};

}  // namespace

Moderation Moderation::polled(const Calibration& calibration) {
  const CalibrationSection s(calibration, "network.");
  return {.receive = {Time{}, s.whole("polled_receive_frames")},
          .transmit = {s.microseconds("polled_transmit_ticks"), s.whole("polled_transmit_frames")},
          .masked = {s.microseconds("masked_ticks"), s.whole("masked_frames")}};
}

Moderation Moderation::interrupting(const Calibration& calibration) {
  const CalibrationSection s(calibration, "network.");
  return {.receive = {s.microseconds("receive_ticks"), s.whole("receive_frames")},
          .transmit = {s.microseconds("transmit_ticks"), s.whole("transmit_frames")},
          .masked = {s.microseconds("masked_ticks"), s.whole("masked_frames")}};
}

NicParameters::NicParameters(const Calibration& calibration) {
  const CalibrationSection s(calibration, "network.");
  transmit_ring = s.whole("transmit_ring");
  receive_ring = s.whole("receive_ring");
  return_ring = s.whole("return_ring");
  read_latency = s.microseconds("dma_read_latency");
  write_latency = s.microseconds("dma_write_latency");
  byte_time = Time{std::llround(1e6 / s.value("dma_rate"))};
  interrupt_latency = s.microseconds("interrupt_latency");
}

Nic::Nic(Calendar& calendar, const NicParameters& parameters, const Moderation& moderation,
         const MacAddress& mac, std::function<void()> interrupt)
    : calendar_(calendar),
      parameters_(parameters),
      moderation_(moderation),
      mac_(mac),
      interrupt_(std::move(interrupt)),
      status_(Event::calling<&Nic::on_status>(*this)),
      pin_(Event::calling<&Nic::on_interrupt>(*this)),
      unmask_(Event::calling<&Nic::on_unmask>(*this)) {}

void Nic::trace_to(TraceSink* sink, std::string name) {
  trace_ = sink;
  name_ = std::move(name);
}

void Nic::record(Time at, const EthernetFrame& frame) const {
  if (trace_ != nullptr) trace_->frame({at, name_, frame.known(), frame.length()});
}

void Nic::transmit(const EthernetFrame& frame, std::uint32_t tag, std::uint32_t descriptors, Time at) {
  assert(out_ != nullptr && descriptors > 0 && descriptors <= transmit_room());
  used_ += descriptors;
  read_free_ = std::max(at + parameters_.read_latency, read_free_) + parameters_.byte_time * frame.length();
  const Time done = out_->send(frame, read_free_);
  outgoing_.push({done, tag, descriptors});
  ++counts_.sent;
  counts_.sent_bytes += frame.length();
  record(done, frame);
  plan(at);
}

std::optional<std::uint32_t> Nic::take_sent() {
  if (told_sent_ == 0) return {};
  --told_sent_;
  const Outgoing sent = outgoing_.pop();
  used_ -= sent.descriptors;
  return sent.tag;
}

void Nic::arrived(const EthernetFrame& frame) {
  const auto header = EthernetHeader::read(frame.known());
  const bool group = header && (header->destination.bytes[0] & 1) != 0;
  if (!header || (!group && header->destination != mac_)) return;
  record(calendar_.now(), frame);
  if (posted_.empty() || incoming_.size() >= parameters_.return_ring) {
    ++counts_.no_buffer;
    return;
  }
  write_free_ = std::max(calendar_.now() + parameters_.write_latency, write_free_) +
                parameters_.byte_time * frame.length();
  incoming_.push({write_free_, {frame, posted_.pop()}});
  ++counts_.received;
  counts_.received_bytes += frame.length();
  plan(calendar_.now());
}

std::optional<Nic::Received> Nic::take_received() {
  if (told_received_ == 0) return {};
  --told_received_;
  return incoming_.pop().received;
}

template <class Item>
Time Nic::due(const Fifo<Item>& queue, std::size_t told, const Moderation::Limit& limit) {
  Time due = never;
  if (queue.size() <= told) return due;
  if (limit.ticks > Time{}) due = queue[told].done + limit.ticks;
  if (limit.frames > 0 && queue.size() >= told + limit.frames) {
    due = std::min(due, queue[told + limit.frames - 1].done);
  }
  return due;
}

void Nic::plan(Time not_before) {
  const Time sent = due(outgoing_, told_sent_, masked_ ? moderation_.masked : moderation_.transmit);
  const Time received = due(incoming_, told_received_, masked_ ? moderation_.masked : moderation_.receive);
  const Time next = std::min(sent, received);
  if (next == never) return calendar_.cancel(status_);
  if (!status_.pending() || status_.when() != next) calendar_.schedule(status_, std::max(next, not_before));
}

void Nic::on_status() {
  const Time now = calendar_.now();
  while (told_sent_ < outgoing_.size() && outgoing_[told_sent_].done <= now) ++told_sent_;
  while (told_received_ < incoming_.size() && incoming_[told_received_].done <= now) ++told_received_;
  if (!masked_ && !asserted_ && !pin_.pending())
    calendar_.schedule(pin_, now + parameters_.interrupt_latency);
  plan(now);
}

void Nic::on_interrupt() {
  if (masked_) return;
  asserted_ = true;
  ++counts_.interrupts;
  interrupt_();
}

void Nic::mask(Time at) {
  calendar_.cancel(unmask_);
  calendar_.cancel(pin_);
  masked_ = true;
  asserted_ = false;
  plan(at);
}

void Nic::unmask(Time at) {
  if (at > calendar_.now()) {
    calendar_.schedule(unmask_, at);
  } else {
    on_unmask();
  }
}

void Nic::on_unmask() {
  masked_ = false;
  const Time now = calendar_.now();
  if (has_work() && !pin_.pending()) calendar_.schedule(pin_, now + parameters_.interrupt_latency);
  plan(now);
}

void Nic::report(StatisticSink& sink, const std::string& prefix) const {
  const auto report = [&](const Statistic& statistic, std::uint64_t value) {
    sink.value(prefix, statistic, static_cast<double>(value));
  };
  report(frames_sent, counts_.sent);
  report(bytes_sent, counts_.sent_bytes);
  report(frames_received, counts_.received);
  report(bytes_received, counts_.received_bytes);
  report(xensim::interrupts, counts_.interrupts);
  report(xensim::no_buffer, counts_.no_buffer);
}

std::string Nic::audit() const {
  std::uint32_t used = 0;
  for (std::size_t i = 0; i < outgoing_.size(); ++i) used += outgoing_[i].descriptors;
  if (used != used_) return fmt::format("the NIC has {} descriptors in use, {} known", used, used_);
  if (told_sent_ > outgoing_.size() || told_received_ > incoming_.size())
    return "the NIC's status block says more than happened";
  if (posted_.size() > parameters_.receive_ring) return "the NIC has more buffers than its ring can hold";
  return {};
}

}  // namespace xensim
