#include "inference/store_totals.h"

namespace bl::inference {
namespace {

const store::Sql k_totals(
    "select (select count(*) from bl_inference_config), (select count(*) from bl_inference_point), "
    "(select count(*) from bl_inference_run_stat), (select count(*) from bl_inference_eval), "
    "(select count(*) from bl_inference_changelog)",
    "select (select count(*) from benchlake.inference_config), "
    "(select count(*) from benchlake.inference_point), "
    "(select count(*) from benchlake.inference_run_stat), "
    "(select count(*) from benchlake.inference_eval), "
    "(select count(*) from benchlake.inference_changelog)");

}  // namespace

Result<SweepTotals> sweep_totals(store::Database& database) {
  SweepTotals totals;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    return connection.query(k_totals, {}, [&](const store::Row& row) {
      totals = {row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4)};
      return true;
    });
  }));
  return totals;
}

}  // namespace bl::inference
