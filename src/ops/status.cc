#include "ops/status.h"

#include <sys/stat.h>

#include "base/json.h"

namespace bl::ops {
namespace {

/// The metrics of one moment, by name.
class Samples {
 public:
  explicit Samples(std::vector<MetricSample> samples) : samples_(std::move(samples)) {}
  /// The sum over all labels.
  double sum(std::string_view name) const {
    double sum = 0;
    for (const MetricSample& sample : samples_) sum += sample.name == name ? sample.value : 0;
    return sum;
  }
  std::int64_t whole(std::string_view name) const { return static_cast<std::int64_t>(sum(name)); }
  const MetricSample* find(std::string_view name) const {
    for (const MetricSample& sample : samples_) {
      if (sample.name == name) return &sample;
    }
    return nullptr;
  }
  const std::vector<MetricSample>& all() const { return samples_; }

 private:
  std::vector<MetricSample> samples_;
};

std::int64_t bytes_of_file(const std::string& path) {
  struct stat facts{};
  return stat(path.c_str(), &facts) == 0 ? static_cast<std::int64_t>(facts.st_size) : 0;
}

/// Size of the database, without a scan.
std::optional<std::int64_t> store_bytes(const ServerPorts& ports) {
  if (ports.setting.place.dialect == store::Dialect::sqlite)
    return bytes_of_file(ports.setting.place.file);
  std::optional<std::int64_t> bytes;
  const auto asked = ports.database.read([&](store::Connection& connection) {
    return connection.query("SELECT pg_database_size(current_database())", {},
                            [&](const store::Row& row) {
                              bytes = row.integer(0);
                              return true;
                            });
  });
  return asked.ok() ? bytes : std::nullopt;
}

/// `least`: what every observation is at least; the first bucket begins at 0.
void write_quantiles(json::Writer& writer, std::string_view key, const MetricSample* histogram,
                     double least) {
  writer.key(key).begin_object();
  for (const auto& [name, share] : {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}}) {
    auto value = histogram == nullptr ? std::nullopt : quantile(*histogram, share);
    if (value) value = std::max(*value, least);
    writer.member(name, value);
  }
  writer.end_object();
}

void write_writes(json::Writer& writer, const Samples& samples) {
  writer.key("writes").begin_object();
  writer.member("waiting", samples.whole("bl_store_write_queue"))
      .member("acknowledged", samples.whole("bl_store_writes_total"))
      .member("commits", samples.whole("bl_store_commits_total"))
      .member("wal_bytes", samples.whole("bl_store_wal_bytes"));
  write_quantiles(writer, "commit_seconds", samples.find("bl_store_commit_seconds"), 0);
  write_quantiles(writer, "group_size", samples.find("bl_store_group_size"), 1);
  writer.end_object();
}

/// Requests by the class of their status: "2xx".
std::map<std::string, std::int64_t> requests_by_class(const Samples& samples) {
  std::map<std::string, std::int64_t> classes;
  for (const MetricSample& sample : samples.all()) {
    if (sample.name != "bl_http_requests_total") continue;
    const auto status = sample.labels.find("status");
    if (status == sample.labels.end() || status->second.empty()) continue;
    classes[status->second.substr(0, 1) + "xx"] += static_cast<std::int64_t>(sample.value);
  }
  return classes;
}

void write_http(json::Writer& writer, const Samples& samples) {
  writer.key("http").begin_object();
  writer.member("connections", samples.whole("bl_http_connections"))
      .member("waiting", samples.whole("bl_http_queue_length"));
  writer.key("requests").begin_object();
  for (const auto& [name, count] : requests_by_class(samples)) writer.member(name, count);
  writer.end_object().end_object();
}

void write_limits(json::Writer& writer, const Samples& samples) {
  writer.key("limits_reached").begin_array();
  for (const MetricSample& sample : samples.all()) {
    const auto limit = sample.labels.find("limit");
    if (limit == sample.labels.end() || sample.value == 0) continue;
    writer.begin_object()
        .member("limit", limit->second)
        .member("times", static_cast<std::int64_t>(sample.value))
        .end_object();
  }
  writer.end_array();
}

void write_troubles(json::Writer& writer, const RecentErrors* errors,
                    StatusReader::Audience audience) {
  writer.key("troubles").begin_array();
  for (const LoggedTrouble& trouble :
       errors == nullptr ? std::vector<LoggedTrouble>() : errors->newest()) {
    writer.begin_object()
        .member("time", trouble.time)
        .member("level", trouble.level)
        .member("event", trouble.event);
    if (audience == StatusReader::Audience::operator_alone) writer.key("line").raw(trouble.line);
    writer.end_object();
  }
  writer.end_array();
}

}  // namespace

StatusReader::StatusReader(ServerPorts ports, const Clock& clock)
    : ports_(std::move(ports)),
      clock_(clock),
      started_at_(clock.now()),
      started_(clock.steady_now()) {}

StatusReader::Stored StatusReader::stored() {
  const auto now = clock_.steady_now();
  {
    const std::lock_guard lock(mutex_);
    if (stored_ && now - stored_->read_at < k_stored_facts_age_max) return *stored_;
  }
  Stored fresh{.read_at = now};
  const auto steps = store::plan_migrations(ports_.database, {});
  auto facts = steps.ok() ? ports_.facts(ports_.database) : steps.error();
  if (facts.ok()) {
    fresh.facts = std::move(facts).value();
    fresh.schema = steps->empty() ? 0 : steps->back().number;
  } else {
    fresh.error = facts.error().message;
  }
  const std::lock_guard lock(mutex_);
  stored_ = fresh;
  return fresh;
}

std::string StatusReader::read(Audience audience) {
  const Samples samples(ports_.metrics.samples("bl_"));
  const Stored stored = this->stored();
  const StorePlace& place = ports_.setting.place;
  std::string text;
  json::Writer writer(text);
  const auto uptime =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.steady_now() - started_);
  writer.begin_object()
      .member("version", ports_.version)
      .member("started_at", to_rfc3339(started_at_))
      .member("uptime_s", static_cast<std::int64_t>(uptime.count()));
  writer.key("store").begin_object();
  writer.member("kind", place.dialect == store::Dialect::sqlite ? "sqlite" : "postgres")
      .member("bytes", stored.error ? std::nullopt : store_bytes(ports_))
      .member("schema", stored.schema)
      .member("answers", !stored.error.has_value());
  if (audience == Audience::operator_alone)
    writer.member("place", place.redacted).member("error", stored.error);
  writer.key("facts").begin_array();
  for (const StoredFact& fact : stored.facts) {
    writer.begin_object()
        .member("name", fact.name)
        .member("title", fact.title)
        .member("value", fact.value)
        .end_object();
  }
  writer.end_array().end_object();
  write_writes(writer, samples);
  write_http(writer, samples);
  const auto certificate = ports_.certificate();
  writer.member("certificate_expires_at",
                certificate ? std::optional(to_rfc3339(certificate->expires_at)) : std::nullopt);
  write_limits(writer, samples);
  write_troubles(writer, ports_.errors, audience);
  writer.end_object();
  return text;
}

}  // namespace bl::ops
