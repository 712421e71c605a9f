/// What the monitor tells of its networking. Counters that Xen 1.0 itself has bear its names.
#include <fmt/format.h>

#include "models/host/monitor/monitor_network.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;

const Statistic hypercalls{"net_hypercalls", "hypercalls", counter, "calls of net_update"};
const Statistic congestion{"net_rx_congestion_drop", "packets", counter, "dropped as the queue was full"};
const Statistic capacity{"net_rx_capacity_drop", "packets", counter, "dropped as no buffer was posted"};
const Statistic delivered{"net_rx_delivered", "packets", counter, "delivered by exchange of pages"};
const Statistic flushes{"net_rx_tlbflush", "flushes", counter, "TLBs flushed for an exchange of pages"};
const Statistic remote_flushes{"net_rx_tlbflush_remote", "flushes", counter,
                               "shootdowns for received pages, on another processor"};
const Statistic transmitted{"net_tx_transmitted", "packets", counter, "given to the network interface"};
const Statistic local_copies{"net_local_copies", "packets", counter, "copied from one domain to another"};
const Statistic rules_tried{"net_rules_tried", "rules", counter, "rules held against packets"};
const Statistic refused{"net_refused", "requests", counter, "descriptors of guests that were refused"};
const Statistic unrouted{"net_unrouted", "packets", counter, "that no rule gives to anybody"};
const Statistic credit_waits{"net_credit_waits", "waits", counter, "for credit to send more"};
const Statistic events{"net_events", "events", counter, "network events marked"};
const Statistic driver_drops{"net_driver_drop", "packets", counter, "dropped for lack of a free page"};

const Statistic tx_packets{"vif0/tx_packets", "packets", counter,
                           "sent to the wire; what other domains get is counted where it arrives"};
const Statistic tx_bytes{"vif0/tx_bytes", "bytes", counter, "bytes of the packets sent"};
const Statistic rx_packets{"vif0/rx_packets", "packets", counter, "received through the virtual interface"};
const Statistic rx_bytes{"vif0/rx_bytes", "bytes", counter, "bytes of the packets received"};
const Statistic posted{"vif0/posted", "buffers", level, "posted for packets to come"};

}  // namespace

void MonitorNetwork::report(StatisticSink& sink, const std::string& prefix) const {
  const auto report = [&](const Statistic& statistic, std::uint64_t value) {
    sink.value(prefix, statistic, static_cast<double>(value));
  };
  using enum NetStep;
  report(hypercalls, total_[hypercall]);
  report(congestion, total_[congestion_drop]);
  report(capacity, total_[capacity_drop]);
  report(xensim::delivered, total_[NetStep::delivered]);
  report(flushes, total_[shootdown]);
  report(remote_flushes, total_[remote_shootdown]);
  report(xensim::transmitted, total_[NetStep::transmitted]);
  report(local_copies, total_[local_copy]);
  report(rules_tried, total_[rule_tried]);
  report(refused, total_[tx_refused] + total_[rx_refused]);
  report(unrouted, total_[tx_unrouted] + total_[unrouted_drop]);
  report(credit_waits, total_[credit_wait]);
  report(events, total_[event]);
  report(driver_drops, driver_drops_);
  nic_.report(sink, prefix);
}

void MonitorNetwork::report(StatisticSink& sink, const std::string& prefix, DomainId domain) const {
  const Vif* vif = net_.find(VifId::of(domain, 0));
  if (vif == nullptr) return;
  const auto report = [&](const Statistic& statistic, std::uint64_t value) {
    sink.value(prefix, statistic, static_cast<double>(value));
  };
  report(tx_packets, vif->counters.tx_packets);
  report(tx_bytes, vif->counters.tx_bytes);
  report(rx_packets, vif->counters.rx_packets);
  report(rx_bytes, vif->counters.rx_bytes);
  report(posted, vif->posted.size());
}

}  // namespace xensim
