/// SPECweb99's requests: what is asked for, how often, and how long requests and answers are.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/random.hpp"

namespace xensim {

enum class WebRequestKind : std::uint8_t { fixed, dynamic, custom_ad, post, cgi };
inline constexpr std::size_t web_request_kinds = 5;

/// One request. Bytes on the simulated wire have no contents: what a request asks for is told by its length,
/// from 200 to 559 bytes, as long as real ones are. Which directory the file is in makes no difference
/// outside, and is left to the server.
struct WebRequest {
  static constexpr std::uint32_t classes = 4, files = 9;  ///< of a directory, and of each class
  static constexpr std::uint32_t shortest = 200;
  static constexpr std::uint32_t answer_head = 350;  ///< bytes of an answer besides the file

  WebRequestKind kind = WebRequestKind::fixed;
  std::uint32_t file_class = 0, file = 0;
  bool last = false;  ///< without "Connection: Keep-Alive": the server closes the connection

  [[nodiscard]] std::uint32_t length() const {
    const auto which = (static_cast<std::uint32_t>(kind) * classes + file_class) * files + file;
    return shortest + 2 * which + (last ? 1 : 0);
  }
  /// Of that length; empty if no request is that long.
  [[nodiscard]] static std::optional<WebRequest> of_length(std::uint64_t length);
  [[nodiscard]] std::uint32_t answer_length() const { return answer_head + file_size(file_class, file); }

  /// In bytes. Source: SPECweb99's file set.
  [[nodiscard]] static std::uint32_t file_size(std::uint32_t file_class, std::uint32_t file);
  bool operator==(const WebRequest&) const = default;
};

/// Shares of SPECweb99. Of the kinds: 70 % static; of the dynamic part 41.5, 42, 16 and 0.5 %.
struct WebShares {
  static constexpr std::array<double, web_request_kinds> kinds{0.7, 0.1245, 0.126, 0.048, 0.0015};
  static constexpr std::array<double, WebRequest::classes> classes{0.35, 0.5, 0.14, 0.01};
  static constexpr std::array<double, WebRequest::files> files{0.039, 0.059, 0.088, 0.177, 0.353,
                                                               0.118, 0.071, 0.050, 0.045};
};

/// The index of the share that `point` (0 to 1) lies in.
template <std::size_t size>
[[nodiscard]] constexpr std::uint32_t share_at(const std::array<double, size>& shares, double point) {
  std::uint32_t index = 0;
  while (index + 1 < size && point >= shares[index]) point -= shares[index++];
  return index;
}

/// Points in [0, 1), independent or evenly spread: an additive recurrence with an irrational step
/// (Kronecker), whose shares come out right in every stretch, so that short runs need no luck with rare big
/// files.
class WebDraw {
 public:
  enum class How : std::uint8_t { independent, spread };
  // Steps of sequences that are used together have no rational relation.
  static constexpr std::uint64_t golden = 0x9E3779B97F4A7C15, plastic = 0xC13FA9A902A6328F,
                                 plastic_square = 0x91E10DA5C79E7B1C;

  WebDraw(How how, const RandomStream& random, std::uint64_t step)
      : how_(how), step_(step), random_(random), at_(random_.next()) {}
  [[nodiscard]] double next() {
    at_ = how_ == How::spread ? at_ + step_ : random_.next();
    return static_cast<double>(at_ >> 11) * 0x1p-53;
  }

 private:
  How how_;
  std::uint64_t step_;
  RandomStream random_;
  std::uint64_t at_;
};

/// What many clients together ask for, one request after another; `last` is left to them.
class WebRequestMix {
 public:
  WebRequestMix(WebDraw::How how, const RandomStream& random);
  [[nodiscard]] WebRequest next();
  /// For a user who is met while others have been there for long: in the middle of an answer, as most are in
  /// that of a big file, which takes 10 s on a line of 400 kb/s. Static, of the size nearest to what is
  /// left; but an ordinary request for the fraction `waiting` of users, whose answers have not begun.
  [[nodiscard]] WebRequest next_under_way(double waiting);

 private:
  RandomStream random_;
  WebDraw kind_, class_, met_, left_;
  std::array<WebDraw, WebRequest::classes> file_;
};

}  // namespace xensim
