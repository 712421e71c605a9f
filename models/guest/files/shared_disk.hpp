/// One disk with several users in one kernel, of whom each sees the buffers that are its own.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/io/guest_disk.hpp"

namespace xensim {

/// The queue is one: who waits for a free request waits for all. Tags of users are below 2^60. The disk
/// outlives this; all users take what is complete at each interrupt.
class SharedDisk {
 public:
  static constexpr std::size_t users = 2;

  explicit SharedDisk(GuestDisk& disk) : disk_(disk), users_{User{*this, 0}, User{*this, 1}} {}
  [[nodiscard]] GuestDisk& user(std::size_t index) { return users_[index]; }

 private:
  static constexpr unsigned shift = 60;

  class User final : public GuestDisk {
   public:
    User(SharedDisk& shared, std::size_t index) : shared_(shared), index_(index) {}

    [[nodiscard]] Driver driver() const override { return shared_.disk_.driver(); }
    [[nodiscard]] std::uint64_t sectors() const override { return shared_.disk_.sectors(); }
    [[nodiscard]] bool submit(const BlockIo& io, Time at) override {
      BlockIo own = io;
      own.tag |= std::uint64_t{index_} << shift;
      if (!shared_.disk_.submit(own, at)) return false;
      ++outstanding_;
      return true;
    }
    void unplug(Time at) override { shared_.disk_.unplug(at); }
    [[nodiscard]] std::uint32_t free_requests(bool write) const override {
      return shared_.disk_.free_requests(write);
    }
    std::uint32_t put_nonsense(Time at) override { return shared_.disk_.put_nonsense(at); }
    [[nodiscard]] std::vector<FinishedIo> take_completed(Time at) override {
      shared_.sort(at);
      for (const FinishedIo& finished : ready_) outstanding_ -= finished.tags.size();
      return std::exchange(ready_, {});
    }
    [[nodiscard]] std::uint32_t take_dispatched() override { return shared_.disk_.take_dispatched(); }
    [[nodiscard]] Counts counts() const override { return shared_.disk_.counts(); }
    [[nodiscard]] std::uint64_t outstanding() const override { return outstanding_; }
    [[nodiscard]] std::string audit() const override { return shared_.disk_.audit(); }

    std::vector<FinishedIo> ready_;

   private:
    SharedDisk& shared_;
    std::size_t index_;
    std::uint64_t outstanding_ = 0;
  };

  void sort(Time at) {
    for (const FinishedIo& finished : disk_.take_completed(at)) {
      std::array<FinishedIo, users> parts;
      for (const std::uint64_t tag : finished.tags) {
        parts[tag >> shift].tags.push_back(tag & ((std::uint64_t{1} << shift) - 1));
      }
      for (std::size_t i = 0; i < users; ++i) {
        if (parts[i].tags.empty()) continue;
        parts[i].failed = finished.failed;
        users_[i].ready_.push_back(std::move(parts[i]));
      }
    }
  }

  GuestDisk& disk_;
  std::array<User, users> users_;
};

}  // namespace xensim
