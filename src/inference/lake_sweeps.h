#pragma once

#include <atomic>

#include "engine/engine.h"
#include "inference/sweep_ports.h"
#include "lake/lake.h"

namespace bl::inference {

/// Reads sweeps from the replica (sweep_replica.h): the same answers as the store's, as of what was
/// brought over. Logs of servers and reports of ingests are no tables of the lake: the store is
/// asked for them, and for everything until the first export is done. Errors besides: unsupported
/// (a lake that is not on a disk). Threads: any.
class LakeSweepReader final : public SweepReader {
 public:
  /// All outlive this.
  LakeSweepReader(lake::Lake& lake, engine::Engine& engine, SweepReader& store)
      : lake_(lake), engine_(engine), store_(store) {}

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
  Result<StoredServerLog> server_log(std::int64_t point_id) override {
    return store_.server_log(point_id);
  }
  Result<std::vector<IngestReport>> reports(int limit) override { return store_.reports(limit); }
  /// Of the replica: grows with each refresh that changed something.
  Result<std::int64_t> revision() override;

 private:
  /// Once it is, it stays.
  Result<bool> is_whole();

  lake::Lake& lake_;
  engine::Engine& engine_;
  SweepReader& store_;
  std::atomic<bool> whole_ = false;
};

}  // namespace bl::inference
