// Every method of a log in SQL, against the slow twin.
#include "events/testing/parity.h"
#include "events/tests/sql_places.h"

namespace bl::events::testing {
namespace {

class PlacedLog final : public LogUnderTest {
 public:
  PlacedLog(LogPlace::Kind kind, const ParityOptions& options)
      : place_(kind), log_(place_.open(options.is_strict ? "strict=1" : "")) {}
  Result<Appended> append(std::span<const BuildEvent> events) override {
    return log_->append(events);
  }
  std::string ask(const Question& question) override { return answer_of(*log_, question); }
  EventLog* log() override { return log_.get(); }

 private:
  LogPlace place_;
  std::unique_ptr<EventLog> log_;
};

std::unique_ptr<LogUnderTest> log_of_a_store(const ParityOptions& options) {
  return std::make_unique<PlacedLog>(
      on_postgres() ? LogPlace::Kind::postgres : LogPlace::Kind::owned, options);
}
BL_EVENT_LOG_PARITY(LogInSql, log_of_a_store);

std::unique_ptr<LogUnderTest> shared_file(const ParityOptions& options) {
  return std::make_unique<PlacedLog>(LogPlace::Kind::shared, options);
}
BL_EVENT_LOG_PARITY(SharedSqliteFile, shared_file);

}  // namespace
}  // namespace bl::events::testing
