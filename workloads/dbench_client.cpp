#include "workloads/dbench_client.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace xensim {
namespace {

using Kind = DbenchOperation::Kind;

bool equal_in_any_case(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(one, other, [&](char a, char b) { return lower(a) == lower(b); });
}

/// What a client has open.
struct OpenFile {
  std::int64_t descriptor = -1;
  std::string path{};
};

/// A name that an operation uses: as it stands or, of clients that search, as it was found.
struct FoundName {
  std::string path{};
  bool exists = true;
};

/// One client. Its operations are programs of their own, which leave what became of them in `result`.
class DbenchClient {
 public:
  DbenchClient(Self self, DbenchManners manners, DbenchCosts& costs, DbenchResults& results)
      : self_(self), manners_(manners), costs_(costs), results_(results) {}

  Program execute(const DbenchOperation& operation, const std::vector<std::string>& paths);

  std::int64_t result = 0;  ///< of the last operation; negative: it failed

 private:
  Program find(FoundName& name);
  Program create(const DbenchOperation& operation, const FoundName& name);
  Program transfer(const DbenchOperation& operation, std::int64_t descriptor);
  Program delete_tree(const std::string& root);
  /// Reads a directory into `entries_`; `listed_` is false if there is none.
  Program list(const std::string& directory);

  Self self_;
  DbenchManners manners_;
  DbenchCosts& costs_;
  DbenchResults& results_;
  std::map<std::uint32_t, OpenFile> files_;  ///< by handle
  std::vector<std::string> entries_;
  bool listed_ = false;
};

Program DbenchClient::execute(const DbenchOperation& operation, const std::vector<std::string>& paths) {
  FoundName names[2];
  for (std::uint8_t i = 0; i < dbench_names[static_cast<std::size_t>(operation.kind)].paths; ++i) {
    names[i].path = paths[i == 0 ? operation.path : operation.other];
    if (manners_.searches) co_await find(names[i]);
  }
  const FoundName& name = names[0];
  const auto open_file = files_.find(operation.handle);
  const std::int64_t descriptor = open_file == files_.end() ? -1 : open_file->second.descriptor;
  result = 0;
  switch (operation.kind) {
    case Kind::create:
      co_await create(operation, name);
      break;
    case Kind::close:
      result = co_await self_.close(descriptor);
      if (open_file != files_.end()) files_.erase(open_file);
      break;
    case Kind::read:
    case Kind::write:
      co_await transfer(operation, descriptor);
      break;
    case Kind::flush:
      if (manners_.flushes) result = co_await self_.fsync(descriptor);
      break;
    case Kind::unlink:
      result = -1;
      if (name.exists) result = co_await self_.unlink(name.path);
      break;
    case Kind::rename:
      result = -1;
      if (name.exists) result = co_await self_.rename(name.path, names[1].path);
      break;
    case Kind::make_directory:
      co_await self_.mkdir(name.path);
      break;
    case Kind::remove_directory:
      result = co_await self_.rmdir(name.path);
      break;
    case Kind::delete_tree:
      co_await delete_tree(name.path);
      break;
    case Kind::query_path:
      result = name.exists ? 0 : -1;
      if (!manners_.searches) result = co_await self_.stat(name.path);
      break;
    case Kind::query_file:
      result = co_await self_.fstat(descriptor);
      break;
    case Kind::query_file_system:
      result = co_await self_.statfs("/clients");
      break;
    case Kind::set_file:
      result = co_await self_.fstat(descriptor);
      if (open_file != files_.end()) result = co_await self_.utime(open_file->second.path);
      break;
    case Kind::find: {
      const std::string directory = name.path.substr(0, name.path.rfind('/'));
      co_await list(directory);
      if (listed_) co_yield Compute{costs_.compare(entries_.size()), &costs_.data};
      result = operation.succeeds ? 0 : -1;  // dbench does not look
      break;
    }
    case Kind::lock:
      result = co_await self_.lock(descriptor, operation.offset, operation.bytes);
      break;
    case Kind::unlock:
      result = co_await self_.unlock(descriptor, operation.offset, operation.bytes);
      break;
    case Kind::count_:
      break;
  }
}

Program DbenchClient::find(FoundName& name) {
  if (co_await self_.stat(name.path) >= 0) co_return;
  name.exists = false;
  const std::size_t slash = name.path.rfind('/');
  const std::string directory = slash > 0 ? name.path.substr(0, slash) : "/";
  co_await list(directory);
  if (!listed_) co_return;
  const std::string_view last = std::string_view(name.path).substr(slash + 1);
  const auto found = std::ranges::find_if(
      entries_, [&](const std::string& entry) { return equal_in_any_case(entry, last); });
  const auto looked_at = static_cast<std::size_t>(found - entries_.begin());
  if (looked_at > 0) co_yield Compute{costs_.compare(looked_at), &costs_.data};
  if (found == entries_.end()) co_return;
  name = {.path = name.path.substr(0, slash + 1) + *found, .exists = true};
}

Program DbenchClient::create(const DbenchOperation& operation, const FoundName& name) {
  constexpr std::uint32_t is_directory = 0x1, create = 2, truncate = 5, truncate_existing = 4;
  const bool creates = operation.disposition == create || operation.disposition == truncate;
  result = -1;
  if ((operation.options & is_directory) != 0) {
    if (creates && !name.exists) co_await self_.mkdir(name.path);
    result = co_await self_.open(name.path);
  } else if (name.exists || creates) {
    const bool truncates = operation.disposition == truncate || operation.disposition == truncate_existing;
    const OpenMode mode{.create = creates, .truncate = truncates};
    result = co_await self_.open(name.path, mode);
  }
  if (result < 0) co_return;
  if (manners_.looks) co_await self_.fstat(result);
  if (operation.succeeds) {
    files_[operation.handle] = {result, name.path};
  } else {
    co_await self_.close(result);
  }
}

Program DbenchClient::transfer(const DbenchOperation& operation, std::int64_t descriptor) {
  const bool writes = operation.kind == Kind::write;
  std::uint64_t done = 0;
  while (done < operation.bytes) {
    const std::uint64_t at = operation.offset + done;
    if (manners_.seeks) {
      co_await self_.lseek(descriptor, static_cast<std::int64_t>(at));
      result = writes ? co_await self_.write(descriptor, operation.bytes - done)
                      : co_await self_.read(descriptor, operation.bytes - done);
    } else if (writes) {
      result = co_await self_.pwrite(descriptor, operation.bytes - done, at);
    } else {
      result = co_await self_.pread(descriptor, operation.bytes - done, at);
    }
    if (result <= 0) break;
    done += static_cast<std::uint64_t>(result);
  }
  (writes ? results_.written : results_.read) += done;
  result = done == operation.moved ? 0 : -1;
}

Program DbenchClient::delete_tree(const std::string& root) {
  std::vector<std::string> trees{root};
  while (!trees.empty()) {
    const std::string directory = std::move(trees.back());
    trees.pop_back();
    co_await list(directory);
    if (!listed_) continue;
    for (const std::string& entry : entries_) {
      if (entry == "." || entry == "..") continue;
      const std::string path = directory + "/" + entry;
      if (co_await self_.unlink(path) < 0) trees.push_back(path);  // a directory
    }
  }
}

Program DbenchClient::list(const std::string& directory) {
  const std::int64_t opened = co_await self_.open(directory);
  listed_ = opened >= 0;
  if (!listed_) co_return;
  entries_.clear();
  while (co_await self_.getdents(opened, &entries_) > 0) {
  }
  co_await self_.close(opened);
}

}  // namespace

void DbenchResults::took(Kind kind, std::int64_t from, std::int64_t until) {
  Latency& latency = latencies[static_cast<std::size_t>(kind)];
  ++latency.count;
  ++operations;
  latency.sum += until - from;
  latency.longest = std::max(latency.longest, until - from);
  begin = std::min(begin.value_or(from), from);
  end = std::max(end, until);
}

Program run_dbench_client(Self self, const DbenchLoadFile& load, std::uint32_t client, std::int64_t passes,
                          DbenchManners manners, Time line, DbenchCosts& costs, DbenchResults& results) {
  const std::vector<std::string> paths = load.paths(client);
  DbenchClient one(self, manners, costs, results);
  for (std::int64_t pass = 0; passes == 0 || pass < passes; ++pass) {
    for (const DbenchOperation& operation : load.operations()) {
      const std::int64_t began = co_await self.clock();
      co_yield Compute{line, &costs.data};
      co_await one.execute(operation, paths);
      if ((one.result >= 0) != operation.succeeds) ++results.unexpected;
      const std::int64_t ended = co_await self.clock();
      results.took(operation.kind, began, ended);
    }
    ++results.passes;
  }
}

}  // namespace xensim
