#include "lake/ducklake/session.h"

#include <fmt/format.h>

#include <charconv>

namespace bl::lake {

Result<Rows> Rows::of(const columns::Batch& batch) {
  Rows rows(batch);
  for (int i = 0; i < batch.columns(); ++i) {
    BL_TRY(auto view, rows.batch_.column(i).as<std::string_view>());
    rows.columns_.push_back(view);
  }
  return rows;
}

std::optional<std::int64_t> Rows::number(std::int64_t row, int column) const {
  const auto found = text(row, column);
  if (!found) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(found->data(), found->data() + found->size(), number);
  if (error != std::errc() || end != found->data() + found->size()) return std::nullopt;
  return number;
}

bool Rows::flag(std::int64_t row, int column) const {
  const auto found = text(row, column);
  return found && (*found == "true" || *found == "1" || *found == "t");
}

Result<std::unique_ptr<CatalogSession>> CatalogSession::open(std::unique_ptr<duck::Database> engine,
                                                             const CatalogPlace& place,
                                                             std::string catalog,
                                                             std::chrono::milliseconds time_max) {
  std::unique_ptr<CatalogSession> session(new CatalogSession(place, std::move(catalog), time_max));
  session->engine_ = std::move(engine);
  BL_TRY(session->changing_, session->engine_->connect());
  BL_TRY(session->looking_, session->engine_->connect());
  return session;
}

Error CatalogSession::noted(Error error) {
  const bool broken = error.code == Code::internal;
  CatalogError known = catalog_error(std::move(error), place_.password);
  fate_ = known.fate;
  if (!broken) return std::move(known.error);
  broken_ = true;
  fate_ = Fate::lost;
  known.error.code = Code::unavailable;
  return std::move(known.error).with_context("the catalog's engine failed");
}

Result<std::int64_t> CatalogSession::run(std::string_view sql, const duck::Values& values) {
  auto done = changing_->run(sql, values, {.time_max = time_max_});
  if (!done.ok()) return noted(std::move(done).error());
  return done;
}

Result<Rows> CatalogSession::query(std::string_view sql, const duck::Values& values) {
  auto answer = changing_->query(sql, values, {.time_max = time_max_});
  if (!answer.ok()) return noted(std::move(answer).error());
  auto batch = answer->all();
  if (!batch.ok()) return noted(std::move(batch).error());
  return Rows::of(*batch);
}

Result<Rows> CatalogSession::look(const std::string& sql, std::string_view outer) {
  return look_at(catalog_, sql, outer);
}

Result<Rows> CatalogSession::look_at(std::string_view database, const std::string& sql,
                                     std::string_view outer) {
  BL_TRY(const std::string inner, duck::quoted_text(sql));
  const char* function =
      place_.kind == CatalogPlace::Kind::sqlite ? "sqlite_query" : "postgres_query";
  const std::string whole =
      fmt::format("SELECT {} FROM {}('{}', {})", outer, function, database, inner);
  // The function's statement lives in the transaction that prepared it: one for both steps.
  Result<Rows> rows = Error{Code::internal, "nothing was looked up"};
  const auto done = looking_->transaction([&]() -> Result<void> {
    BL_TRY(auto answer, looking_->query(whole, {}, {.time_max = time_max_}));
    BL_TRY(const auto batch, answer.all());
    rows = Rows::of(batch);
    return {};
  });
  if (!done.ok()) return noted(done.error());
  return rows;
}

}  // namespace bl::lake
