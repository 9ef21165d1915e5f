#include "results/proof/interfaces.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "engine/duck_engine.h"
#include "results/encode.h"
#include "results/lake_compare.h"
#include "results/lake_history.h"
#include "results/lake_runs.h"
#include "results/lake_series.h"
#include "results/legacy_encode.h"
#include "results/proof/process.h"
#include "results/store_compare.h"
#include "results/store_history.h"
#include "results/store_runs.h"
#include "results/store_series.h"
#include "store/both_dialects.h"

namespace bl::results::proof {
namespace {

// splitmix64: the same numbers everywhere.
class Draw {
 public:
  Draw(std::uint64_t seed, std::uint64_t i) : state_(seed * 0xd6e8feb86659fd93ULL + i) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : next() % bound; }
  std::string of(const std::vector<std::string>& all) {
    return all.empty() ? "none" : all[below(all.size())];
  }

 private:
  std::uint64_t state_;
};

std::string said(const Error& error) {
  return std::string(name_of(error.code)) + ": " + error.message;
}
template <class T, class Encode>
std::string said(const Result<T>& answer, const Encode& encode) {
  return answer.ok() ? std::string(encode(*answer)) : said(answer.error());
}

Request history_request(const StoreSamples& samples, Draw& draw) {
  switch (draw.below(4)) {
    case 0: {
      const std::string id = draw.of(samples.result_ids);
      return {"series of a result", id, [id](const ReaderPorts& ports) {
                return said(ports.history->fingerprint_of(id),
                            [](const std::string& found) { return found; });
              }};
    }
    case 1: {
      const std::string series = draw.of(samples.fingerprints);
      return {"legacy history", series, [series](const ReaderPorts& ports) {
                const auto history = ports.history->history(series);
                if (!history.ok()) return said(history.error());
                return said(ports.history->details(series), [&](const HistoryDetails& details) {
                  return encode_legacy_history(*history, details);
                });
              }};
    }
    default: {
      const std::string series = draw.of(samples.fingerprints);
      return {"history", series, [series](const ReaderPorts& ports) {
                return said(ports.history->history(series),
                            [](const History& history) { return encode_history(history); });
              }};
    }
  }
}

std::string said_of_rows(const Result<std::vector<ResultRow>>& rows) {
  return said(rows, [](const std::vector<ResultRow>& all) {
    return encode_results(all, all.empty() ? std::nullopt : std::optional(all.back().id));
  });
}

Request runs_request(const StoreSamples& samples, Draw& draw) {
  ResultFilter filter;
  filter.page_size = 1 + static_cast<int>(draw.below(100));
  switch (draw.below(6)) {
    case 0: {
      const std::string id = draw.of(samples.result_ids);
      return {"result", id, [id](const ReaderPorts& ports) {
                return said(ports.runs->result(id), [](const StoredResult& result) {
                  return encode_result(result, SummaryMode::best);
                });
              }};
    }
    case 1: {
      const std::string repository = draw.of(samples.repositories);
      return {"recent runs", repository, [repository](const ReaderPorts& ports) {
                return said(ports.runs->recent_runs(repository, 25),
                            [](const std::vector<RunRow>& runs) {
                              return encode_recent_runs(runs, {}, WithAttention::yes);
                            });
              }};
    }
    case 2: {
      filter.run_id = draw.of(samples.run_ids);
      return {"whole results of a run", *filter.run_id, [filter](const ReaderPorts& ports) {
                return said(ports.runs->whole_results(filter), [](const WholePage& page) {
                  return encode_legacy_results(page, "http://localhost");
                });
              }};
    }
    case 3:
      filter.run_id = draw.of(samples.run_ids);
      return {"results of a run", *filter.run_id, [filter](const ReaderPorts& ports) {
                return said_of_rows(ports.runs->results(filter));
              }};
    case 4:
      filter.before_id = draw.of(samples.result_ids);
      return {"page of results", *filter.before_id, [filter](const ReaderPorts& ports) {
                return said_of_rows(ports.runs->results(filter));
              }};
    default:
      return {"newest results", "", [filter](const ReaderPorts& ports) {
                return said_of_rows(ports.runs->results(filter));
              }};
  }
}

std::string said_of(const verdict::Distribution& of) {
  return fmt::format("{} {}", of.mean ? fmt::format("{}", *of.mean) : "none",
                     of.stddev ? fmt::format("{}", *of.stddev) : "none");
}

Request compare_request(const StoreSamples& samples, Draw& draw) {
  if (draw.below(4) == 0) {
    const std::string id = draw.of(samples.result_ids), series = draw.of(samples.fingerprints);
    return {"distribution", id + " " + series, [id, series](const ReaderPorts& ports) {
              return said(ports.compare->distribution(id, series), said_of);
            }};
  }
  const auto pair = samples.pairs.empty()
                        ? std::pair{draw.of(samples.result_ids), draw.of(samples.result_ids)}
                        : samples.pairs[draw.below(samples.pairs.size())];
  return {"comparison", pair.first + " " + pair.second, [pair](const ReaderPorts& ports) {
            return said(ports.compare->compare(pair.first, pair.second),
                        [](const CompareInput& input) {
                          return encode_comparison(results::compare(input, {}));
                        });
          }};
}

Request health_request(const StoreSamples& samples, Draw& draw) {
  const std::size_t which = draw.below(6);
  if (which == 0) {
    return {"facts", "", [](const ReaderPorts& ports) {
              return said(ports.health->facts(),
                          [](const Facts& facts) { return encode_facts(facts, ""); });
            }};
  }
  if (which == 1) {
    const std::string word = draw.of(samples.words);
    return {"search", word, [word](const ReaderPorts& ports) {
              return said(ports.health->search(word, 20), [](const std::vector<SearchHit>& hits) {
                std::string text;
                for (const SearchHit& hit : hits)
                  text += hit.kind + " " + hit.title + " " + hit.detail + " " + hit.href + "\n";
                return text;
              });
            }};
  }
  SeriesFilter filter;
  filter.page_size = 1 + static_cast<int>(draw.below(100));
  filter.sort = static_cast<SeriesFilter::Sort>(draw.below(3));
  std::string kind = "series";
  if (which == 2) {
    filter.text = draw.of(samples.words);
    kind = "series by text";
  } else if (which == 3) {
    filter.repository = draw.of(samples.repositories);
    kind = "series of a repository";
  } else if (which == 4) {
    filter.status = static_cast<SeriesStatus>(draw.below(4));
    kind = "series by status";
  }
  return {kind, filter.text.value_or(filter.repository.value_or("")),
          [filter](const ReaderPorts& ports) {
            return said(ports.health->series(filter),
                        [](const SeriesPage& page) { return encode_series(page); });
          }};
}

constexpr std::array k_interfaces = {
    Interface{ReadPort::history, "history",
              [](const ReaderPorts& ports) { return ports.history != nullptr; }},
    Interface{ReadPort::compare, "compare",
              [](const ReaderPorts& ports) { return ports.compare != nullptr; }},
    Interface{ReadPort::health, "health",
              [](const ReaderPorts& ports) { return ports.health != nullptr; }},
    Interface{ReadPort::runs, "runs",
              [](const ReaderPorts& ports) { return ports.runs != nullptr; }},
};

struct Times {
  std::int64_t requests = 0, different = 0;
  std::vector<double> store_ms, lake_ms;
};

json::Value to_json(const Times& times) {
  json::Value out = json::Value::object();
  out.set("requests", json::Value::number(times.requests));
  out.set("different", json::Value::number(times.different));
  const auto put = [&](const std::string& side, const std::vector<double>& all) {
    out.set(side + "_p50_ms", json::Value::number(percentile(all, 0.5)));
    out.set(side + "_p95_ms", json::Value::number(percentile(all, 0.95)));
  };
  put("store", times.store_ms);
  put("lake", times.lake_ms);
  return out;
}

std::string timed(const Request& request, const ReaderPorts& ports, std::vector<double>& into) {
  const auto start = std::chrono::steady_clock::now();
  std::string text = request.ask(ports);
  into.push_back(
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  return text;
}

void add(Times& all, const Times& some) {
  all.requests += some.requests;
  all.different += some.different;
  all.store_ms.insert(all.store_ms.end(), some.store_ms.begin(), some.store_ms.end());
  all.lake_ms.insert(all.lake_ms.end(), some.lake_ms.begin(), some.lake_ms.end());
}

}  // namespace

Result<StoreSamples> draw_store_samples(store::Database& database, std::int64_t count) {
  StoreSamples samples;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    samples = {};
    const auto collect = [&](const store::Sql& sql, std::vector<std::string>& into) {
      return connection.query(sql, {count}, [&](const store::Row& row) {
        into.emplace_back(row.text(0));
        return true;
      });
    };
    BL_RETURN_IF_ERROR(collect(
        store::both_dialects<"select history_fingerprint from @series where series_no % "
                             "((select count(*) from @series) / $1 + 1) = 0 order by series_no "
                             "limit $1">(),
        samples.fingerprints));
    BL_RETURN_IF_ERROR(collect(
        store::both_dialects<"select id from @result_number where no % ((select max(no) from "
                             "@result_number) / $1 + 1) = 1 order by no limit $1">(),
        samples.result_ids));
    BL_RETURN_IF_ERROR(
        collect(store::both_dialects<"select run_id from @run where run_no % ((select count(*) "
                                     "from @run) / $1 + 1) = 0 order by run_no limit $1">(),
                samples.run_ids));
    BL_RETURN_IF_ERROR(
        collect(store::both_dialects<"select distinct repository from @run order by 1 limit $1">(),
                samples.repositories));
    BL_RETURN_IF_ERROR(
        collect(store::both_dialects<"select distinct name from @series order by name limit $1">(),
                samples.words));
    return connection.query(
        store::both_dialects<"select min(r.id), max(r.id) from benchmark_result r join @series s "
                             "on s.history_fingerprint = r.history_fingerprint where s.series_no "
                             "% ((select count(*) from @series) / $1 + 1) = 0 group by "
                             "s.series_no order by s.series_no limit $1">(),
        {std::min<std::int64_t>(count, 200)}, [&](const store::Row& row) {
          samples.pairs.emplace_back(row.text(0), row.text(1));
          return true;
        });
  }));
  return samples;
}

std::span<const Interface> all_interfaces() {
  return k_interfaces;
}

Request request_of(const Interface& interface, const StoreSamples& samples, std::uint64_t seed,
                   std::uint64_t i) {
  Draw draw(seed, i);
  switch (interface.port) {
    case ReadPort::history:
      return history_request(samples, draw);
    case ReadPort::compare:
      return compare_request(samples, draw);
    case ReadPort::health:
      return health_request(samples, draw);
    case ReadPort::runs:
      break;
  }
  return runs_request(samples, draw);
}

struct StoreReaders::All {
  explicit All(store::Database& database)
      : history(database), runs(database), compare(database), health(database) {}
  StoreHistoryReader history;
  StoreRunBrowser runs;
  StoreCompareReader compare;
  StoreProjectHealthReader health;
};
StoreReaders::StoreReaders(store::Database& database) : all_(std::make_unique<All>(database)) {}
StoreReaders::~StoreReaders() = default;
ReaderPorts StoreReaders::ports() const {
  return {&all_->history, &all_->runs, &all_->compare, &all_->health};
}

struct LakeReaders::All {
  All(lake::Lake& lake, store::Dialect of, std::unique_ptr<engine::Engine> its)
      : engine(std::move(its)),
        history(lake, *engine, of),
        runs(lake, *engine),
        compare(lake, *engine),
        health(lake, *engine, of) {}
  const std::unique_ptr<engine::Engine> engine;
  LakeHistoryReader history;
  LakeRunBrowser runs;
  LakeCompareReader compare;
  LakeProjectHealthReader health;
};
LakeReaders::LakeReaders(std::unique_ptr<All> all) : all_(std::move(all)) {}
LakeReaders::~LakeReaders() = default;
Result<std::unique_ptr<LakeReaders>> LakeReaders::open(lake::Lake& lake, store::Dialect of,
                                                       Metrics& metrics) {
  BL_TRY(auto engine, engine::open_duck_engine(lake.store(), metrics, {}));
  return std::unique_ptr<LakeReaders>(
      new LakeReaders(std::make_unique<All>(lake, of, std::move(engine))));
}
ReaderPorts LakeReaders::ports() const {
  return {&all_->history, &all_->runs, &all_->compare, &all_->health};
}

Result<json::Value> compare_interface(const Interface& interface, const Comparing& comparing) {
  json::Value out = json::Value::object();
  out.set("name", json::Value::string(std::string(interface.name)));
  const bool is_there = interface.is_there(comparing.store) && interface.is_there(comparing.lake);
  out.set("is_there", json::Value::boolean(is_there));
  if (!is_there) return out;
  std::map<std::string, Times> kinds;
  for (int i = 0; i < comparing.requests; ++i) {
    if (!comparing.go_on(static_cast<std::size_t>(i),
                         static_cast<std::size_t>(comparing.requests))) {
      return Error{Code::cancelled, "the proof was ended"};
    }
    const Request request =
        request_of(interface, comparing.samples, comparing.seed, static_cast<std::uint64_t>(i));
    Times& times = kinds[request.kind];
    ++times.requests;
    if (timed(request, comparing.store, times.store_ms) ==
        timed(request, comparing.lake, times.lake_ms)) {
      continue;
    }
    BL_RETURN_IF_ERROR(comparing.catch_up());
    if (request.ask(comparing.store) == request.ask(comparing.lake)) continue;
    ++times.different;
    comparing.on_difference(request);
  }
  Times all;
  json::Value by_kind = json::Value::object();
  for (const auto& [kind, times] : kinds) {
    add(all, times);
    by_kind.set(kind, to_json(times));
  }
  const json::Value total = to_json(all);
  for (const auto& [name, value] : total.members()) out.set(name, value);
  out.set("kinds", std::move(by_kind));
  return out;
}

}  // namespace bl::results::proof
