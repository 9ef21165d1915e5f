// A disk that fails loses nothing that was acknowledged, and takes nothing twice.
#include <gmock/gmock.h>

#include "base/testing/faulty_disk.h"
#include "bigquery/tests/write_world.h"

namespace bl::bigquery {
namespace {

using write::StreamKind;

constexpr int k_exists = 8;  ///< OFFSET_ALREADY_EXISTS
constexpr std::int64_t k_rows = 4, k_requests = 3;

struct WorldOfFaults : WriteFixture {
  ~WorldOfFaults() { close(); }
  /// The disk of waiting rows is another one from now on.
  bool use(Disk& other) {
    methods = net::GrpcMethods();
    streams.reset();
    disk = &other;
    auto made = WriteStreams::open(
        {*tables, *database, *disk, *clock, random, log, metrics, path + "/streams", defaults},
        limits);
    if (!made.ok()) return false;
    streams = std::move(made).value();
    add_write_methods(
        methods, [this] { return Result<WriteStreams*>(streams.get()); }, net::Access::write);
    return true;
  }
  /// It grows with what the journal holds.
  std::uint64_t calls_of_opening() {
    FaultyDisk counting(*real_disk, {});
    EXPECT_TRUE(use(counting));
    const std::uint64_t calls = counting.calls();
    EXPECT_TRUE(use(*real_disk));
    return calls;
  }
  /// Sends until every request is in, as clients do: what fails, again. False: it never was.
  bool send(const std::string& stream, std::int64_t first) {
    for (std::int64_t no = 0; no < k_requests; ++no) {
      bool is_in = false;
      for (int attempt = 0; attempt < 4 && !is_in; ++attempt) {
        Appending client(*this);
        const Told told = client.send({.stream = stream,
                                       .offset = no * k_rows,
                                       .rows = row_messages(first + no * k_rows, k_rows)});
        is_in = told.is_ok() || told.storage == k_exists;
        EXPECT_TRUE(is_in || told.status == 13 || told.status == 14) << told.message;
      }
      if (!is_in) return false;
    }
    return true;
  }
};

TEST(WriteFaults, whichever_call_of_the_disk_fails_rows_are_there_once) {
  WorldOfFaults world;
  const std::string table = world.table();
  std::vector<std::int64_t> expected;
  bool was_struck = true;
  std::int64_t struck = 0;
  for (std::uint64_t more = 1; was_struck; ++more) {
    ASSERT_LT(more, 100u) << "the same work is of as many calls each time";
    const std::uint64_t opening = world.calls_of_opening();
    FaultyDisk disk(*world.real_disk, {.fail_at = opening + more});
    ASSERT_TRUE(world.use(disk));
    const std::int64_t first = static_cast<std::int64_t>(more) * 100;
    const std::string stream = world.create(StreamKind::buffered, table);
    EXPECT_TRUE(world.send(stream, first)) << more;
    const Told flushed = world.flush(stream, k_requests * k_rows - 1);
    EXPECT_TRUE(flushed.is_ok()) << flushed.message;
    const auto rows = ids(first, k_requests * k_rows);
    expected.insert(expected.end(), rows.begin(), rows.end());
    was_struck = disk.struck();
    struck += was_struck ? 1 : 0;
    ASSERT_TRUE(world.use(*world.real_disk));
  }
  EXPECT_GT(struck, 3);
  EXPECT_EQ(world.rows(), expected);
}

TEST(WriteFaults, a_disk_that_fails_for_good_is_told_and_the_next_start_goes_on) {
  WorldOfFaults world;
  const std::string table = world.table();
  const std::string stream = world.create(StreamKind::pending, table);
  ASSERT_TRUE(world.send(stream, 0));
  for (std::uint64_t more = 1; more <= 3; ++more) {
    const std::uint64_t opening = world.calls_of_opening();
    FaultyDisk broken(*world.real_disk,
                      {.fail_at = opening + more, .lasting = FaultPlan::Lasting::for_good});
    ASSERT_TRUE(world.use(broken));
    const std::int64_t offset = k_requests * k_rows + static_cast<std::int64_t>(more - 1);
    const Request request{.stream = stream, .offset = offset, .rows = row_messages(offset, 1)};
    Told told;
    {
      Appending client(world);
      told = client.send(request);
      EXPECT_FALSE(told.is_ok());
      EXPECT_FALSE(client.send(request).is_ok()) << "nothing is taken behind what is not known";
    }
    ASSERT_TRUE(world.use(*world.real_disk));
    told = Appending(world).send(request);
    EXPECT_TRUE(told.is_ok() || told.storage == k_exists) << told.message;
  }
  EXPECT_EQ(world.finalize(stream).value(), k_requests * k_rows + 3);
  EXPECT_THAT(world.commit(table, {stream}), testing::IsEmpty());
  EXPECT_EQ(world.rows(), ids(0, k_requests * k_rows + 3));
}

}  // namespace
}  // namespace bl::bigquery
