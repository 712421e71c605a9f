#include "core/machine_graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/depth_first_search.hpp>
#include <boost/graph/graphviz.hpp>
#include <map>
#include <sstream>

namespace xensim {
namespace {

/// The vertices of the first circle, in order, or nothing.
template <class Graph>
std::vector<std::size_t> find_circle(const Graph& graph) {
  // Boost's search walks without recursion; the vertices it has entered and not left form the path.
  struct Visitor : boost::dfs_visitor<> {
    Visitor(std::vector<std::size_t>& circle_, std::vector<std::size_t>& path_)
        : circle(circle_), path(path_) {}
    void discover_vertex(std::size_t vertex, const Graph&) { path.push_back(vertex); }
    void finish_vertex(std::size_t, const Graph&) { path.pop_back(); }
    void back_edge(const typename boost::graph_traits<Graph>::edge_descriptor& edge, const Graph& g) {
      if (circle.empty()) circle.assign(std::find(path.begin(), path.end(), target(edge, g)), path.end());
    }
    std::vector<std::size_t>&circle, &path;
  };
  std::vector<std::size_t> circle, path;
  boost::depth_first_search(graph, boost::visitor(Visitor(circle, path)));
  return circle;
}

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

MachineGraph::MachineGraph(std::vector<Part> parts, std::span<const Attachment> attachments)
    : parts_(std::move(parts)), graph_(parts_.size()) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto [first, fresh] = index.try_emplace(parts_[i].name, i);
    if (!fresh) {
      throw InputError(
          parts_[i].where,
          fmt::format("found a second part named \"{}\" (a {})", parts_[i].name, parts_[first->second].kind),
          "names that differ");
    }
  }
  const auto vertex = [&](const std::string& name, const Where& where) {
    const auto found = index.find(name);
    return found == index.end() ? find(name, where) : found->second;
  };
  for (const Attachment& attachment : attachments) {
    add_edge(vertex(attachment.part, attachment.where), vertex(attachment.on, attachment.where),
             Label{attachment.capacity}, graph_);
  }
  const std::vector<std::size_t> circle = find_circle(graph_);
  if (circle.empty()) return;
  std::vector<std::string> names;
  for (const std::size_t i : circle) names.push_back(parts_[i].name);
  names.push_back(names.front());
  const auto place = std::find_if(attachments.begin(), attachments.end(),
                                  [&](const Attachment& a) { return a.part == names.front(); });
  throw InputError(place->where, fmt::format("found a circular attachment {}", fmt::join(names, " -> ")),
                   "a way from every part to the root");
}

std::size_t MachineGraph::find(std::string_view name, const Where& where) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].name == name) return i;
    names.push_back(parts_[i].name);
  }
  throw InputError(where, fmt::format("found no part \"{}\" to attach to", name), one_of(names),
                   nearest(name, names));
}

std::vector<std::string> MachineGraph::route(std::string_view from, std::string_view to) const {
  const std::size_t start = find(from, {}), end = find(to, {});
  boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS> both_ways(parts_.size());
  for (const auto& edge : boost::make_iterator_range(edges(graph_))) {
    add_edge(source(edge, graph_), target(edge, graph_), both_ways);
  }
  constexpr std::size_t nowhere = SIZE_MAX;
  // From the end, so that following the predecessors from the start gives the route in order.
  std::vector<std::size_t> next(parts_.size(), nowhere);
  boost::breadth_first_search(both_ways, end,
                              boost::visitor(boost::make_bfs_visitor(
                                  boost::record_predecessors(next.data(), boost::on_tree_edge()))));
  if (start != end && next[start] == nowhere) return {};
  std::vector<std::string> names;
  for (std::size_t vertex = start; vertex != nowhere; vertex = next[vertex]) {
    names.push_back(parts_[vertex].name);
  }
  return names;
}

std::string MachineGraph::graphviz() const {
  std::ostringstream out;
  boost::write_graphviz(
      out, graph_,
      [this](std::ostream& stream, std::size_t vertex) {
        const Part& part = parts_[vertex];
        // The line break is Graphviz's own escape and must not be quoted.
        std::string label = quote(part.kind) + quote(part.name);
        label.replace(label.find("\"\""), 2, "\\n");
        stream << "[label=" << label << "]";
      },
      [this](std::ostream& stream, const auto& edge) {
        if (!graph_[edge].capacity.empty()) stream << "[label=" << quote(graph_[edge].capacity) << "]";
      },
      [](std::ostream& stream) { stream << "rankdir=BT;\nnode [shape=box];\n"; });
  return out.str();
}

std::string explain_deadlock(std::span<const Wait> waits) {
  std::map<std::string_view, std::size_t> index;
  std::vector<std::string_view> names;
  const auto vertex = [&](std::string_view name) {
    const auto [place, fresh] = index.try_emplace(name, names.size());
    if (fresh) names.push_back(name);
    return place->second;
  };
  boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS> graph;
  for (const Wait& wait : waits) {
    // One after the other: the order of evaluating arguments is unspecified, that of vertices is not.
    const std::size_t who = vertex(wait.who);
    add_edge(who, vertex(wait.whom), graph);
  }
  const std::vector<std::size_t> circle = find_circle(graph);
  std::vector<std::string> sentences;
  for (std::size_t i = 0; i < circle.size(); ++i) {
    const std::string_view who = names[circle[i]], whom = names[circle[(i + 1) % circle.size()]];
    const auto wait = std::find_if(waits.begin(), waits.end(),
                                   [&](const Wait& w) { return w.who == who && w.whom == whom; });
    sentences.push_back(fmt::format("{} waits for {} ({})", who, whom, wait->what));
  }
  return fmt::format("{}", fmt::join(sentences, "; "));
}

}  // namespace xensim
