#include "workloads/web/specweb99.hpp"

namespace xensim {
namespace {

/// A stream of its own for each sequence.
WebDraw draw(WebDraw::How how, RandomStream& seeds, std::uint64_t step) {
  return {how, RandomStream(seeds.next(), "draw"), step};
}

}  // namespace

std::optional<WebRequest> WebRequest::of_length(std::uint64_t length) {
  constexpr std::uint32_t different = web_request_kinds * classes * files;
  if (length < shortest || length >= shortest + 2 * different) return {};
  const auto code = static_cast<std::uint32_t>(length - shortest);
  const std::uint32_t which = code / 2;
  return WebRequest{.kind = static_cast<WebRequestKind>(which / files / classes),
                    .file_class = which / files % classes,
                    .file = which % files,
                    .last = code % 2 == 1};
}

std::uint32_t WebRequest::file_size(std::uint32_t file_class, std::uint32_t file) {
  constexpr std::uint32_t units[classes]{1024, 10240, 102400, 1024000};  // tenths of bytes
  return units[file_class] * (file + 1) / 10;
}

WebRequestMix::WebRequestMix(WebDraw::How how, const RandomStream& random)
    : random_(random),
      kind_(draw(how, random_, WebDraw::plastic)),
      class_(draw(how, random_, WebDraw::plastic_square)),
      met_(draw(how, random_, WebDraw::plastic)),
      left_(draw(how, random_, WebDraw::plastic_square)),
      file_{draw(how, random_, WebDraw::golden), draw(how, random_, WebDraw::golden),
            draw(how, random_, WebDraw::golden), draw(how, random_, WebDraw::golden)} {}

WebRequest WebRequestMix::next() {
  WebRequest request{.kind = static_cast<WebRequestKind>(share_at(WebShares::kinds, kind_.next())),
                     .file_class = share_at(WebShares::classes, class_.next())};
  request.file = share_at(WebShares::files, file_[request.file_class].next());
  return request;
}

WebRequest WebRequestMix::next_under_way(double waiting) {
  const double point = met_.next();
  if (point < waiting) return next();
  constexpr std::uint32_t classes = WebRequest::classes, files = WebRequest::files;
  std::array<double, std::size_t{classes} * files> bytes{};
  double all = 0;
  for (std::uint32_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = WebShares::classes[i / files] * WebShares::files[i % files] *
               (WebRequest::answer_head + WebRequest::file_size(i / files, i % files));
    all += bytes[i];
  }
  const std::uint32_t met = share_at(bytes, (point - waiting) / (1 - waiting) * all);
  const double left = WebRequest::file_size(met / files, met % files) * left_.next();
  const auto size = [](std::uint32_t i) { return WebRequest::file_size(i / files, i % files); };
  const auto middle = [&size](std::uint32_t i) { return (size(i) + size(i + 1)) / 2; };
  std::uint32_t next = 0;  // sizes rise from file to file and from class to class
  while (next + 1 < bytes.size() && middle(next) < left) ++next;
  return {.kind = WebRequestKind::fixed, .file_class = next / files, .file = next % files};
}

}  // namespace xensim
