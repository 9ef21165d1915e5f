#include "store/sqlite_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/reader_pool.h"
#include "store/sqlite/session.h"

namespace bl::store {
namespace {

constexpr std::size_t k_problems_max = 20;
constexpr std::int64_t k_settle_wait_ms = 2'000;

Result<void> demand_file(const std::string& path) {
  struct stat facts{};
  if (stat(path.c_str(), &facts) == 0) return {};
  return Error(Code::not_found, "there is no database file: " + path);
}

Result<std::unique_ptr<Session>> open_reader(const std::string& path) {
  BL_RETURN_IF_ERROR(demand_file(path));
  return Session::open(path, Session::Role::reader, {});
}

class SqliteReader final : public Database {
 public:
  SqliteReader(const std::string& path, const DatabaseLimits& limits, StoreMetrics metrics)
      : path_(path), readers_(path, limits, metrics) {}
  Dialect dialect() const override { return Dialect::sqlite; }
  Result<void> read(const std::function<Result<void>(Connection&)>& work) override {
    return readers_.read(work);
  }
  Result<void> write(const std::function<Result<void>(Connection&)>&) override { return refused(); }
  Result<void> migrate(std::span<const Migration>) override { return refused(); }

 private:
  Error refused() const {
    return Error(Code::forbidden, "the store is opened for reading only: " + path_);
  }
  const std::string path_;
  ReaderPool readers_;
};

Result<void> copy_into_new_file(Session& source, const std::string& to,
                                const CopyProgress& progress) {
  BL_TRY(const auto target, Session::open(to, Session::Role::copy, {}));
  // One snapshot over all steps: without it, a commit in between would begin the copy anew. It is
  // that of the first statement.
  BL_RETURN_IF_ERROR(source.begin());
  BL_RETURN_IF_ERROR(
      source.query("SELECT count(*) FROM sqlite_schema", {}, [](const Row&) { return true; }));
  auto copied = source.copy_to(*target, progress);
  source.rollback();
  BL_RETURN_IF_ERROR(std::move(copied));
  // The copy says of itself, as its source does, that it has a WAL.
  return target->script("PRAGMA journal_mode = DELETE");
}

void remove_copy(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) unlink((path + suffix).c_str());
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite_for_reading(const std::string& path,
                                                          const DatabaseLimits& limits,
                                                          Metrics& metrics) {
  BL_RETURN_IF_ERROR(open_reader(path));
  return std::unique_ptr<Database>(
      std::make_unique<SqliteReader>(path, limits, StoreMetrics(metrics)));
}

Result<void> copy_sqlite_file(const std::string& from, const std::string& to,
                              const CopyProgress& progress) {
  struct stat facts{};
  if (lstat(to.c_str(), &facts) == 0) return Error(Code::conflict, "the file exists: " + to);
  BL_TRY(const auto source, open_reader(from));
  auto copied = copy_into_new_file(*source, to, progress);
  if (copied.ok()) return {};
  remove_copy(to);
  return std::move(copied).error().with_context("copying to " + to);
}

Result<std::vector<std::string>> check_sqlite_file(const std::string& path, CheckDepth depth) {
  BL_TRY(const auto session, open_reader(path));
  std::vector<std::string> problems;
  auto checked = session->query(
      depth == CheckDepth::quick ? "PRAGMA quick_check(20)" : "PRAGMA integrity_check(20)", {},
      [&](const Row& row) {
        if (row.text(0) != "ok" && problems.size() < k_problems_max)
          problems.emplace_back(row.text(0));
        return true;
      });
  // A page that cannot even be read ends the check itself.
  if (!checked.ok() && checked.error().code == Code::corrupt) {
    problems.push_back(checked.error().message);
  } else if (!checked.ok()) {
    return std::move(checked).error();
  }
  return problems;
}

Result<void> settle_sqlite_file(const std::string& path) {
  BL_RETURN_IF_ERROR(demand_file(path));
  {
    BL_TRY(const auto session, Session::open(path, Session::Role::writer, {}));
    BL_RETURN_IF_ERROR(session->checkpoint(Session::CheckpointMode::truncate, k_settle_wait_ms));
  }
  // Empty now; a WAL that lay beside another file would be replayed into it.
  for (const char* suffix : {"-wal", "-shm"}) {
    if (unlink((path + suffix).c_str()) != 0 && errno != ENOENT)
      return Error(Code::io, "cannot remove: " + path + suffix);
  }
  return {};
}

}  // namespace bl::store
