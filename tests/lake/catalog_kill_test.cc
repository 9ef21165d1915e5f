// SIGKILL: a program commits, and is killed. Its commits are whole, and what it acknowledged is
// there.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "catalog_fixture.h"

namespace bl::lake {
namespace {

using testing::points;
using testing::TestLake;

struct ChildPlace {
  std::string catalog, objects, acks;
};

pid_t start_child(const ChildPlace& place) {
  const pid_t child = fork();
  if (child != 0) return child;
  execl(BL_COMMITTING_CHILD, "committing_child", place.catalog.c_str(), place.objects.c_str(),
        place.acks.c_str(), static_cast<char*>(nullptr));
  _exit(127);
}

std::size_t lines_of(const std::string& path) {
  std::ifstream file(path);
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(), '\n'));
}

void kill_children_that_commit(testing::Kind kind) {
  TestLake lake(kind);
  {
    ASSERT_TRUE(lake.open()->create_table(points()).ok());
  }
  const ChildPlace place{lake.catalog_uri(), lake.objects_place(), lake.folder_.at("acks")};
  SeededRandom random(19);
  for (int round = 0; round < 4; ++round) {
    const std::size_t before = lines_of(place.acks);
    const pid_t child = start_child(place);
    for (int i = 0; i < 3'000 && lines_of(place.acks) < before + 2; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(300)));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);

    const auto catalog = lake.open();
    const auto token = catalog->take("points").value();
    const CatalogSnapshot snapshot = catalog->snapshot("points").value();
    EXPECT_EQ(snapshot.watermarks.at("files"), snapshot.files.size());
    std::set<std::string> listed;
    for (const DataFile& file : snapshot.files) {
      listed.insert(file.key);
      EXPECT_TRUE(lake.store_->head(file.key).ok()) << file.key;
    }
    std::ifstream acks(place.acks);
    for (std::string id; std::getline(acks, id);) {
      EXPECT_TRUE(catalog->committed(token, id).value()) << id;
      EXPECT_TRUE(listed.contains("tables/points/data/" + id + ".parquet")) << id;
    }
    EXPECT_GE(lines_of(place.acks), before + 2);
    testing::OfficialReader reader(catalog->address());
    EXPECT_EQ(reader.text("SELECT count(*) FROM lake.points"), std::to_string(listed.size()));
  }
}

TEST(CatalogKill, sqlite_shows_whole_commits_and_every_acknowledged_one) {
  kill_children_that_commit(testing::Kind::sqlite);
}

TEST(CatalogKill, postgres_shows_whole_commits_and_every_acknowledged_one) {
  kill_children_that_commit(testing::Kind::postgres);
}

}  // namespace
}  // namespace bl::lake
