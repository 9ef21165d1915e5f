// Commits to a lake's catalog until it is killed. Each commit adds a file and says in a watermark
// how many there are; what is acknowledged is written down. usage: committing_child CATALOG OBJECTS
// ACKS
#include <fstream>
#include <iostream>
#include <string>

#include "catalog_fixture.h"

int main(int, char** arguments) {
  using namespace bl;
  using namespace bl::lake;
  const std::string acks_path = arguments[3];
  lake::testing::RealWorld world;
  CatalogOptions options;
  options.catalog = arguments[1];
  options.objects = arguments[2];
  const auto store = objects::open_store(options.objects, {}, world.world()).value();
  const auto writer = duck::Database::open({}).value();
  const auto catalog = open_catalog(options, *store, world.world()).value();
  const auto token = catalog->take("points").value();
  std::ofstream acks(acks_path, std::ios::app);
  for (int n = 1;; ++n) {
    std::string id = std::to_string(token.number);
    id += "-" + std::to_string(n);
    const DataFile file =
        lake::testing::data_file(*store, *writer, *world.disk, acks_path + id, "points", id,
                                 lake::testing::points_select(n, 1));
    const std::uint64_t files = catalog->snapshot("points")->files.size() + 1;
    const auto done = catalog->publish(
        token, {.id = id, .what = "flush", .added = {file}, .watermarks = {{"files", files}}});
    if (!done.ok()) {
      std::cerr << done.error().message << "\n";
      return 1;
    }
    acks << id << std::endl;
  }
}
