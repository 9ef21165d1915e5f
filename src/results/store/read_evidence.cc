#include "results/read_evidence.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::both_dialects;
using store::param_of;

#define BL_MISMATCH_COLUMNS                                                               \
  "id, port, question, at, place, store_answer, lake_answer, explanation, explained_by, " \
  "replayed_at, is_equal_now"

Result<ReadMismatch> mismatch_of(const store::Row& row) {
  ReadMismatch one;
  one.id = row.text(0);
  const auto port = read_port_of(row.text(1));
  if (!port) return Error{Code::corrupt, "no reader's name: " + std::string(row.text(1))};
  one.port = *port;
  one.question = row.text(2);
  one.at = Timestamp{row.integer(3)};
  one.place = row.integer(4);
  one.store_answer = row.text(5);
  one.lake_answer = row.text(6);
  one.explanation = row.text_or_null(7);
  one.explained_by = row.text_or_null(8);
  if (!row.is_null(9)) one.replayed_at = Timestamp{row.integer(9)};
  if (!row.is_null(10)) one.is_equal_now = row.integer(10) != 0;
  return one;
}

/// The first row's number.
Result<std::int64_t> count_of(store::Connection& connection, const store::Sql& sql, ReadPort port) {
  std::int64_t count = 0;
  BL_RETURN_IF_ERROR(
      connection.query(sql, {std::string_view(name_of(port))}, [&](const store::Row& row) {
        count = row.integer(0);
        return false;
      }));
  return count;
}

/// False: all that is kept is unexplained.
Result<bool> make_room(store::Connection& connection, ReadPort port, std::int64_t rows_max) {
  BL_TRY(const std::int64_t rows,
         count_of(connection,
                  both_dialects<"select count(*) from @read_mismatch where port = $1">(), port));
  if (rows < rows_max) return true;
  BL_TRY(const std::int64_t removed,
         connection.execute(
             both_dialects<"delete from @read_mismatch where id in (select id from @read_mismatch "
                           "where port = $1 and explanation is not null order by id limit 1)">(),
             {std::string_view(name_of(port))}));
  return removed > 0;
}

Error no_mismatch(std::string_view id) {
  return {Code::not_found, "no mismatch of answers has the id " + std::string(id)};
}

}  // namespace

std::string ReadStanding::missing() const {
  if (!proof) return "no proof says that the lake answers as the store does";
  if (!proof->passed) {
    return fmt::format("the proof of {} found that the lake does not answer as the store does",
                       to_rfc3339(proof->at));
  }
  if (unexplained > 0) {
    return fmt::format("{} answers of the lake differ from the store's without an explanation",
                       unexplained);
  }
  if (tally.equal < k_equal_min) {
    return fmt::format("{} of {} comparisons in mode shadow are made", tally.equal, k_equal_min);
  }
  return "";
}

Result<void> ReadEvidence::record_proof(const ReadProof& proof) {
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto rows,
           connection.execute(
               both_dialects<"insert into @read_proof (port, passed, requests, at, version) values "
                             "($1, $2, $3, $4, $5) on conflict (port) do update set passed = "
                             "excluded.passed, requests = excluded.requests, at = excluded.at, "
                             "version = excluded.version">(),
               {std::string_view(name_of(proof.port)), std::int64_t{proof.passed}, proof.requests,
                proof.at.micros, std::string_view(proof.version)}));
    return {};
  });
}

Result<void> ReadEvidence::count(ReadPort port, const ReadTally& tally) {
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto rows,
           connection.execute(
               both_dialects<"insert into @read_tally as t (port, equal, different, moved, failed, "
                             "since) values ($1, $2, $3, $4, $5, $6) on conflict (port) do update "
                             "set equal = t.equal + excluded.equal, different = t.different + "
                             "excluded.different, moved = t.moved + excluded.moved, failed = "
                             "t.failed + excluded.failed">(),
               {std::string_view(name_of(port)), tally.equal, tally.different, tally.moved,
                tally.failed, clock_.now().micros}));
    return {};
  });
}

Result<std::string> ReadEvidence::keep(ReadMismatch mismatch) {
  std::string id;
  const std::string store_answer(
      valid_utf8(std::string_view(mismatch.store_answer).substr(0, limits_.answer_bytes_max)));
  const std::string lake_answer(
      valid_utf8(std::string_view(mismatch.lake_answer).substr(0, limits_.answer_bytes_max)));
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    id.clear();
    BL_TRY(const bool has_room, make_room(connection, mismatch.port, limits_.mismatches_max));
    if (!has_room) return {};
    id = ids_.next();
    BL_TRY([[maybe_unused]] const auto rows,
           connection.execute(
               both_dialects<"insert into @read_mismatch (id, port, question, at, place, "
                             "store_answer, lake_answer) values ($1, $2, $3, $4, $5, $6, $7)">(),
               {std::string_view(id), std::string_view(name_of(mismatch.port)),
                std::string_view(mismatch.question), clock_.now().micros, mismatch.place,
                std::string_view(store_answer), std::string_view(lake_answer)}));
    return {};
  }));
  return id;
}

Result<ReadStanding> ReadEvidence::standing(ReadPort port) {
  ReadStanding standing;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    standing = {.port = port};
    const std::string_view name = name_of(port);
    BL_RETURN_IF_ERROR(connection.query(
        both_dialects<"select passed, requests, at, version from @read_proof where port = $1">(),
        {name}, [&](const store::Row& row) {
          standing.proof = ReadProof{port, row.integer(0) != 0, row.integer(1),
                                     Timestamp{row.integer(2)}, std::string(row.text(3))};
          return false;
        }));
    BL_RETURN_IF_ERROR(connection.query(
        both_dialects<"select equal, different, moved, failed, since from @read_tally where port "
                      "= $1">(),
        {name}, [&](const store::Row& row) {
          standing.tally = {row.integer(0), row.integer(1), row.integer(2), row.integer(3)};
          standing.since = Timestamp{row.integer(4)};
          return false;
        }));
    BL_TRY(standing.unexplained,
           count_of(connection,
                    both_dialects<"select count(*) from @read_mismatch where port = $1 and "
                                  "explanation is null">(),
                    port));
    return {};
  }));
  return standing;
}

Result<std::vector<ReadMismatch>> ReadEvidence::mismatches(std::optional<ReadPort> port,
                                                           int count) {
  std::vector<ReadMismatch> found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    found.clear();
    Result<void> read;
    const std::optional<std::string> name =
        port ? std::optional<std::string>(name_of(*port)) : std::nullopt;
    BL_RETURN_IF_ERROR(
        connection.query(both_dialects<"select " BL_MISMATCH_COLUMNS " from @read_mismatch where "
                                       "coalesce($1, port) = port order by id desc limit $2">(),
                         {param_of(name), std::int64_t{count}}, [&](const store::Row& row) {
                           auto one = mismatch_of(row);
                           if (one.ok()) {
                             found.push_back(std::move(*one));
                           } else {
                             read = one.error();
                           }
                           return read.ok();
                         }));
    return read;
  }));
  return found;
}

Result<ReadMismatch> ReadEvidence::mismatch(std::string_view id) {
  std::optional<Result<ReadMismatch>> found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    return connection.query(
        both_dialects<"select " BL_MISMATCH_COLUMNS " from @read_mismatch where id = $1">(), {id},
        [&](const store::Row& row) {
          found = mismatch_of(row);
          return false;
        });
  }));
  if (!found) return no_mismatch(id);
  return *std::move(found);
}

Result<void> ReadEvidence::explain(std::string_view id, std::string_view explanation,
                                   std::string_view actor_id, std::string_view actor_name) {
  if (explanation.empty() || explanation.size() > limits_.explanation_bytes_max) {
    return Error{Code::invalid, fmt::format("an explanation has 1 to {} bytes: {}",
                                            limits_.explanation_bytes_max, explanation.size())};
  }
  std::string detail;
  json::Writer(detail).begin_object().member("explanation", explanation).end_object();
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const std::int64_t rows,
           connection.execute(both_dialects<"update @read_mismatch set explanation = $2, "
                                            "explained_by = $3 where id = $1">(),
                              {id, explanation, actor_name}));
    if (rows == 0) return no_mismatch(id);
    return store::record_audit(connection, {.at = clock_.now(),
                                            .actor_id = actor_id,
                                            .actor_name = actor_name,
                                            .action = "reads.explain",
                                            .object = id,
                                            .detail = detail});
  });
}

Result<void> ReadEvidence::note_replay(std::string_view id, bool is_equal) {
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto rows,
           connection.execute(both_dialects<"update @read_mismatch set replayed_at = $2, "
                                            "is_equal_now = $3 where id = $1">(),
                              {id, clock_.now().micros, std::int64_t{is_equal}}));
    return {};
  });
}

}  // namespace bl::results
