#include "results/proof/variants.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <map>
#include <set>

#include "duck/parquet.h"
#include "results/replica/lake_rows.h"

namespace bl::results::proof {
namespace {

constexpr int k_buckets = 16;
constexpr std::int64_t k_row_group_rows = 24'576;

using enum Variant::Split;
constexpr std::array k_variants = {
    Variant{"plain_time", "Parquet by month, rows by time", month,
            "timestamp, fingerprint64, run_id, result_no"},
    Variant{"plain_fingerprint", "Parquet by month, rows by fingerprint and time", month,
            "fingerprint64, timestamp, result_no"},
    Variant{"plain_repository", "Parquet by month, rows by repository, fingerprint and time", month,
            "repository_no, fingerprint64, timestamp, result_no"},
    Variant{.name = "ducklake_monthly",
            .what = "DuckLake by month",
            .order = "repository_no, fingerprint64, commit_timestamp, result_no",
            .in_catalog = true},
    Variant{.name = "ducklake_buckets",
            .what = "DuckLake by month and bucket of the fingerprint",
            .split = month_and_bucket,
            .order = "repository_no, fingerprint64, commit_timestamp, result_no",
            .in_catalog = true},
    Variant{.name = "tiered",
            .what = "DuckLake, sealed years by fingerprint, then by month: the replica as it is",
            .is_replica = true,
            .in_catalog = true},
};

/// The rows of one file: months that are read, a range of fingerprints.
struct FilePlan {
  std::string name;
  std::vector<std::int64_t> months;
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
  std::string_view order;
};

void add_buckets(std::vector<FilePlan>& plans, const std::string& name,
                 const std::vector<std::int64_t>& months, std::string_view order) {
  constexpr auto k_width = std::uint64_t{1} << 60;
  static_assert(k_buckets * 0x1p60 == 0x1p64);
  for (int bucket = 0; bucket < k_buckets; ++bucket) {
    const std::uint64_t low =
        (std::uint64_t{1} << 63) + static_cast<std::uint64_t>(bucket) * k_width;
    plans.push_back({fmt::format("{}-b{:02}", name, bucket), months, static_cast<std::int64_t>(low),
                     static_cast<std::int64_t>(low + (k_width - 1)), order});
  }
}

std::vector<FilePlan> plan_of(const Variant& variant, const std::set<std::int64_t>& months) {
  std::vector<FilePlan> plans;
  for (const std::int64_t month : months) {
    const std::string name = std::to_string(month);
    if (variant.split == Variant::Split::month_and_bucket) {
      add_buckets(plans, name, {month}, variant.order);
    } else {
      plans.push_back({.name = name, .months = {month}, .order = variant.order});
    }
  }
  return plans;
}

std::string table_of(const Variant& variant) {
  return "proof_" + std::string(variant.name);
}
std::string folder_of(const Variant& variant) {
  return variant.in_catalog ? lake::data_folder(table_of(variant))
                            : "variants/" + std::string(variant.name) + "/";
}

lake::DataFile data_file(std::string key, const duck::ParquetFile& file) {
  return {std::move(key), file.rows, file.bytes, file.footer_bytes, file.columns};
}

Result<std::vector<std::string>> keys_below(objects::ObjectStore& store,
                                            const std::string& folder) {
  std::vector<std::string> keys;
  objects::ListRequest request{.prefix = folder};
  while (true) {
    BL_TRY(const objects::Listing page, store.list(request));
    for (const objects::ObjectInfo& one : page.objects) keys.push_back(one.key);
    if (!page.next) return keys;
    request.after = *page.next;
  }
}

Result<std::vector<lake::DataFile>> files_below(lake::Lake& lake, const std::string& folder) {
  BL_TRY(const auto keys, keys_below(lake.store(), folder));
  BL_TRY(const auto connection, lake.engine().connect());
  std::vector<lake::DataFile> files;
  for (const std::string& key : keys) {
    BL_TRY(const duck::ParquetFile file, duck::read_footer(*connection, lake.store().address(key)));
    files.push_back(data_file(key, file));
  }
  return files;
}

class Builder {
 public:
  Builder(lake::Lake& lake, Disk& disk, IdSource& ids, const std::string& scratch)
      : lake_(lake), disk_(disk), ids_(ids), scratch_(scratch) {}

  /// Zero rows: there is no such file.
  Result<std::int64_t> write(const lake::Snapshot& facts, const FilePlan& plan,
                             const std::string& key) {
    std::vector<const lake::DataFile*> files;
    const std::set<std::int64_t> months(plan.months.begin(), plan.months.end());
    for (const lake::DataFile& file : facts.files().files()) {
      const auto group = replica::group_of_file("results", file.key);
      const bool is_wanted = group && std::ranges::any_of(months, [&](std::int64_t month) {
                               return group->holds(month);
                             });
      if (is_wanted) files.push_back(&file);
    }
    BL_TRY(const auto paths, replica::paths_of(lake_, files));
    BL_TRY(const auto connection, lake_.engine().connect());
    BL_TRY(const auto relation, lake::relation_of(*connection, facts, files, paths, "tail"));
    const std::string path = scratch_ + "/" + ids_.next() + ".parquet";
    const std::string select = fmt::format(
        "SELECT * FROM {} WHERE fingerprint64 BETWEEN $1 AND $2 AND \"month\" IN "
        "(SELECT unnest($3)) ORDER BY {}",
        relation.sql, plan.order);
    BL_TRY(const duck::ParquetFile file,
           duck::write_parquet(
               *connection, disk_, select,
               {duck::Value(plan.low), duck::Value(plan.high), duck::Value(plan.months)}, path,
               {.row_group_rows = k_row_group_rows, .field_ids = true}));
    Result<void> kept;
    if (file.rows > 0) kept = lake_.store().put_file_if_absent(key, path);
    BL_RETURN_IF_ERROR(disk_.remove(path));
    BL_RETURN_IF_ERROR(kept);
    return file.rows;
  }

  Result<void> publish(const Variant& variant, const columns::Schema& schema) {
    const std::string table = table_of(variant);
    const auto created = lake_.catalog().create_table({table, schema, {}});
    if (!created.ok() && created.error().code != Code::conflict) return created;
    BL_TRY(const lake::PublisherToken token, lake_.catalog().take(table));
    BL_TRY(const lake::CatalogSnapshot there, lake_.catalog().snapshot(table));
    if (!there.files.empty()) return {};
    BL_TRY(auto files, files_below(lake_, folder_of(variant)));
    BL_TRY([[maybe_unused]] const std::int64_t id,
           lake_.catalog().publish(
               token, {.id = ids_.next(), .what = "replace", .added = std::move(files)}));
    return {};
  }

 private:
  lake::Lake& lake_;
  Disk& disk_;
  IdSource& ids_;
  const std::string& scratch_;
};

}  // namespace

std::span<const Variant> all_variants() {
  return k_variants;
}

Result<BuiltVariant> build_variant(lake::Lake& lake, Disk& disk, IdSource& ids,
                                   const std::string& scratch, const Variant& variant,
                                   const std::function<bool(std::size_t, std::size_t)>& go_on) {
  BuiltVariant built;
  if (variant.is_replica) return built;
  BL_TRY(const auto table, lake.table("results"));
  const lake::Snapshot facts = table->snapshot();
  std::set<std::int64_t> months;
  for (const lake::DataFile& file : facts.files().files()) {
    const auto group = replica::group_of_file("results", file.key);
    if (!group) continue;
    for (auto month = group->first_month; month <= group->last_month; ++month) months.insert(month);
  }
  BL_TRY(const auto there, keys_below(lake.store(), folder_of(variant)));
  const std::set<std::string> known(there.begin(), there.end());
  const auto plans = plan_of(variant, months);
  Builder builder(lake, disk, ids, scratch);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!go_on(i, plans.size())) return Error{Code::cancelled, "the proof was ended"};
    const std::string key = folder_of(variant) + plans[i].name + ".parquet";
    if (known.contains(key)) continue;
    BL_TRY(const std::int64_t rows, builder.write(facts, plans[i], key));
    built.files_written += rows > 0 ? 1 : 0;
    built.rows_written += rows;
  }
  if (variant.in_catalog) BL_RETURN_IF_ERROR(builder.publish(variant, facts.schema()));
  return built;
}

Result<lake::Snapshot> open_variant(lake::Lake& lake, const Variant& variant) {
  BL_TRY(const auto table, lake.table("results"));
  if (variant.is_replica) return table->snapshot();
  if (variant.in_catalog) {
    BL_TRY(const auto reader, lake::TableReader::open(lake.catalog(), table_of(variant)));
    return reader->snapshot();
  }
  lake::CatalogSnapshot snapshot;
  snapshot.schema = table->schema();
  BL_TRY(snapshot.files, files_below(lake, folder_of(variant)));
  if (snapshot.files.empty()) {
    return Error{Code::not_found, "no files of the layout " + std::string(variant.name)};
  }
  return lake::Snapshot(std::make_shared<const lake::FileSet>(std::move(snapshot)), {});
}

std::vector<std::string> paths_of(lake::Lake& lake, const lake::Snapshot& snapshot) {
  std::vector<std::string> paths;
  for (const lake::DataFile& file : snapshot.files().files()) {
    paths.push_back(lake.store().address(file.key));
  }
  return paths;
}

}  // namespace bl::results::proof
