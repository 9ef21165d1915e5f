#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "inference/api/reads.h"

/// Rows of the store as the InferenceX dashboard's API shows them (spec/inference.md 4), with what
/// we add: ids and origins.
namespace bl::inference {

enum class PointShape : unsigned char {
  latest,
  history,     ///< no image, no means and standard deviations
  calculator,  ///< the metrics that a calculator needs
};
/// The members of a point, within an object that the caller opens and closes.
void write_point_members(json::Writer& out, const StoredPoint& point, PointShape shape);
void write_origin(json::Writer& out, const Origin& origin);

std::string encode_points(const std::vector<const StoredPoint*>& points, PointShape shape);
std::string encode_availability(const std::vector<Availability>& rows);
std::string encode_workflow_info(const WorkflowInfo& info);
std::string encode_evaluations(const std::vector<StoredEval>& rows);
std::string encode_reliability(const std::vector<DatedRunStat>& rows);
std::string encode_submissions(const Submissions& submissions);
std::string encode_server_log(const StoredServerLog& log);
std::string encode_reports(const std::vector<IngestReport>& reports);

}  // namespace bl::inference
