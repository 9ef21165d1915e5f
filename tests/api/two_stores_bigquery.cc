#include "two_stores.h"

/// What BigQuery's clients ask for, without datasets: the lake has the rows, whatever keeps
/// results.
namespace bl::product {

std::vector<std::string> bigquery_reads() {
  const std::string project = "/bigquery/v2/projects/p";
  const std::string table = project + "/datasets/d/tables/t";
  return {"/bigquery/v2/projects",
          "/projects",
          project + "/serviceAccount",
          project + "/datasets",
          project + "/datasets?filter=labels.a:b&maxResults=1",
          project + "/datasets/benchlake",
          project + "/datasets/d",
          project + "/datasets/d/tables",
          project + "/datasets/benchlake/tables",
          table,
          table + "/data",
          project + "/jobs",
          project + "/jobs?stateFilter=done&maxResults=1",
          project + "/jobs/none",
          project + "/queries/none",
          "/projects/p/jobs",
          "/discovery/v1/apis/bigquery/v2/rest"};
}

}  // namespace bl::product
