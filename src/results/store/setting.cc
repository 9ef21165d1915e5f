#include "results/store/setting.h"

#include "store/both_dialects.h"

namespace bl::results {

Result<std::optional<std::string>> stored_setting(store::Connection& connection,
                                                  std::string_view name) {
  std::optional<std::string> value;
  BL_RETURN_IF_ERROR(
      connection.query(store::both_dialects<"select value from @results_setting where name = $1">(),
                       {name}, [&](const store::Row& row) {
                         value = row.text(0);
                         return true;
                       }));
  return value;
}

Result<void> keep_setting(store::Connection& connection, std::string_view name,
                          std::string_view value) {
  BL_TRY([[maybe_unused]] const auto kept,
         connection.execute(
             store::both_dialects<"insert into @results_setting (name, value) values ($1, $2) "
                                  "on conflict (name) do update set value = excluded.value">(),
             {name, value}));
  return {};
}

}  // namespace bl::results
