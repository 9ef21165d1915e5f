#pragma once

#include <memory>

#include "inference/sweep_ports.h"
#include "store/database.h"

/// Sweeps in the store (schema.h), SQLite or PostgreSQL.
namespace bl::inference {

/// SweepWriter over the store. Threads: any; several may write at once, and on PostgreSQL several
/// programs: writers of one run wait for each other, all others for no more than the moment of the
/// commit. Rows are read back and compared before anything is written, so what is equal costs no
/// write. Configurations that are new get their ids in a transaction of their own, before the
/// run's; they are kept also when that fails, and known to this writer from then on. Cost: 100,000
/// new points in about 5 s on SQLite. Memory: about that of the sweep again.
class StoreSweepWriter final : public SweepWriter {
 public:
  explicit StoreSweepWriter(store::Database& database);
  ~StoreSweepWriter() override;

  /// Also invalid: two attempts of a run may not be written with other than their own numbers; a
  /// name, date or number that the tables refuse. Of optional members of the run, null keeps what
  /// is stored; its date stays that of the first time.
  Result<Written> write(const Sweep& sweep) override;
  Result<void> report(const IngestReport& report) override;

 private:
  struct Known;
  store::Database& database_;
  std::unique_ptr<Known> known_;
};

/// SweepReader over the store. Threads: any. Each call is one snapshot.
class StoreSweepReader final : public SweepReader {
 public:
  explicit StoreSweepReader(store::Database& database) : database_(database) {}

  Result<std::vector<StoredPoint>> points(std::span<const std::string> models,
                                          const PointsWhen& when, LineRule rule) override;
  Result<std::vector<StoredPoint>> history(std::span<const std::string> models,
                                           std::optional<std::int64_t> isl,
                                           std::optional<std::int64_t> osl) override;
  Result<std::vector<Availability>> availability() override;
  Result<WorkflowInfo> workflow_info(std::string_view date) override;
  Result<std::vector<StoredEval>> evaluations() override;
  Result<std::vector<DatedRunStat>> reliability() override;
  Result<Submissions> submissions() override;
  Result<StoredServerLog> server_log(std::int64_t point_id) override;
  Result<std::vector<IngestReport>> reports(int limit) override;
  Result<std::int64_t> revision() override;

 private:
  store::Database& database_;
};

}  // namespace bl::inference
