#include <fmt/format.h>

#include <thread>

#include "base/terminal.h"
#include "events/commands/command_log.h"
#include "events/commands/declarations.h"
#include "events/commands/made_builds.h"

/// What a log takes and answers, on this machine: appends one by one, by many writers, in batches;
/// then every question.
namespace bl::events {
namespace {

constexpr std::int64_t k_start = 1'700'000'000'000'000'000;
constexpr std::size_t k_page = 100;

struct Sizes {
  std::size_t events = 0;   ///< written in batches
  std::size_t singles = 0;  ///< one by one, and again by many writers
  std::size_t batch = 0;
  std::size_t writers = 0;
  std::size_t asks = 0;  ///< of each question
};

/// One line of the answer.
struct Measured {
  std::string what;
  std::int64_t calls = 0;
  std::int64_t events = 0;  ///< of all calls; of questions: that came back
  double seconds = 0;       ///< of all, from outside
  std::vector<double> each{};

  /// Seconds that `share` of the calls did not exceed.
  double quantile(double share) const {
    if (each.empty()) return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(each.size()));
    return each[std::min(at, each.size() - 1)];
  }
};

class Watch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Times every call; sorted afterwards.
Result<Measured> measure(std::string what, std::size_t calls,
                         const std::function<Result<std::size_t>(std::size_t)>& call) {
  Measured measured{.what = std::move(what), .calls = static_cast<std::int64_t>(calls)};
  const Watch all;
  for (std::size_t i = 0; i < calls; ++i) {
    const Watch one;
    BL_TRY(const std::size_t events, call(i));
    measured.each.push_back(one.seconds());
    measured.events += static_cast<std::int64_t>(events);
  }
  measured.seconds = all.seconds();
  std::ranges::sort(measured.each);
  return measured;
}

Result<Measured> append_one_by_one(EventLog& log, MadeBuilds& builds, std::size_t count) {
  return measure("append, one by one", count, [&](std::size_t) -> Result<std::size_t> {
    const BuildEvent event = builds.next();
    BL_RETURN_IF_ERROR(log.append({&event, 1}));
    return 1;
  });
}

Result<Measured> append_in_batches(EventLog& log, MadeBuilds& builds, const Sizes& sizes,
                                   ProgressBar& bar) {
  const std::size_t calls = std::max<std::size_t>(1, sizes.events / sizes.batch);
  return measure(fmt::format("append, batches of {}", sizes.batch), calls,
                 [&](std::size_t) -> Result<std::size_t> {
                   const std::vector<BuildEvent> events = builds.take(sizes.batch);
                   BL_RETURN_IF_ERROR(log.append(events));
                   bar.advance(events.size());
                   return events.size();
                 });
}

/// Many writers, each one by one.
Result<Measured> append_by_many(EventLog& log, std::uint64_t seed, const Sizes& sizes) {
  std::vector<Result<Measured>> parts(sizes.writers, Error{Code::internal, "not run"});
  const Watch all;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < sizes.writers; ++i) {
      threads.emplace_back([&, i] {
        MadeBuilds builds(seed + 100 + i, k_start + static_cast<std::int64_t>(i));
        parts[i] =
            append_one_by_one(log, builds, std::max<std::size_t>(1, sizes.singles / sizes.writers));
      });
    }
  }
  Measured sum{.what = fmt::format("append, {} writers", sizes.writers), .seconds = all.seconds()};
  for (auto& part : parts) {
    if (!part.ok()) return part.error();
    sum.calls += part->calls;
    sum.events += part->events;
    sum.each.insert(sum.each.end(), part->each.begin(), part->each.end());
  }
  std::ranges::sort(sum.each);
  return sum;
}

/// What the questions are asked about.
struct Known {
  std::vector<std::string> builds, runs, ids;
};

Result<Known> known_of(EventLog& log) {
  Known known;
  BL_TRY(const EventPage page, log.list(0, {}, 1'000));
  for (const StoredEvent& stored : page.events) {
    known.ids.push_back(stored.event.event_id);
    known.builds.push_back(stored.event.build_request_id);
    if (const std::string_view run = job_run_of(stored.event); !run.empty()) {
      known.runs.emplace_back(run);
    }
  }
  if (known.runs.empty()) return Error{Code::internal, "the log has no runs after the appends"};
  return known;
}

Result<std::vector<Measured>> ask_all(EventLog& log, std::size_t asks) {
  BL_TRY(const Known known, known_of(log));
  using Question = std::pair<const char*, std::function<Result<std::size_t>(std::size_t)>>;
  const auto count = [](const Result<Events>& events) -> Result<std::size_t> {
    if (!events.ok()) return events.error();
    return events->events.size();
  };
  const Slice slice{.since = std::nullopt, .limit = k_page};
  const std::vector<Question> questions = {
      {"one event",
       [&](std::size_t i) -> Result<std::size_t> {
         BL_TRY(const auto event, log.event(known.ids[i % known.ids.size()]));
         return event ? 1 : 0;
       }},
      {"events of a build",
       [&](std::size_t i) {
         return count(log.build_request_events(known.builds[i % known.builds.size()], slice));
       }},
      {"events of a partition",
       [&](std::size_t i) { return count(log.partition_events(MadeBuilds::partition(i), slice)); }},
      {"events of a run",
       [&](std::size_t i) {
         return count(log.job_run_events(known.runs[i % known.runs.size()], slice));
       }},
      {"events in a range",
       [&](std::size_t i) {
         const std::int64_t from = k_start + static_cast<std::int64_t>(i) * 1'000'000;
         return count(log.events_in_range(from, from + 100'000'000, k_page));
       }},
      {"a partition's status",
       [&](std::size_t i) -> Result<std::size_t> {
         BL_TRY(const auto state, log.latest_partition_status(MadeBuilds::partition(i)));
         return state ? 1 : 0;
       }},
      {"active builds of a partition",
       [&](std::size_t i) -> Result<std::size_t> {
         BL_TRY(const auto builds, log.active_builds_for_partition(MadeBuilds::partition(i)));
         return builds.size();
       }},
      {"list of builds",
       [&](std::size_t) -> Result<std::size_t> {
         BL_TRY(const auto list, log.list_build_requests({.limit = k_page}, std::nullopt));
         return list.items.size();
       }},
      {"list of partitions",
       [&](std::size_t) -> Result<std::size_t> {
         BL_TRY(const auto list, log.list_recent_partitions({.limit = k_page}, std::nullopt));
         return list.items.size();
       }},
      {"list of jobs",
       [&](std::size_t) -> Result<std::size_t> {
         BL_TRY(const auto list, log.list_jobs({.limit = k_page}, "job_1"));
         return list.items.size();
       }},
      {"activity",
       [&](std::size_t) -> Result<std::size_t> {
         BL_RETURN_IF_ERROR(log.activity());
         return 1;
       }},
  };
  std::vector<Measured> measured;
  for (const auto& [what, call] : questions) {
    BL_TRY(Measured one, measure(what, asks, call));
    measured.push_back(std::move(one));
  }
  return measured;
}

std::string json_of(const LogStatus& status, const std::vector<Measured>& all) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("backend", status.backend).member("uri", status.uri);
  writer.member("events", status.events)
      .member("bytes", status.bytes)
      .key("measured")
      .begin_array();
  for (const Measured& one : all) {
    writer.begin_object()
        .member("what", one.what)
        .member("calls", one.calls)
        .member("events", one.events)
        .member("seconds", one.seconds)
        .member("p50_seconds", one.quantile(0.5))
        .member("p95_seconds", one.quantile(0.95))
        .member("p99_seconds", one.quantile(0.99))
        .end_object();
  }
  writer.end_array().end_object();
  return text;
}

std::string table_of(const std::vector<Measured>& all, CommandIo& io) {
  using enum Table::Align;
  Table table({{"what"},
               {"calls", right},
               {"events/s", right},
               {"p50", right},
               {"p95", right},
               {"p99", right}});
  for (const Measured& one : all) {
    const double rate = one.seconds > 0 ? static_cast<double>(one.events) / one.seconds : 0;
    table.add_row({one.what, with_thousands(static_cast<std::uint64_t>(one.calls)),
                   with_thousands(static_cast<std::uint64_t>(rate)),
                   human_value(one.quantile(0.5), "s"), human_value(one.quantile(0.95), "s"),
                   human_value(one.quantile(0.99), "s")});
  }
  return table.to_text(terminal_width(io.out), is_color_terminal(io.out));
}

Result<Sizes> sizes_of(const Arguments& arguments) {
  constexpr std::int64_t k_most = 1'000'000'000;
  Sizes sizes;
  const auto read = [&](const char* option, std::int64_t most, std::size_t& to) -> Result<void> {
    BL_TRY(const std::int64_t number, arguments.integer(option, 1, most));
    to = static_cast<std::size_t>(number);
    return {};
  };
  BL_RETURN_IF_ERROR(read("--events", k_most, sizes.events));
  BL_RETURN_IF_ERROR(read("--singles", k_most, sizes.singles));
  BL_RETURN_IF_ERROR(
      read("--batch", static_cast<std::int64_t>(EventLog::k_append_max), sizes.batch));
  BL_RETURN_IF_ERROR(read("--writers", 256, sizes.writers));
  BL_RETURN_IF_ERROR(read("--asks", k_most, sizes.asks));
  return sizes;
}

Result<ExitCode> bench(EventLog& log, const Arguments& arguments, CommandIo& io,
                       CommandWorld& world) {
  BL_TRY(const Sizes sizes, sizes_of(arguments));
  BL_TRY(const std::int64_t seed, arguments.integer("--seed", 0, INT32_MAX));
  BL_TRY(const LogStatus before, log.status());
  if (before.events > 0) {
    return Error{Code::conflict,
                 fmt::format("measurements are made on a new log, this one has {} events: {}",
                             before.events, before.uri)};
  }
  std::vector<Measured> all;
  MadeBuilds builds(static_cast<std::uint64_t>(seed), k_start);
  {
    ProgressBar bar(io.err, world.clock, "appending", sizes.events);
    BL_TRY(Measured batches, append_in_batches(log, builds, sizes, bar));
    all.push_back(std::move(batches));
  }
  BL_TRY(Measured singles, append_one_by_one(log, builds, sizes.singles));
  all.push_back(std::move(singles));
  BL_TRY(Measured many, append_by_many(log, static_cast<std::uint64_t>(seed), sizes));
  all.push_back(std::move(many));
  BL_TRY(const std::vector<Measured> asked, ask_all(log, sizes.asks));
  all.insert(all.end(), asked.begin(), asked.end());
  BL_TRY(const LogStatus after, log.status());
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json_of(after, all));
  } else {
    fmt::print(io.out, "{}", table_of(all, io));
    fmt::print(io.out, "{} events are left in {}\n",
               with_thousands(static_cast<std::uint64_t>(after.events)), after.uri);
  }
  return ExitCode::ok;
}

}  // namespace

Command bench_command(const CommandPorts& ports) {
  return log_command(ports,
                     {.path = "events bench",
                      .help = "measures appends and questions on a new log, and leaves it there",
                      .example = "benchlake events bench --log delta:///tmp/bench --events 1000000",
                      .options = {{.name = "--events",
                                   .value_name = "COUNT",
                                   .help = "events that are appended in batches",
                                   .default_text = "100000"},
                                  {.name = "--singles",
                                   .value_name = "COUNT",
                                   .help = "events one by one, and again by many writers",
                                   .default_text = "2000"},
                                  {.name = "--batch",
                                   .value_name = "COUNT",
                                   .help = "events of a batch",
                                   .default_text = "1000"},
                                  {.name = "--writers",
                                   .value_name = "COUNT",
                                   .help = "that append at once",
                                   .default_text = "16"},
                                  {.name = "--asks",
                                   .value_name = "COUNT",
                                   .help = "calls of each question",
                                   .default_text = "200"},
                                  {.name = "--seed",
                                   .value_name = "NUMBER",
                                   .help = "of the made builds",
                                   .default_text = "1"}},
                      .arguments = {},
                      .run = {}},
                     LogUse::write, bench);
}

}  // namespace bl::events
