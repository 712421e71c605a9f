/// How XenoLinux gives frames back to the monitor and takes others (dom_mem_op, as its balloon driver does).
#include <fmt/format.h>

#include "core/error.hpp"
#include "models/host/xen/xen_paging.hpp"
#include "models/memory/balloon.hpp"

namespace xensim {

void XenPaging::give_back(std::span<const PageNumber> pages) {
  if (abandoned_) return;
  std::vector<FrameNumber> leaving;
  for (const PageNumber page : pages) {
    leaving.push_back(frame(page));
    map(page, PageTableEntry{});
  }
  flush(loaded_, 0);
  ++counts_.hypercalls;
  if (hooks_.frames) hooks_.frames(leaving);
  const DecreaseResult result = decrease_reservation({machine_, *cpu_, domain_}, leaving);
  if (result.status != HypercallStatus::done) {
    throw SimulationError(fmt::format("domain {}: the monitor refused to take page {} back", domain_.id.value,
                                      pages[result.done].value));
  }
  for (const PageNumber page : pages) own_frames_[page.value] = {};
  returned(0, 1);
}

bool XenPaging::take_again(std::span<const PageNumber> pages) {
  if (abandoned_) return false;
  (void)commit();
  std::vector<FrameNumber> coming;
  ++counts_.hypercalls;
  const HypercallStatus status =
      increase_reservation({machine_, *cpu_, domain_}, static_cast<std::uint32_t>(pages.size()), coming);
  if (hooks_.frames) hooks_.frames(coming);
  returned(0, 1);
  if (status != HypercallStatus::done) return false;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    own_frames_[pages[i].value] = coming[i];
    queue(make_request(machine_.rules, PageCommand::m2p, coming[i].value * page_size, pages[i].value));
    map(pages[i], Access::write);
  }
  (void)commit();
  return true;
}

}  // namespace xensim
