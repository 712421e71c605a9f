/// Parts and what they are attached to, as a graph: checked, routed, drawn. It knows no kind of part.
#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace xensim {

/// A vertex. Names are unique over all kinds.
struct Part {
  std::string name;
  std::string kind;  ///< "processor", "bus", "disk", ...
  Where where;       ///< for complaints
};

/// An edge: `part` hangs on `on`.
struct Attachment {
  std::string part, on;
  std::string capacity;  ///< label, such as "160 MB/s"; may be empty
  Where where;
};

/// A valid machine: no name twice, no attachment to nothing or to itself in a circle.
class MachineGraph {
 public:
  /// Throws InputError for the first fault; a circle is shown as `a -> b -> a`.
  /// O(n log n), n = parts + attachments.
  MachineGraph(std::vector<Part> parts, std::span<const Attachment> attachments);

  /// The names along the shortest way between two parts, both included; attachments carry both ways, and
  /// of several shortest the one declared first is taken. Empty if there is none. Throws InputError for
  /// an unknown name. O(n).
  [[nodiscard]] std::vector<std::string> route(std::string_view from, std::string_view to) const;

  /// Graphviz, in the order of declaration.
  [[nodiscard]] std::string graphviz() const;

  [[nodiscard]] std::span<const Part> parts() const { return parts_; }

 private:
  struct Label {
    std::string capacity;
  };
  using Graph =
      boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, boost::no_property, Label>;

  [[nodiscard]] std::size_t find(std::string_view name, const Where& where) const;

  std::vector<Part> parts_;  ///< by vertex
  Graph graph_;
};

/// Someone who cannot go on before someone else does something.
struct Wait {
  std::string who, whom;
  std::string what;  ///< "a free request of its ring"
};

/// The first circle among the waits, told in a sentence: `dom1 waits for blk0 (a free request); blk0 waits
/// for dom1 (its reply)`. Empty if there is none. O(n log n).
[[nodiscard]] std::string explain_deadlock(std::span<const Wait> waits);

}  // namespace xensim
