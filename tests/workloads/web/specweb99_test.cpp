/// What SPECweb99's users ask for, and which files there are.
#include "workloads/web/specweb99.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "workloads/clients/arrivals.hpp"
#include "workloads/web/file_set.hpp"

namespace xensim {
namespace {

TEST(WebRequest, EachIsKnownByItsLengthWhichFitsIntoASegment) {
  std::set<std::uint32_t> lengths;
  for (std::uint32_t kind = 0; kind < web_request_kinds; ++kind) {
    for (std::uint32_t file_class = 0; file_class < WebRequest::classes; ++file_class) {
      for (std::uint32_t file = 0; file < WebRequest::files; ++file) {
        for (const bool last : {false, true}) {
          const WebRequest request{static_cast<WebRequestKind>(kind), file_class, file, last};
          EXPECT_EQ(WebRequest::of_length(request.length()), request);
          EXPECT_TRUE(lengths.insert(request.length()).second);
        }
      }
    }
  }
  EXPECT_FALSE(WebRequest::of_length(*lengths.begin() - 1));
  EXPECT_FALSE(WebRequest::of_length(*lengths.rbegin() + 1));
  EXPECT_LE(*lengths.rbegin(), 1448U);
}

TEST(WebRequest, FilesAreAsLongAsTheBenchmarks) {
  EXPECT_EQ(WebRequest::file_size(0, 0), 102U);
  EXPECT_EQ(WebRequest::file_size(0, 8), 921U);
  EXPECT_EQ(WebRequest::file_size(1, 4), 5120U);
  EXPECT_EQ(WebRequest::file_size(3, 8), 921600U);
}

TEST(WebRequestMix, HasTheBenchmarksSharesInAnyStretchOfAFewThousand) {
  WebRequestMix mix(WebDraw::How::spread, RandomStream(7, "mix"));
  for (int stretch = 0; stretch < 5; ++stretch) {
    constexpr int count = 5000;
    std::map<std::uint32_t, int> kinds, classes;
    double bytes = 0;
    for (int i = 0; i < count; ++i) {
      const WebRequest request = mix.next();
      ++kinds[static_cast<std::uint32_t>(request.kind)];
      ++classes[request.file_class];
      bytes += WebRequest::file_size(request.file_class, request.file);
    }
    EXPECT_NEAR(kinds[0], 0.7 * count, 10);
    EXPECT_NEAR(kinds[3], 0.048 * count, 10);
    EXPECT_NEAR(kinds[4], 0.0015 * count, 4);
    EXPECT_NEAR(classes[2], 0.14 * count, 10);
    EXPECT_NEAR(classes[3], 0.01 * count, 5);
    EXPECT_NEAR(bytes / count, 14712, 600);
  }
}

TEST(WebRequestMix, ALineIsMetInBigFilesMostOfTheTime) {
  WebRequestMix mix(WebDraw::How::spread, RandomStream(7, "mix"));
  constexpr int count = 10000;
  double bytes = 0;
  int big = 0;
  for (int i = 0; i < count; ++i) {
    const WebRequest request = mix.next_under_way(0);
    bytes += WebRequest::file_size(request.file_class, request.file);
    big += request.file_class == 3 ? 1 : 0;
  }
  // Files of class 3 are a third of all bytes; what is left of one is half of it, on average, and less than
  // the smallest for one in six.
  EXPECT_NEAR(big, count * 0.28, count * 0.02);
  EXPECT_NEAR(bytes / count, 108'800, 3'000);
}

TEST(WebRequestMix, IndependentDrawsHaveTheSameSharesInTheLongRun) {
  WebRequestMix mix(WebDraw::How::independent, RandomStream(7, "mix"));
  constexpr int count = 400'000;
  double bytes = 0;
  for (int i = 0; i < count; ++i) {
    const WebRequest request = mix.next();
    bytes += WebRequest::file_size(request.file_class, request.file);
  }
  EXPECT_NEAR(bytes / count, 14712, 350);
}

TEST(WebFileSet, IsAsLargeAsTheBenchmarks) {
  const WebFileSet one("/web", 1);
  EXPECT_EQ(one.bytes(), 5'119'484U);
  EXPECT_EQ(WebFileSet::directories_for(518), 366U);
  EXPECT_EQ(one.by_popularity().size(), 36U);
}

TEST(WebFileSet, TheFirstDirectoryIsAskedForTwiceAsOftenAsTheSecond) {
  const WebFileSet files("/web", 100);
  std::map<std::uint32_t, int> asked;
  constexpr int count = 100'000;
  for (int i = 0; i < count; ++i) ++asked[files.directory_at((i + 0.5) / count)];
  EXPECT_NEAR(asked[0], 2 * asked[1], 2);
  EXPECT_NEAR(asked[0], 100 * asked[99], 100);
  EXPECT_EQ(files.directory_at(0), 0U);
  EXPECT_EQ(files.directory_at(0.9999999), 99U);
}

TEST(WebFileSet, PopularFilesComeFirst) {
  const auto files = WebFileSet("/web", 3).by_popularity();
  EXPECT_EQ(files.front().path, "/web/file_set/dir00000/class1_4");
  EXPECT_EQ(files.front().bytes, 5120U);
  EXPECT_EQ(files.back().path, "/web/file_set/dir00002/class3_0");
}

TEST(Arrivals, ComeAfterExponentialTimes) {
  RandomStream random(3, "arrivals");
  constexpr int count = 200'000;
  double sum = 0, squares = 0;
  int late = 0;
  for (int i = 0; i < count; ++i) {
    const double time = exponential(random);
    sum += time;
    squares += time * time;
    late += time > 2 ? 1 : 0;
  }
  EXPECT_NEAR(sum / count, 1, 0.01);
  EXPECT_NEAR(squares / count, 2, 0.05);
  EXPECT_NEAR(static_cast<double>(late) / count, std::exp(-2), 0.003);
}

}  // namespace
}  // namespace xensim
