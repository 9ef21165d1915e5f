#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "store/sqlite/sqlite_database.h"
#include "store/tests/driver_factory.h"

/// The workload of the fault and crash tests: batches of three rows each, so
/// that a half batch shows.
namespace bl::store::testing {

inline constexpr int k_parts = 3;

inline const Migration k_batch_schema{
    1, "batch",
    "CREATE TABLE batch_part (batch INTEGER, part INTEGER, payload TEXT,"
    " PRIMARY KEY (batch, part)) STRICT, WITHOUT ROWID",
    ""};

inline Result<void> add_batch(Database& database, std::int64_t batch,
                              std::size_t payload_bytes = 700) {
  const std::string payload(payload_bytes, static_cast<char>('a' + batch % 26));
  return database.write([&](Connection& c) -> Result<void> {
    for (std::int64_t part = 0; part < k_parts; ++part) {
      BL_RETURN_IF_ERROR(c.execute("INSERT INTO batch_part VALUES ($1, $2, $3)",
                                   {batch, part, std::string_view(payload)}));
    }
    return {};
  });
}

/// batch -> number of its parts that are stored.
inline Result<std::map<std::int64_t, int>> stored_batches(Database& database) {
  std::map<std::int64_t, int> stored;
  auto outcome = database.read([&](Connection& c) {
    return c.query("SELECT batch, count(*) FROM batch_part GROUP BY batch", {},
                   [&](const Row& row) {
                     stored[row.integer(0)] = static_cast<int>(row.integer(1));
                     return true;
                   });
  });
  if (!outcome.ok()) return std::move(outcome).error();
  return stored;
}

inline std::string integrity(Database& database) {
  std::string words;
  const auto outcome = database.read([&](Connection& c) {
    return c.query("PRAGMA integrity_check", {}, [&](const Row& row) {
      words += row.text(0);
      return true;
    });
  });
  return outcome.ok() ? words : outcome.error().message;
}

/// What the writers were told.
struct Answers {
  std::set<std::int64_t> acknowledged;
  std::set<std::int64_t> refused;  ///< an error that says that nothing was stored
  std::set<std::int64_t> unknown;  ///< outcome_unknown
};

inline void note_answer(Answers& answers, std::int64_t batch, const Result<void>& outcome) {
  if (outcome.ok()) {
    answers.acknowledged.insert(batch);
  } else if (outcome.error().code == Code::outcome_unknown) {
    answers.unknown.insert(batch);
  } else {
    answers.refused.insert(batch);
  }
}

/// Every acknowledged batch is whole, every refused one is not there, none is
/// half there.
inline void expect_kept(Database& database, const Answers& answers) {
  ASSERT_EQ(integrity(database), "ok");
  auto read = stored_batches(database);
  ASSERT_TRUE(read.ok()) << read.error().message;
  const std::map<std::int64_t, int> stored = std::move(read).value();
  for (const auto& [batch, parts] : stored) ASSERT_EQ(parts, k_parts) << "half: " << batch;
  for (const auto batch : answers.acknowledged) ASSERT_TRUE(stored.contains(batch)) << batch;
  for (const auto batch : answers.refused) ASSERT_FALSE(stored.contains(batch)) << batch;
}

}  // namespace bl::store::testing
