// The clock of who appends jumps, on SQLite (owned, shared) and PostgreSQL.
#include "events/tests/clock_jumps.h"
#include "events/tests/sql_places.h"

namespace bl::events::testing {
namespace {

void jump_on(LogPlace::Kind kind) {
  LogPlace place(kind);
  JumpingClock clock;
  expect_jumps_change_nothing(clock, [&] {
    LogWorld world = place.world();
    return open_log(parse_log_uri(place.uri()).value(),
                    {world.disk, clock, world.random, world.metrics, world.log, world.scratch})
        .value();
  });
}

TEST(SqlClock, JumpsChangeNothing) {
  jump_on(on_postgres() ? LogPlace::Kind::postgres : LogPlace::Kind::owned);
}

TEST(SqlClock, NorWhereTheFileIsShared) {
  if (on_postgres()) GTEST_SKIP() << "a matter of files";
  jump_on(LogPlace::Kind::shared);
}

}  // namespace
}  // namespace bl::events::testing
