#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/protobuf.h"
#include "bigquery/arrow_rows.h"
#include "bigquery/json_rows.h"
#include "bigquery/lake_schema.h"
#include "bigquery/read_methods.h"
#include "bigquery/tests/lake_open_table.h"
#include "bigquery/tests/rows_text.h"
#include "lake/lake.h"

/// Read sessions over a real lake, asked as a client asks: by messages.
namespace bl::bigquery {

/// What a client says; absent members are not sent.
struct Ask {
  std::string table;
  std::vector<std::string> fields = {};
  std::string restriction = "";
  std::int64_t format = 2;
  std::int64_t compression = 0;
  std::int64_t streams_max = 0, streams_min = 0;
  std::optional<double> sample = {};
  std::optional<Timestamp> at = {};
  std::int64_t response_codec = 0;
  std::string parent = "projects/p";
};

inline std::string message_of(const Ask& ask) {
  using namespace protobuf;
  std::string out;
  put_text(out, 1, ask.parent);
  put_message(out, 2, [&] {
    put_int(out, 3, ask.format);
    put_text(out, 6, "projects/p/datasets/d/tables/" + ask.table);
    if (ask.at) {
      put_message(out, 7, [&] {
        put_message(out, 1, [&] {
          put_int(out, 1, ask.at->micros / 1'000'000);
          put_int(out, 2, ask.at->micros % 1'000'000 * 1'000);
        });
      });
    }
    put_message(out, 8, [&] {
      for (const std::string& field : ask.fields) put_element(out, 1, field);
      put_text(out, 2, ask.restriction);
      put_message(out, 3, [&] { put_int(out, 2, ask.compression); });
      if (ask.sample) {
        put_tag(out, 5, Type::fixed64);
        const auto bits = std::bit_cast<std::uint64_t>(*ask.sample);
        out.append(reinterpret_cast<const char*>(&bits), sizeof bits);
      }
      put_int(out, 6, ask.response_codec);
    });
    put_text(out, 13, "trace");
  });
  put_int(out, 3, ask.streams_max);
  put_int(out, 4, ask.streams_min);
  return out;
}
inline std::string read_message(std::string_view stream, std::int64_t offset = 0) {
  std::string out;
  protobuf::put_text(out, 1, stream);
  protobuf::put_int(out, 2, offset);
  return out;
}

struct Opened {
  std::string name, schema_message, table, trace;
  std::vector<std::string> streams;
  std::int64_t expires = 0, rows = 0, bytes = 0, file_bytes = 0, format = 0;
};
inline Opened opened_of(std::string_view bytes) {
  Opened out;
  protobuf::Reader reader(bytes);
  protobuf::Field field, inner;
  while (reader.next(field)) {
    protobuf::Reader of(field);
    const bool is_message = field.number == 2 || field.number == 5 || field.number == 10;
    if (is_message && !of.next(inner)) continue;
    if (field.number == 1) out.name = field.bytes;
    if (field.number == 2) out.expires = static_cast<std::int64_t>(inner.value);
    if (field.number == 3) out.format = static_cast<std::int64_t>(field.value);
    if (field.number == 5) out.schema_message = inner.bytes;
    if (field.number == 6) out.table = field.bytes;
    if (field.number == 10) out.streams.emplace_back(inner.bytes);
    if (field.number == 12) out.bytes = static_cast<std::int64_t>(field.value);
    if (field.number == 13) out.trace = field.bytes;
    if (field.number == 14) out.rows = static_cast<std::int64_t>(field.value);
    if (field.number == 15) out.file_bytes = static_cast<std::int64_t>(field.value);
  }
  return out;
}

/// One answer of ReadRows.
struct RowsMessage {
  std::string schema_message, batch_message;
  std::int64_t rows = 0;
  double before = 0, progress = 0;
  bool has_stats = false;
  std::size_t bytes = 0;
};
inline RowsMessage rows_message_of(std::string_view bytes) {
  RowsMessage out;
  out.bytes = bytes.size();
  protobuf::Reader reader(bytes);
  protobuf::Field field, inner;
  while (reader.next(field)) {
    if (field.number == 6) out.rows = static_cast<std::int64_t>(field.value);
    if (field.number == 6) continue;
    protobuf::Reader of(field);
    while (of.next(inner)) {
      if (field.number == 4 && inner.number == 1) out.batch_message = inner.bytes;
      if (field.number == 8 && inner.number == 1) out.schema_message = inner.bytes;
      if (field.number != 2 || inner.number != 2) continue;
      out.has_stats = true;
      protobuf::Reader progress(inner);
      protobuf::Field at;
      while (progress.next(at)) {
        (at.number == 1 ? out.before : out.progress) = std::bit_cast<double>(at.value);
      }
    }
  }
  return out;
}

class Collector final : public net::GrpcWriter {
 public:
  Result<void> write(std::string message) override {
    if (messages.size() >= messages_max) return Error{Code::cancelled, "nobody listens"};
    messages.push_back(rows_message_of(message));
    return {};
  }
  std::vector<RowsMessage> messages;
  std::size_t messages_max = SIZE_MAX;
};

class ReadTest : public ::testing::Test {
 protected:
  ~ReadTest() override { std::filesystem::remove_all(folder_); }

  lake::Table& make_table(const std::string& name, std::string_view fields) {
    TableRecord record;
    record.name = {"p", "d", name};
    record.schema = schema_of(fields);
    const auto schema = lake_schema_of(record.schema).value();
    auto table = lake_->create_table("bq_" + name, schema, {.row_group_rows = 2'048});
    BL_CHECK(table.ok());
    tables_[record.name] = std::make_shared<LakeTable>(record, *table);
    return **table;
  }
  const TableSchema& schema(const std::string& name) {
    return tables_.at({"p", "d", name})->record().schema;
  }
  void append(const std::string& name, std::string_view lines) {
    const auto rows = rows_from_ndjson(schema(name), lines);
    ASSERT_TRUE(rows.ok() && rows->faults.empty());
    const auto done = tables_.at({"p", "d", name})->rows().append(rows->batch);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  /// Rows (id, name) with the numbers [from, from + count); every seventh name is null.
  void append_points(const std::string& name, std::int64_t from, std::int64_t count) {
    std::string lines;
    for (std::int64_t id = from; id < from + count; ++id) {
      lines += R"({"id":)" + std::to_string(id);
      if (id % 7 != 0) lines += R"(,"name":"point )" + std::to_string(id) + '"';
      lines += "}\n";
    }
    append(name, lines);
  }
  lake::Table& make_points(const std::string& name = "points") {
    return make_table(
        name,
        R"([{"name":"id","type":"INT64","mode":"REQUIRED"},{"name":"name","type":"STRING"}])");
  }
  /// Files of `file_rows` rows each, then a tail of `tail_rows`; numbered from 0.
  void make_points_of(const std::vector<std::int64_t>& file_rows, std::int64_t tail_rows) {
    lake::Table& table = make_points();
    std::int64_t next = 0;
    for (const std::int64_t rows : file_rows) {
      append_points("points", next, rows);
      ASSERT_TRUE(table.flush().ok());
      next += rows;
    }
    if (tail_rows > 0) append_points("points", next, tail_rows);
  }

  Result<ReadSource> find(const TableName& name) {
    if (const auto source = sources_.find(name.table); source != sources_.end()) {
      return source->second;
    }
    const auto found = tables_.find(name);
    if (found == tables_.end()) {
      return Error{Code::not_found,
                   "Not found: Table " + name.project + ":" + name.dataset + "." + name.table};
    }
    return read_source_of(found->second, lake_->store());
  }
  ReadSessions& sessions() {
    if (sessions_ == nullptr) {
      sessions_ = ReadSessions::make(
          {[this](const TableName& name) { return find(name); }, clock_, random_, metrics_},
          limits_);
    }
    return *sessions_;
  }
  Result<Opened> open(const Ask& ask) {
    BL_TRY(const std::string answer, sessions().create(message_of(ask)));
    return opened_of(answer);
  }
  std::string open_error(const Ask& ask) {
    const auto answer = open(ask);
    return answer.ok() ? "no error"
                       : std::string(name_of(answer.error().code)) + ": " + answer.error().message;
  }
  static net::GrpcCall call(std::function<bool()> is_there = [] { return true; }) {
    net::GrpcCall call;
    call.client_is_there = std::move(is_there);
    return call;
  }
  Result<std::vector<RowsMessage>> read(std::string_view stream, std::int64_t offset = 0) {
    Collector out;
    BL_RETURN_IF_ERROR(sessions().read(call(), read_message(stream, offset), out));
    return std::move(out.messages);
  }
  /// The rows of a session's streams as answers of REST have them, from the offset of each on.
  Result<std::vector<std::string>> rows(const Opened& session, const TableSchema& schema,
                                        std::int64_t offset = 0) {
    BL_TRY(const ArrowPlan plan, ArrowPlan::compile(session.schema_message, schema));
    std::vector<std::string> out;
    for (const std::string& stream : session.streams) {
      BL_TRY(const auto messages, read(stream, offset));
      for (const RowsMessage& message : messages) {
        BL_TRY(const RowsIn in, plan.decode(message.batch_message, {}));
        EXPECT_EQ(in.batch.rows(), message.rows);
        if (message.rows == 0) continue;
        const auto writer = CellWriter::make(in.batch, schema, TimestampForm::iso);
        for (std::int64_t row = 0; row < in.batch.rows(); ++row) {
          writer->append(out.emplace_back(), row);
        }
      }
    }
    return out;
  }
  Result<std::vector<std::string>> rows_of(const Ask& ask, const TableSchema& schema) {
    BL_TRY(const Opened session, open(ask));
    return rows(session, schema);
  }
  /// Of a table of points, whose session has both columns: the numbers.
  Result<std::vector<std::int64_t>> ids(const Opened& session, std::string_view stream,
                                        std::int64_t offset = 0) {
    BL_TRY(const ArrowPlan plan, ArrowPlan::compile(session.schema_message, schema("points")));
    BL_TRY(const auto messages, read(stream, offset));
    std::vector<std::int64_t> out;
    for (const RowsMessage& message : messages) {
      BL_TRY(const RowsIn in, plan.decode(message.batch_message, {}));
      BL_TRY(const auto id, in.batch.column(0).as<std::int64_t>());
      for (std::int64_t i = 0; i < in.batch.rows(); ++i) out.push_back(id[i]);
    }
    return out;
  }
  Result<std::vector<std::int64_t>> ids(const Opened& session) {
    std::vector<std::int64_t> out;
    for (const std::string& stream : session.streams) {
      BL_TRY(const auto part, ids(session, stream));
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  }
  static std::vector<std::int64_t> counting(std::int64_t from, std::int64_t count) {
    std::vector<std::int64_t> out;
    for (std::int64_t i = 0; i < count; ++i) out.push_back(from + i);
    return out;
  }

  ManualClock clock_{Timestamp::from_seconds(1'790'000'000)};
  SystemClock real_clock_;
  SystemRandom random_;
  Metrics metrics_;
  Log log_{real_clock_, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> disk_ = make_real_disk();
  const std::string folder_ =
      std::filesystem::temp_directory_path() / ("bl-read-" + IdSource(real_clock_, random_).next());
  std::unique_ptr<lake::Lake> lake_ = [this] {
    std::filesystem::create_directories(folder_);
    lake::LakeOptions options;
    options.folder = folder_ + "/lake";
    options.objects = folder_ + "/objects";
    options.catalog = "sqlite://" + folder_ + "/catalog.sqlite";
    options.housekeeping = false;
    options.limits.keep_snapshots = std::chrono::seconds(0);
    options.limits.catalog.expire_age_min = std::chrono::milliseconds(0);
    auto lake = lake::Lake::open(options, {*disk_, clock_, random_, log_, metrics_});
    BL_CHECK(lake.ok());
    return *std::move(lake);
  }();
  std::map<TableName, TableHandle> tables_;
  std::map<std::string, ReadSource> sources_;  // of no lake, by the table's name
  ReadLimits limits_;
  std::unique_ptr<ReadSessions> sessions_;
};

}  // namespace bl::bigquery
