#include "ops/query_work.h"

#include <fmt/format.h>

#include <filesystem>

#include "ops/query_json.h"

namespace bl::ops {
namespace {

constexpr std::size_t k_sql_bytes_max = 256u << 10;
constexpr std::size_t k_parameters_max = 1'000;
constexpr std::size_t k_id_chars_max = 64;
constexpr std::int64_t k_time_ms_min = 1'000;  // less is a coin that is tossed

bool is_query_id(const std::string& text) {
  return !text.empty() && text.size() <= k_id_chars_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

template <class T, class Take>
std::optional<duck::Value> list_of(const json::Array& items, Take take) {
  std::vector<T> values;
  for (const json::Value& item : items) {
    const std::optional<T> value = take(item);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return duck::Value(std::move(values));
}

class RequestReader {
 public:
  RequestReader(const engine::QueryLimits& most) : most_(most) { request_.limits = most; }

  Result<QueryRequest> read(const json::Value& document) {
    bool has_sql = false;
    if (!document.is_object()) faults_.add("", "must be an object", &document);
    for (const auto& [key, value] : document.is_object() ? document.members() : json::Object()) {
      if (key == "sql") {
        has_sql = true;
        read_sql(value);
      } else if (key == "id") {
        read_id(value);
      } else if (key == "parameters") {
        read_parameters(value);
      } else if (key == "rows_max") {
        request_.limits.rows_max = limit("/rows_max", value, most_.rows_max);
      } else if (key == "bytes_max") {
        request_.limits.bytes_max = static_cast<std::uint64_t>(
            limit("/bytes_max", value, static_cast<std::int64_t>(most_.bytes_max)));
      } else if (key == "time_max_ms") {
        const std::int64_t most = most_.time_max.count();
        request_.limits.time_max = std::chrono::milliseconds(
            limit("/time_max_ms", value, most, std::min(k_time_ms_min, most)));
      } else {
        faults_.add(json::pointer_append("", key), "unknown field", &value);
      }
    }
    if (document.is_object() && !has_sql) faults_.add("/sql", "is required");
    if (!faults_.ok()) return faults_.to_error("the query");
    return std::move(request_);
  }

 private:
  void read_sql(const json::Value& value) {
    if (!value.is_string() || value.as_string().empty()) {
      faults_.add("/sql", "must be a text", &value);
    } else if (value.as_string().size() > k_sql_bytes_max) {
      faults_.add_text("/sql", fmt::format("must not be longer than {} bytes", k_sql_bytes_max),
                       std::to_string(value.as_string().size()));
    } else {
      request_.sql = value.as_string();
    }
  }
  void read_id(const json::Value& value) {
    if (value.is_string() && is_query_id(value.as_string())) {
      request_.id = value.as_string();
    } else {
      faults_.add("/id", "must be up to 64 letters, digits, `-` and `_`", &value);
    }
  }
  void read_parameters(const json::Value& value) {
    if (!value.is_array() || value.items().size() > k_parameters_max) {
      faults_.add("/parameters", fmt::format("must be an array of at most {}", k_parameters_max),
                  &value);
      return;
    }
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      if (auto parameter = parameter_of(value.items()[i])) {
        request_.parameters.push_back(std::move(*parameter));
      } else {
        faults_.add(json::pointer_append("/parameters", i),
                    "must be null, a boolean, a number, a text, or a list of texts or of whole "
                    "numbers",
                    &value.items()[i]);
      }
    }
  }
  std::int64_t limit(const char* path, const json::Value& value, std::int64_t most,
                     std::int64_t least = 1) {
    const auto number = value.is_number() ? value.as_int64() : std::nullopt;
    if (number && *number >= least && *number <= most) return *number;
    faults_.add(path, fmt::format("must be a whole number from {} to {}", least, most), &value);
    return most;
  }

  const engine::QueryLimits& most_;
  QueryRequest request_;
  json::Faults faults_;
};

}  // namespace

std::optional<duck::Value> parameter_of(const json::Value& value) {
  if (value.is_null()) return duck::Value(duck::Null{});
  if (value.is_bool()) return duck::Value(value.as_bool());
  if (value.is_string()) return duck::Value(value.as_string());
  if (value.is_number()) {
    if (const auto whole = value.as_int64()) return duck::Value(*whole);
    return duck::Value(value.as_double());
  }
  if (!value.is_array()) return std::nullopt;
  if (!value.items().empty() && value.items()[0].is_number()) {
    return list_of<std::int64_t>(value.items(), [](const json::Value& item) {
      return item.is_number() ? item.as_int64() : std::nullopt;
    });
  }
  return list_of<std::string>(value.items(), [](const json::Value& item) {
    return item.is_string() ? std::optional(item.as_string()) : std::nullopt;
  });
}

Result<QueryRequest> decode_query(std::string_view body, const engine::QueryLimits& most) {
  BL_TRY(const json::Value document, json::parse(body));
  return RequestReader(most).read(document);
}

Result<std::unique_ptr<engine::Engine>> open_query_engine(lake::Lake& lake,
                                                          const lake::LakeOptions& options,
                                                          const QuerySetting& setting, Log& log,
                                                          Metrics& metrics) {
  engine::WorkerEngineOptions of_engine;
  of_engine.folder = options.folder + "/query";
  // Where the store has its keys, whatever the setting looks like.
  of_engine.readable = {std::filesystem::path(lake.store().address("x")).parent_path().string()};
  of_engine.limits = setting.engine;
  return engine::open_worker_engine(lake.store(), log, metrics, std::move(of_engine));
}

std::vector<engine::NamedTable> pinned_tables(lake::Lake& lake) {
  std::vector<engine::NamedTable> tables;
  for (const auto& table : lake.tables()) {
    tables.push_back({.name = table->name(), .snapshot = table->snapshot()});
  }
  return tables;
}

std::string encode_tables(lake::Lake& lake) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("tables").begin_array();
  for (const auto& table : lake.tables()) {
    const lake::Snapshot snapshot = table->snapshot();
    writer.begin_object().member("name", table->name()).key("columns");
    write_columns(writer, snapshot.schema());
    writer.member("rows", snapshot.rows())
        .member("files", static_cast<std::int64_t>(snapshot.files().files().size()))
        .member("bytes", snapshot.files().bytes())
        .member("snapshot", snapshot.id())
        .end_object();
  }
  writer.end_array().end_object();
  return text;
}

}  // namespace bl::ops
