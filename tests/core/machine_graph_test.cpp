#include "core/machine_graph.hpp"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "tests/complaint.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Part> parts(std::initializer_list<const char*> names) {
  std::vector<Part> result;
  for (const char* name : names) result.push_back({name, "bus", {.file = "m.json", .line = 7, .path = name}});
  return result;
}

Attachment attach(std::string part, std::string on, std::string capacity = {}) {
  return {part, on, capacity, {.file = "m.json", .line = 9, .path = part}};
}

std::string fault(std::vector<Part> parts, std::vector<Attachment> attachments) {
  return complaint_of([&] { (void)MachineGraph(std::move(parts), attachments); });
}

TEST(MachineGraph, RefusesTwoPartsWithOneName) {
  EXPECT_THAT(fault(parts({"fsb", "sda", "sda"}), {}),
              AllOf(HasSubstr("m.json:7: sda"), HasSubstr("second")));
}

TEST(MachineGraph, RefusesAnAttachmentToNothingAndNamesTheNearestPart) {
  EXPECT_THAT(
      fault(parts({"fsb", "scsi0", "sda"}), {attach("sda", "scsi1")}),
      AllOf(HasSubstr("m.json:9: sda"), HasSubstr("\"scsi1\""), HasSubstr("did you mean \"scsi0\"?")));
}

TEST(MachineGraph, ShowsACircleAsAPath) {
  EXPECT_THAT(fault(parts({"root", "a", "b", "c"}),
                    {attach("a", "b"), attach("b", "c"), attach("c", "a"), attach("root", "a")}),
              HasSubstr("a -> b -> c -> a"));
  EXPECT_THAT(fault(parts({"a"}), {attach("a", "a")}), HasSubstr("a -> a"));
}

TEST(MachineGraph, AcceptsAPartAttachedToTwo) {
  EXPECT_EQ(fault(parts({"a", "b", "c"}), {attach("c", "a"), attach("c", "b"), attach("b", "a")}),
            "no error");
}

TEST(MachineGraph, RoutesOverWhatIsShared) {
  const std::vector<Attachment> attachments{attach("pci0", "fsb"), attach("pci1", "fsb"),
                                            attach("eth0", "pci0"), attach("sda", "pci1")};
  const MachineGraph graph(parts({"fsb", "pci0", "pci1", "eth0", "sda", "spare"}), attachments);
  EXPECT_THAT(graph.route("eth0", "sda"), ElementsAre("eth0", "pci0", "fsb", "pci1", "sda"));
  EXPECT_THAT(graph.route("sda", "sda"), ElementsAre("sda"));
  EXPECT_THAT(graph.route("sda", "spare"), IsEmpty());
  EXPECT_THROW((void)graph.route("sda", "sdb"), InputError);
}

TEST(MachineGraph, DrawsItselfForGraphvizWithEscapedLabels) {
  const std::vector<Attachment> attachments{attach("sd\"a\\", "fsb", "160 MB/s")};
  const MachineGraph graph(parts({"fsb", "sd\"a\\"}), attachments);
  EXPECT_EQ(graph.graphviz(),
            "digraph G {\nrankdir=BT;\nnode [shape=box];\n"
            "0[label=\"bus\\nfsb\"];\n"
            "1[label=\"bus\\nsd\\\"a\\\\\"];\n"
            "1->0 [label=\"160 MB/s\"];\n}\n");
}

TEST(MachineGraph, AcceptsEveryTreeAndRoutesAreSymmetric) {
  EXPECT_TRUE(rc::check("a random tree", [] {
    const int n = *rc::gen::inRange(1, 60);
    std::vector<Part> nodes;
    std::vector<Attachment> attachments;
    for (int i = 0; i < n; ++i) {
      nodes.push_back({std::to_string(i), "bus", {}});
      if (i > 0) attachments.push_back(attach(std::to_string(i), std::to_string(*rc::gen::inRange(0, i))));
    }
    const MachineGraph graph(std::move(nodes), attachments);
    const std::string a = std::to_string(*rc::gen::inRange(0, n)),
                      b = std::to_string(*rc::gen::inRange(0, n));
    std::vector<std::string> back = graph.route(b, a);
    std::reverse(back.begin(), back.end());
    RC_ASSERT(graph.route(a, b) == back);
    RC_ASSERT(!back.empty());
  }));
}

TEST(MachineGraph, RefusesATreeWhoseRootHangsOnALeaf) {
  EXPECT_TRUE(rc::check("a chain closed to a circle", [] {
    const int n = *rc::gen::inRange(1, 2000);  // long: the search must not recurse
    std::vector<Part> nodes;
    std::vector<Attachment> attachments;
    for (int i = 0; i < n; ++i) {
      nodes.push_back({std::to_string(i), "bus", {}});
      attachments.push_back(attach(std::to_string(i), std::to_string((i + 1) % n)));
    }
    RC_ASSERT_THROWS_AS(MachineGraph(std::move(nodes), attachments), InputError);
  }));
}

TEST(Deadlock, IsExplainedByWhoWaitsForWhom) {
  const std::vector<Wait> waits{{"dom3", "dom1", "its page"},
                                {"dom1", "blk0", "a free request"},
                                {"blk0", "dom0", "its backend"},
                                {"dom0", "dom1", "a reply"}};
  EXPECT_EQ(explain_deadlock(waits),
            "dom1 waits for blk0 (a free request); blk0 waits for dom0 (its backend); "
            "dom0 waits for dom1 (a reply)");
}

TEST(Deadlock, IsNoneWhereSomeoneCanGoOn) {
  const std::vector<Wait> waits{{"dom1", "blk0", "a free request"}, {"dom2", "blk0", "a free request"}};
  EXPECT_EQ(explain_deadlock(waits), "");
  EXPECT_EQ(explain_deadlock({}), "");
}

}  // namespace
}  // namespace xensim
