#include "models/guest/processes/executable.hpp"

namespace xensim {
namespace {

constexpr std::uint8_t all_access = AreaFlags::protection;

/// Argument and environment strings, before the old image goes; given back if it comes to that.
class ArgumentPages {
 public:
  ArgumentPages(GuestMemory& memory, std::uint32_t number) : memory_(memory) {
    for (std::uint32_t i = 0; i < number; ++i) {
      const auto page = memory.pages.allocate_user();
      if (!page) return;
      memory.kernel.did(KernelPath::argument_page);
      memory.paging.zero(*page);
      pages_.push_back(*page);
    }
    complete_ = true;
  }
  ArgumentPages(const ArgumentPages&) = delete;
  ArgumentPages& operator=(const ArgumentPages&) = delete;
  ~ArgumentPages() {
    for (const PageNumber page : pages_) memory_.pages.put(page);
  }
  [[nodiscard]] bool complete() const { return complete_; }
  /// The lowest address comes last.
  [[nodiscard]] bool install(AddressSpace& space) {
    Address address = AddressSpace::user_end;
    while (!pages_.empty()) {
      address.value -= page_size;
      if (!space.install(address, pages_.back())) return false;
      pages_.pop_back();
    }
    return true;
  }

 private:
  GuestMemory& memory_;
  std::vector<PageNumber> pages_;
  bool complete_ = false;
};

/// Maps an executable's segments, moved by what the first one's place says, and its bss.
std::optional<Address> map_image(AddressSpace& space, const Executable& image, bool anywhere,
                                 Loaded& loaded) {
  Address base{};
  bool placed = !anywhere;
  for (const Segment& segment : image.segments) {
    Mapping mapping{.length = segment.pages * page_size,
                    .flags = segment.protection,
                    .file = image.file,
                    .file_page = segment.file_page};
    if (placed) {
      mapping.address = Address{base.value + segment.start.value};
      mapping.fixed = true;
    }
    const auto start = space.map(std::move(mapping));
    if (!start) return {};
    if (!placed) base = {start->value - segment.start.value};
    placed = true;
  }
  const Address data_end{base.value + image.data_end.value}, bss_end{base.value + image.bss_end.value};
  const AddressRange bss{page_ceiling(data_end), page_ceiling(bss_end)};
  if (bss.start < bss.end) {
    if (!space.map(
            {.length = bss.pages() * page_size, .flags = all_access, .address = bss.start, .fixed = true})) {
      return {};
    }
  }
  if (data_end < bss_end && page_floor(data_end) != data_end) loaded.cleared.push_back(data_end);
  return base;
}

}  // namespace

std::optional<Loaded> execute(GuestMemory& memory, AddressSpace& space, const Executable& program,
                              const Executable* interpreter, std::uint32_t argument_pages) {
  memory.kernel.did(KernelPath::exec_fixed);
  ArgumentPages arguments(memory, argument_pages);
  if (!arguments.complete()) return {};
  space.clear();
  Loaded loaded;
  const std::uint32_t stack_bytes = argument_pages * page_size;
  const Mapping stack{.length = stack_bytes,
                      .flags = all_access | AreaFlags::grows_down,
                      .address = Address{AddressSpace::user_end.value - stack_bytes},
                      .fixed = true,
                      .no_reserve = true};
  bool complete = space.map(stack) && arguments.install(space) && map_image(space, program, false, loaded);
  if (complete) {
    space.set_heap(program.bss_end);
    if (interpreter != nullptr) {
      const auto base = map_image(space, *interpreter, true, loaded);
      complete = base.has_value();
      loaded.interpreter_base = base.value_or(Address{});
    }
  }
  if (complete) return loaded;
  space.clear();
  return {};
}

}  // namespace xensim
