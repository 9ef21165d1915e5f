#include "store/read_only.h"

namespace bl::store {
namespace {

Error refused() {
  return {Code::forbidden, "the store is read-only here: nothing can be written to it"};
}

bool lacks_table_of_ours(const Error& error) {
  return error.message.find("relation \"benchlake.") != std::string::npos &&
         error.message.find("does not exist") != std::string::npos;
}

class ReadOnlyDatabase final : public Database {
 public:
  explicit ReadOnlyDatabase(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Dialect dialect() const override { return database_->dialect(); }
  Result<void> read(const std::function<Result<void>(Connection&)>& work) override {
    auto outcome = database_->read(work);
    if (outcome.ok() || !lacks_table_of_ours(outcome.error())) return outcome;
    return Error{Code::unavailable,
                 "this database was never migrated, and lists, searches and tokens need tables of "
                 "benchlake's own: run `benchlake migrate` as a role that may write"};
  }
  Result<void> write(const std::function<Result<void>(Connection&)>&) override { return refused(); }
  Result<void> migrate(std::span<const Migration>) override { return refused(); }

 private:
  const std::unique_ptr<Database> database_;
};

}  // namespace

Result<bool> is_read_only(Database& database) {
  if (database.dialect() == Dialect::sqlite) return false;
  bool read_only = false;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) {
    return connection.query(
        "select pg_is_in_recovery() or (select reset_val from pg_settings where name = "
        "'default_transaction_read_only') = 'on' or (to_regclass('public.benchmark_result') is not "
        "null and not has_table_privilege(to_regclass('public.benchmark_result'), 'insert'))",
        {}, [&](const Row& row) {
          read_only = row.text(0) == "t" || row.integer(0) != 0;
          return true;
        });
  }));
  return read_only;
}

std::unique_ptr<Database> make_read_only(std::unique_ptr<Database> database) {
  return std::make_unique<ReadOnlyDatabase>(std::move(database));
}

}  // namespace bl::store
