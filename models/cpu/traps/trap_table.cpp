#include "models/cpu/traps/trap_table.hpp"

#include "models/memory/descriptor_tables.hpp"

namespace xensim {

TrapTableResult TrapTable::set(std::span<const TrapEntry> list) {
  std::size_t copied = 0;
  for (const TrapEntry& entry : list) {
    if (entry.address == 0) return {HypercallStatus::done, copied};
    if (!is_code_selector(entry.code_selector)) return {HypercallStatus::not_permitted, copied};
    handlers_[entry.vector] = {entry.code_selector, entry.flags, entry.address};
    ++copied;
  }
  return {HypercallStatus::bad_address, copied};
}

HypercallStatus set_callbacks(Callbacks& callbacks, std::uint16_t event_selector, std::uint32_t event_address,
                              std::uint16_t failsafe_selector, std::uint32_t failsafe_address) {
  if (!is_code_selector(event_selector) || !is_code_selector(failsafe_selector)) {
    return HypercallStatus::not_permitted;
  }
  callbacks.event = {.code_selector = event_selector, .address = event_address};
  callbacks.failsafe = {.code_selector = failsafe_selector, .address = failsafe_address};
  return HypercallStatus::done;
}

}  // namespace xensim
