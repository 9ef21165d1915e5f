#include "results/store/rows.h"
#include "results/store/whole.h"
#include "results/store_settings.h"
#include "store/both_dialects.h"

namespace bl::results {

Result<std::int64_t> machines_with_other_keys(store::Database& database, const HardwareKeys& keys) {
  std::int64_t count = 0;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    count = 0;
    return for_each_row(connection,
                        store::both_dialects<"select " BL_HARDWARE_COLUMNS
                                             ", h.hash from hardware h where h.type = 'machine'">(),
                        {}, [&](const store::Row& row) -> Result<void> {
                          BL_TRY(const Hardware machine, hardware_of(row, 0));
                          if (keys.hash_of(machine) != row.text(k_hardware_columns)) ++count;
                          return {};
                        });
  }));
  return count;
}

}  // namespace bl::results
