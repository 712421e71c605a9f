/// Who ran while others waited for a processor: a table, as comma-separated values.
///
/// Of a host with virtual processors, these wait and run, under the names of their instances; where one
/// kernel has the machine, the processes of each instance together.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <variant>
#include <vector>

#include "results/atomic_file.hpp"
#include "results/traces/instance_names.hpp"
#include "results/traces/process_states.hpp"
#include "results/traces/slices.hpp"
#include "results/traces/time_order.hpp"
#include "results/traces/trace_file.hpp"
#include "results/traces/wait_table.hpp"

namespace xensim {
namespace {

struct WaitsParameters {};

class Waits final : public TraceFile {
 public:
  Waits(const WaitsParameters&, std::filesystem::path file)
      : file_(std::move(file)),
        vcpus_([this](const Slice& slice) { end(slice); }),
        processes_([this](const ProcessSlice& slice) { end(slice); }) {}

  void begin(std::function<Time()> present, const std::vector<std::string>& instances) override {
    TraceFile::begin(std::move(present), instances);
    names_.are(instances);
  }
  void domain(VcpuId vcpu, std::uint32_t instance) override { names_.own(vcpu, instance); }
  void record(const TraceRecord& record) override { add(record); }
  void process(const ProcessRecord& record) override {
    if (!record.vcpu.valid()) add(record);  // those of a domain wait within its time
  }
  void end(Time at) override { end_ = std::max(end_, at); }

  void finish() override {
    order_.take_all([this](const Record& record) { apply(record); });
    vcpus_.finish(end_);
    processes_.finish(end_);
    tell({});
    AtomicFile file(file_);
    file.write("waited,ran,time_s\n");
    for (const auto& [who, time] : table_.times()) {
      const std::string runner = who.second == WaitTable::nobody ? "idle" : name_of(who.second);
      file.write(fmt::format("{},{},{}.{:012}\n", name_of(who.first), runner, time.count() / ps_per_s,
                             time.count() % ps_per_s));
    }
    file.commit();
  }

 private:
  using Record = std::variant<TraceRecord, ProcessRecord>;
  static constexpr std::int64_t ps_per_s = 1'000'000'000'000;
  /// A wait that has ended; for whom, and where it was last told to be.
  struct Wait {
    WaitTable::Who who;
    CpuId cpu;
    Time begin{}, end{};
  };

  template <class AnyRecord>
  void add(const AnyRecord& record) {
    order_.add(record.at, record);
    order_.take_before(settled(), [this](const Record& past) { apply(past); });
  }
  void apply(const Record& record) {
    std::visit([this](const auto& its) { apply(its); }, record);
  }
  void apply(const TraceRecord& record) {
    end_ = std::max(end_, record.at);
    if (record.vcpu.valid() && record.cpu.valid()) cpu_of_[record.vcpu.value] = record.cpu;
    vcpus_.apply(record);
    tell(record.cpu);
  }
  void apply(const ProcessRecord& record) {
    one_kernel_ = true;
    end_ = std::max(end_, record.at);
    processes_.apply(record);
    tell(record.cpu);
  }

  void end(const Slice& slice) {
    if (slice.state == VcpuState::running) table_.ran(slice.cpu, slice.vcpu.value, slice.begin, slice.end);
    if (slice.state != VcpuState::runnable) return;
    waits_.push_back({slice.vcpu.value, cpu_of_[slice.vcpu.value], slice.begin, slice.end});
  }
  void end(const ProcessSlice& slice) {
    const ProcessRecord& process = slice.record;
    if (process.state == ProcessState::running) {
      table_.ran(process.cpu, process.group, process.at, slice.end);
      cpu_of_[process.group] = process.cpu;
    } else if (process.state == ProcessState::runnable) {
      waits_.push_back({process.group, cpu_of_[process.group], process.at, slice.end});
    }
  }

  /// Those that ran until now are in the table; waits have ended on `cpu`, or if that is invalid where they
  /// were.
  void tell(CpuId cpu) {
    for (const Wait& wait : waits_) {
      const CpuId where = cpu.valid() ? cpu : wait.cpu.valid() ? wait.cpu : CpuId{0};
      table_.waited(where, wait.who, wait.begin, wait.end);
    }
    waits_.clear();
    constexpr unsigned now_and_then = 1024;
    if (++told_ % now_and_then == 0)
      table_.forget(std::min(vcpus_.waiting_since(end_), processes_.waiting_since(end_)));
  }

  [[nodiscard]] std::string name_of(WaitTable::Who who) const {
    return one_kernel_ ? names_.of_group(who) : names_.of(VcpuId{who});
  }

  std::filesystem::path file_;
  InstanceNames names_;
  TimeOrder<Record> order_;
  VcpuStates vcpus_;
  ProcessStates processes_;
  WaitTable table_;
  std::vector<Wait> waits_{};
  std::map<WaitTable::Who, CpuId> cpu_of_{};  ///< where it last was
  bool one_kernel_ = false;
  unsigned told_ = 0;
  Time end_{};
};

const RegisterTraceFile<Waits, WaitsParameters> registered{
    "waits", "who ran while others waited for a processor, as comma-separated values",
    ParameterTable<WaitsParameters>{}};

}  // namespace
}  // namespace xensim
