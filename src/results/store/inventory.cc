#include "results/store_inventory.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "results/store/rows.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Param;

struct RunPlace {
  std::int64_t run_no = 0;
  std::string run_id, repository;
  std::optional<std::string> run_reason;
  std::int64_t first_result_at = 0;
};

Result<RunPlace> find_run(store::Connection& connection, const std::string& run_id) {
  std::optional<RunPlace> found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select run_no, repository, run_reason, first_result_at from @run "
                           "where run_id = $1 order by result_count desc, run_no limit 1">(),
      {std::string_view(run_id)}, [&](const store::Row& row) {
        found = RunPlace{row.integer(0), run_id, std::string(row.text(1)), row.text_or_null(2),
                         row.integer(3)};
        return true;
      }));
  if (!found) return Error{Code::not_found, "no run has the id " + run_id};
  return std::move(*found);
}

// Newest first; of the same reason, and done before this one began.
Result<std::vector<RunPlace>> runs_before(store::Connection& connection, const RunPlace& run,
                                          std::int64_t count_max) {
  std::vector<RunPlace> runs;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select run_no, run_id from @run where repository = $1 and "
                           "run_reason is not distinct from $2@postgres{::text} and "
                           "run_no <> $3 and first_result_at < $4 "
                           "order by @postgres{last_result_hour desc, }last_result_at desc, "
                           "run_no desc limit $5">(),
      {std::string_view(run.repository), store::param_of(run.run_reason), run.run_no,
       run.first_result_at, count_max},
      [&](const store::Row& row) {
        runs.push_back({row.integer(0), std::string(row.text(1)), {}, {}, 0});
        return true;
      }));
  return runs;
}

// Runs on other machines teach nothing about this one.
Result<bool> shares_hardware(store::Connection& connection, std::int64_t run_no,
                             std::int64_t other_run_no) {
  bool shares = false;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select 1 from @run_series u join @series s on s.series_no = u.series_no "
          "where u.run_no = $2 and s.hardware_hash in (select distinct t.hardware_hash from "
          "@run_series v join @series t on t.series_no = v.series_no where v.run_no = $1) "
          "limit 1">(),
      {run_no, other_run_no}, [&](const store::Row&) { return shares = true; }));
  return shares;
}

// A series that some of the runs had, or this one has.
struct Known {
  std::string history_fingerprint, name, tags, hardware, latest_result_id;
  int seen = 0;
  std::int64_t last_run_no = 0;
  bool pinned = false;
};
using KnownSeries = std::unordered_map<std::int64_t, Known>;  // by series_no

Result<void> read_series(store::Connection& connection, std::int64_t run_no,
                         const std::function<void(std::int64_t, const store::Row&)>& each) {
  return connection.query(
      store::both_dialects<
          "select s.series_no, s.history_fingerprint, s.name, s.tags, s.hardware_name, "
          "s.latest_result_id, s.hardware_hash from @run_series u join @series s "
          "on s.series_no = u.series_no where u.run_no = $1">(),
      {run_no}, [&](const store::Row& row) {
        each(row.integer(0), row);
        return true;
      });
}

Known known_of(const store::Row& row) {
  Known known;
  known.history_fingerprint = row.text(1);
  known.name = row.text(2);
  known.tags = row.text(3);
  known.hardware = row.text(4);
  known.latest_result_id = row.text(5);
  return known;
}

struct OwnSeries {
  std::unordered_set<std::int64_t> series;
  std::unordered_set<std::string> names, fingerprints, hardware_hashes;
};

Result<OwnSeries> series_of(store::Connection& connection, const RunPlace& run) {
  OwnSeries own;
  BL_RETURN_IF_ERROR(
      read_series(connection, run.run_no, [&](std::int64_t series_no, const store::Row& row) {
        own.series.insert(series_no);
        own.fingerprints.emplace(row.text(1));
        own.names.emplace(row.text(2));
        own.hardware_hashes.emplace(row.text(6));
      }));
  return own;
}

Result<std::vector<RunPlace>> teachers_of(store::Connection& connection, const RunPlace& run,
                                          const InventoryQuery& query,
                                          const InventoryLimits& limits) {
  BL_TRY(const auto candidates,
         runs_before(connection, run,
                     static_cast<std::int64_t>(query.runs) * limits.candidates_factor));
  std::vector<RunPlace> teachers;
  for (const RunPlace& candidate : candidates) {
    if (teachers.size() == static_cast<std::size_t>(query.runs)) break;
    BL_TRY(const bool shares, shares_hardware(connection, run.run_no, candidate.run_no));
    if (shares) teachers.push_back(candidate);
  }
  return teachers;
}

Result<KnownSeries> learn(store::Connection& connection, const std::vector<RunPlace>& teachers,
                          const OwnSeries& own) {
  KnownSeries known;
  for (const RunPlace& teacher : teachers) {  // newest first
    BL_RETURN_IF_ERROR(
        read_series(connection, teacher.run_no, [&](std::int64_t series_no, const store::Row& row) {
          if (!own.hardware_hashes.contains(std::string(row.text(6)))) return;
          const auto [found, is_new] = known.try_emplace(series_no);
          if (is_new) {
            found->second = known_of(row);
            found->second.last_run_no = teacher.run_no;
          }
          ++found->second.seen;
        }));
  }
  return known;
}

Result<std::vector<InventoryPin>> pins_of(store::Connection& connection, const RunPlace& run) {
  std::vector<InventoryPin> pins;
  const std::string reason = run.run_reason.value_or("");
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select distinct name, history_fingerprint from @inventory_pin where repository = $1 "
          "and run_reason in ('', $2) order by 1, 2">(),
      {std::string_view(run.repository), std::string_view(reason)}, [&](const store::Row& row) {
        pins.push_back({std::string(row.text(0)), std::string(row.text(1))});
        return true;
      }));
  return pins;
}

// What a pinned series is, whether or not a run before had it.
Result<Known> pinned_series(store::Connection& connection, const std::string& fingerprint) {
  Known known;
  known.history_fingerprint = fingerprint;
  known.tags = "{}";
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select series_no, history_fingerprint, name, tags, hardware_name, "
                           "latest_result_id from @series where history_fingerprint = $1">(),
      {std::string_view(fingerprint)}, [&](const store::Row& row) {
        known = known_of(row);
        return true;
      }));
  return known;
}

MissingBenchmark missing_of(const Known& known, const std::vector<RunPlace>& teachers) {
  MissingBenchmark missing;
  missing.name = known.name;
  missing.tags_json = known.tags;
  missing.hardware = known.hardware;
  missing.history_fingerprint = known.history_fingerprint;
  if (!known.latest_result_id.empty()) missing.last_result_id = known.latest_result_id;
  missing.seen_in_runs = known.seen;
  missing.pinned = known.pinned;
  const auto last = std::find_if(teachers.begin(), teachers.end(), [&](const RunPlace& run) {
    return run.run_no == known.last_run_no;
  });
  if (last != teachers.end()) missing.last_run_id = last->run_id;
  return missing;
}

MissingBenchmark missing_name(const std::string& name) {
  MissingBenchmark missing;
  missing.name = name;
  json::Writer(missing.tags_json).begin_object().member("name", name).end_object();
  missing.pinned = true;
  return missing;
}

// Names and series that somebody pinned. A pin of what is expected anyway only marks it.
Result<void> add_pins(store::Connection& connection, const std::vector<InventoryPin>& pins,
                      const OwnSeries& own, KnownSeries& expected,
                      std::vector<MissingBenchmark>& missing, Inventory& inventory) {
  std::unordered_map<std::string_view, Known*> by_fingerprint;
  std::unordered_map<std::string_view, std::vector<Known*>> by_name;
  for (auto& [series_no, known] : expected) {
    by_fingerprint.emplace(known.history_fingerprint, &known);
    by_name[known.name].push_back(&known);
  }
  for (const InventoryPin& pin : pins) {
    if (!pin.name.empty()) {
      const auto variants = by_name.find(pin.name);
      if (variants != by_name.end()) {
        for (Known* known : variants->second) known->pinned = true;
        continue;
      }
      ++inventory.expected;
      if (own.names.contains(pin.name)) {
        ++inventory.present;
      } else {
        missing.push_back(missing_name(pin.name));
      }
      continue;
    }
    const auto known = by_fingerprint.find(pin.history_fingerprint);
    if (known != by_fingerprint.end()) {
      known->second->pinned = true;
      continue;
    }
    ++inventory.expected;
    if (own.fingerprints.contains(pin.history_fingerprint)) {
      ++inventory.present;
      continue;
    }
    BL_TRY(Known pinned, pinned_series(connection, pin.history_fingerprint));
    pinned.pinned = true;
    missing.push_back(missing_of(pinned, {}));
  }
  return {};
}

// What only a few of the runs had is not expected.
KnownSeries expected_of(KnownSeries known, std::size_t runs, double share) {
  const double wanted = std::ceil(static_cast<double>(runs) * share);
  std::erase_if(known, [&](const auto& series) { return series.second.seen < wanted; });
  return known;
}

Result<Inventory> make_inventory(store::Connection& connection, const InventoryQuery& query,
                                 const InventoryLimits& limits) {
  Inventory inventory;
  BL_TRY(const RunPlace run, find_run(connection, query.run_id));
  inventory.run_id = run.run_id;
  inventory.repository = run.repository;
  inventory.run_reason = run.run_reason;
  BL_TRY(const OwnSeries own, series_of(connection, run));
  BL_TRY(const auto teachers, teachers_of(connection, run, query, limits));
  for (const RunPlace& teacher : teachers) inventory.learnt_from_run_ids.push_back(teacher.run_id);
  BL_TRY(auto known, learn(connection, teachers, own));
  KnownSeries expected = expected_of(std::move(known), teachers.size(), query.share);
  BL_TRY(const auto pins, pins_of(connection, run));
  inventory.expected = static_cast<std::int64_t>(expected.size());
  BL_RETURN_IF_ERROR(add_pins(connection, pins, own, expected, inventory.missing, inventory));
  for (const auto& [series_no, one] : expected) {
    if (own.series.contains(series_no)) {
      ++inventory.present;
    } else {
      inventory.missing.push_back(missing_of(one, teachers));
    }
  }
  for (const std::int64_t series_no : own.series) {
    if (!expected.contains(series_no)) ++inventory.additional;
  }
  inventory.missing_count = static_cast<std::int64_t>(inventory.missing.size());
  std::sort(inventory.missing.begin(), inventory.missing.end(),
            [](const MissingBenchmark& a, const MissingBenchmark& b) {
              return std::tie(a.name, a.tags_json, a.hardware, a.history_fingerprint) <
                     std::tie(b.name, b.tags_json, b.hardware, b.history_fingerprint);
            });
  if (inventory.missing.size() > limits.missing_max) inventory.missing.resize(limits.missing_max);
  return inventory;
}

}  // namespace

Result<Inventory> StoreInventory::inventory(const InventoryQuery& query) {
  if (query.runs < 1 || query.runs > limits_.runs_max) {
    return Error{Code::invalid, "an inventory learns from 1 to " +
                                    std::to_string(limits_.runs_max) +
                                    " runs: " + std::to_string(query.runs)};
  }
  if (!(query.share > 0 && query.share <= 1)) {
    return Error{Code::invalid, "the share of runs must be greater than 0 and at most 1"};
  }
  Inventory inventory;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(inventory, make_inventory(connection, query, limits_));
    return {};
  }));
  return inventory;
}

Result<std::vector<PinList>> StoreInventory::pins(std::string_view repository) {
  std::vector<PinList> lists;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    lists.clear();
    return connection.query(
        store::both_dialects<
            "select run_reason, name, history_fingerprint from @inventory_pin "
            "where repository = $1 order by @binary{run_reason}, name, history_fingerprint">(),
        {repository}, [&](const store::Row& row) {
          if (lists.empty() || lists.back().run_reason != row.text(0)) {
            lists.push_back({std::string(repository), std::string(row.text(0)), {}});
          }
          lists.back().pins.push_back({std::string(row.text(1)), std::string(row.text(2))});
          return true;
        });
  }));
  return lists;
}

Result<void> StoreInventory::set_pins(const PinList& list, const Change& change) {
  if (list.pins.size() > limits_.pins_max) {
    return Error{Code::invalid, "a list has at most " + std::to_string(limits_.pins_max) +
                                    " pins: " + std::to_string(list.pins.size())};
  }
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(connection.execute(
        store::both_dialects<"delete from @inventory_pin where repository = $1 and "
                             "run_reason = $2">(),
        {std::string_view(list.repository), std::string_view(list.run_reason)}));
    store::ParamRows rows(4);
    for (const InventoryPin& pin : list.pins) {
      rows.add({std::string_view(list.repository), std::string_view(list.run_reason),
                std::string_view(pin.name), std::string_view(pin.history_fingerprint)});
    }
    if (!rows.empty()) {
      BL_RETURN_IF_ERROR(connection.execute_many(
          store::both_dialects<"insert into @inventory_pin (repository, run_reason, name, "
                               "history_fingerprint) values ($1, $2, $3, $4) "
                               "on conflict do nothing">(),
          rows));
    }
    std::string detail;
    json::Writer(detail)
        .begin_object()
        .member("run_reason", list.run_reason)
        .member("pins", static_cast<std::int64_t>(list.pins.size()))
        .end_object();
    return store::record_audit(connection, {.at = change.at,
                                            .actor_id = change.actor_id,
                                            .actor_name = change.actor_name,
                                            .action = "inventory.set",
                                            .object = list.repository,
                                            .detail = detail});
  });
}

}  // namespace bl::results
