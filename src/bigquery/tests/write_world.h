#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "bigquery/stream_ends.h"
#include "bigquery/tables.h"
#include "bigquery/tests/proto_writer.h"
#include "bigquery/write/wire.h"
#include "bigquery/write_methods.h"
#include "lake/snapshot.h"
#include "store/open.h"

/// Write streams over real parts in a folder of their own, and clients of them without a network.
namespace bl::bigquery {

/// A StorageError, or none.
struct Told {
  int status = 0;   ///< canonical; 0: no error
  int storage = 0;  ///< StorageErrorCode
  std::string message;
  std::vector<std::int64_t> bad_rows;
  std::optional<std::int64_t> offset;
  std::vector<std::string> updated;  ///< columns of updated_schema
  std::string stream;
  bool is_ok() const { return status == 0; }
};

/// The fields of a message that are messages or texts, by number.
inline std::vector<protobuf::Field> fields_of(std::string_view bytes) {
  std::vector<protobuf::Field> out;
  protobuf::Reader reader(bytes);
  protobuf::Field field;
  while (reader.next(field)) out.push_back(field);
  EXPECT_EQ(reader.fault(), nullptr);
  return out;
}

/// Of a google.rpc.Status.
inline void read_status(std::string_view bytes, Told& told) {
  for (const auto& field : fields_of(bytes)) {
    if (field.number == 1) told.status = static_cast<int>(field.value);
    if (field.number == 2) told.message = field.bytes;
    if (field.number != 3) continue;
    for (const auto& any : fields_of(field.bytes)) {
      if (any.number != 2) continue;
      for (const auto& part : fields_of(any.bytes)) {
        if (part.number == 1) told.storage = static_cast<int>(part.value);
      }
    }
  }
}

inline Told told_of(std::string_view response) {
  Told told;
  for (const auto& field : fields_of(response)) {
    if (field.number == 1) {
      for (const auto& value : fields_of(field.bytes)) {
        told.offset = 0;
        for (const auto& number : fields_of(value.bytes)) {
          told.offset = static_cast<std::int64_t>(number.value);
        }
      }
    }
    if (field.number == 2) read_status(field.bytes, told);
    if (field.number == 3) {
      for (const auto& column : fields_of(field.bytes)) {
        told.updated.emplace_back(fields_of(column.bytes).front().bytes);
      }
    }
    if (field.number == 4) {
      std::int64_t index = 0;
      for (const auto& part : fields_of(field.bytes)) {
        if (part.number == 1) index = static_cast<std::int64_t>(part.value);
      }
      told.bad_rows.push_back(index);
    }
    if (field.number == 5) told.stream = field.bytes;
  }
  return told;
}

/// A request of AppendRows, of messages {id, name}.
struct Request {
  std::string stream;
  std::optional<std::int64_t> offset;
  std::vector<std::string> rows;
  bool has_schema = true;
  std::string descriptor = message_proto("Row", {{.name = "id", .number = 1, .type = t_int64},
                                                 {.name = "name", .number = 2, .type = t_string}});
  std::map<std::string, int> missing;
  int missing_default = 0;

  std::string bytes() const {
    std::string out;
    protobuf::put_text(out, 1, stream);
    if (offset) protobuf::put_message(out, 2, [&] { protobuf::put_int(out, 1, *offset); });
    protobuf::put_message(out, 4, [&] {
      if (has_schema) {
        protobuf::put_message(out, 1, [&] { protobuf::put_element(out, 1, descriptor); });
      }
      protobuf::put_message(out, 2, [&] {
        for (const std::string& row : rows) protobuf::put_element(out, 1, row);
      });
    });
    for (const auto& [column, value] : missing) {
      protobuf::put_message(out, 7, [&, column = column, value = value] {
        protobuf::put_text(out, 1, column);
        protobuf::put_int(out, 2, value);
      });
    }
    protobuf::put_int(out, 8, missing_default);
    return out;
  }
};

inline std::string row_message(std::int64_t id, std::string_view name = "x") {
  std::string out;
  put_number(out, 1, static_cast<std::uint64_t>(id));
  protobuf::put_element(out, 2, name);
  return out;
}

/// Rows with the ids [from, from + count).
inline std::vector<std::string> row_messages(std::int64_t from, std::int64_t count) {
  std::vector<std::string> out;
  for (std::int64_t id = from; id < from + count; ++id) out.push_back(row_message(id));
  return out;
}

inline std::vector<std::int64_t> ids(std::int64_t from, std::int64_t count) {
  std::vector<std::int64_t> out;
  for (std::int64_t id = from; id < from + count; ++id) out.push_back(id);
  return out;
}

struct WriteTestWorld {
  enum class KeepsHouse : unsigned char { no, yes };
  explicit WriteTestWorld(std::string at, KeepsHouse keeps_house = KeepsHouse::no)
      : path(std::move(at)), keeps_house_(keeps_house) {
    database = store::open_database("sqlite://" + path + "/store.db", {}, log, metrics).value();
    std::vector<store::Migration> steps;
    for (const auto part : {table_migrations(), stream_migrations()}) {
      for (store::Migration step : part) {
        step.number = static_cast<int>(steps.size()) + 1;
        steps.push_back(step);
      }
    }
    BL_CHECK(database->migrate(steps).ok());
    open();
  }
  ~WriteTestWorld() { close(); }

  void open() {
    ends = std::make_unique<StreamEnds>(*database, *clock);
    lake::LakeOptions options;
    options.folder = path + "/lake";
    options.objects = path + "/objects";
    options.catalog = "sqlite://" + path + "/catalog.sqlite";
    options.housekeeping = keeps_house_ == KeepsHouse::yes;
    options.delta = false;
    auto opened = lake::Lake::open(options, {*lake_disk, *clock, random, log, metrics, ends.get()});
    if (!opened.ok()) ADD_FAILURE() << opened.error().message;
    lake = std::move(opened).value();
    tables = Tables::open({*database, *lake, *clock, log}).value();
    open_streams();
  }
  void open_streams() {
    methods = net::GrpcMethods();
    streams.reset();
    auto made = WriteStreams::open(
        {*tables, *database, *disk, *clock, random, log, metrics, path + "/streams", defaults},
        limits);
    if (!made.ok()) ADD_FAILURE() << made.error().message;
    streams = std::move(made).value();
    add_write_methods(
        methods, [this] { return Result<WriteStreams*>(streams.get()); }, net::Access::write);
  }
  void close() {
    streams.reset();
    tables.reset();
    lake.reset();
  }
  /// As after a crash: nothing is flushed, nothing is said good-bye to.
  void reopen() {
    close();
    open();
  }

  /// `projects/p/datasets/d/tables/NAME`, of id and name, where there is none yet.
  std::string table(const std::string& name = "t",
                    const std::string& fields = R"([{"name":"id","type":"INT64"},
                                                    {"name":"name","type":"STRING"}])") {
    if (!tables->dataset("p", "d").ok()) {
      DatasetRecord dataset;
      dataset.project = "p";
      dataset.dataset = "d";
      dataset.properties = json::Value::object();
      BL_CHECK(tables->create_dataset(dataset).ok());
    }
    TableRecord record;
    record.name = {"p", "d", name};
    record.schema = schema_from_json(json::parse(R"({"fields":)" + fields + "}").value()).value();
    record.properties = json::Value::object();
    const auto made = tables->create(std::move(record));
    if (!made.ok()) ADD_FAILURE() << made.error().message;
    return "projects/p/datasets/d/tables/" + name;
  }
  void add_column(const std::string& name) {
    const auto changed = tables->change({"p", "d", "t"}, [&](TableRecord& record) {
      TableField field;
      field.name = name;
      record.schema.fields.push_back(field);
      return Result<void>();
    });
    if (!changed.ok()) ADD_FAILURE() << changed.error().message;
  }

  /// A method that answers once; its error as it is told.
  Result<std::string> call(const std::string& method, const std::string& request,
                           Told* told = nullptr) {
    const net::GrpcMethod* found =
        methods.find("/google.cloud.bigquery.storage.v1.BigQueryWrite/" + method);
    auto answer = found->answer({}, request);
    if (!answer.ok() && told != nullptr) {
      const net::GrpcStatus status = found->status(answer.error());
      read_status(status.details, *told);
      EXPECT_EQ(told->status, status.code);
    }
    return answer;
  }
  std::string create(write::StreamKind kind, const std::string& parent) {
    std::string request;
    protobuf::put_text(request, 1, parent);
    protobuf::put_message(request, 2,
                          [&] { protobuf::put_int(request, 2, static_cast<int>(kind)); });
    const auto answer = call("CreateWriteStream", request);
    if (!answer.ok()) {
      ADD_FAILURE() << answer.error().message;
      return "";
    }
    return std::string(fields_of(*answer).front().bytes);
  }
  static std::string named(const std::string& name) {
    std::string request;
    protobuf::put_text(request, 1, name);
    return request;
  }
  /// The count, or why not.
  Result<std::int64_t> finalize(const std::string& stream, Told* told = nullptr) {
    BL_TRY(const std::string answer, call("FinalizeWriteStream", named(stream), told));
    const auto fields = fields_of(answer);
    return fields.empty() ? 0 : static_cast<std::int64_t>(fields[0].value);
  }
  Told flush(const std::string& stream, std::optional<std::int64_t> offset) {
    std::string request = named(stream);
    if (offset) {
      protobuf::put_message(request, 2, [&] { protobuf::put_int(request, 1, *offset); });
    }
    Told told;
    const auto answer = call("FlushRows", request, &told);
    if (!answer.ok()) return told;
    told.offset = 0;
    for (const auto& field : fields_of(*answer)) {
      told.offset = static_cast<std::int64_t>(field.value);
    }
    return told;
  }
  /// The StorageErrorCodes; none: it is committed.
  std::vector<int> commit(const std::string& parent, const std::vector<std::string>& names) {
    std::string request = named(parent);
    for (const std::string& name : names) protobuf::put_element(request, 2, name);
    Told told;
    const auto answer = call("BatchCommitWriteStreams", request, &told);
    if (!answer.ok()) return {-told.status};
    std::vector<int> codes;
    bool has_time = false;
    for (const auto& field : fields_of(*answer)) {
      if (field.number == 1) has_time = true;
      if (field.number == 2) codes.push_back(static_cast<int>(fields_of(field.bytes)[0].value));
    }
    EXPECT_EQ(has_time, codes.empty()) << "a time, or errors";
    return codes;
  }

  /// The ids of all rows, in order.
  std::vector<std::int64_t> rows(const std::string& name = "t") {
    const auto handle = tables->find({"p", "d", name}).value();
    const lake::Snapshot snapshot = handle->snapshot();
    std::vector<const lake::DataFile*> files;
    std::vector<std::string> paths;
    for (const auto& file : snapshot.files().files()) {
      files.push_back(&file);
      paths.push_back(path + "/objects/" + file.key);
    }
    const auto connection = lake->engine().connect().value();
    const auto relation = lake::relation_of(*connection, snapshot, files, paths, "tail").value();
    auto answer = connection->query("SELECT id FROM " + relation.sql + " ORDER BY id").value();
    const auto batch = answer.all().value();
    const auto column = batch.column(0).as<std::int64_t>().value();
    std::vector<std::int64_t> out;
    for (std::int64_t row = 0; row < batch.rows(); ++row) out.push_back(column[row]);
    return out;
  }
  lake::Table& lake_table(const std::string& name = "t") {
    return tables->find({"p", "d", name}).value()->rows();
  }

  const std::string path;
  SystemClock system_clock;
  const Clock* clock = &system_clock;
  SystemRandom random;
  Metrics metrics;
  Log log{*clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> real_disk = make_real_disk();
  Disk* disk = real_disk.get();       ///< of what waits
  Disk* lake_disk = real_disk.get();  ///< of tables
  WriteLimits limits;
  DefaultValues defaults;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<StreamEnds> ends;
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<Tables> tables;
  std::unique_ptr<WriteStreams> streams;
  net::GrpcMethods methods;

 private:
  const KeepsHouse keeps_house_;
};

/// One in a folder that goes with it.
struct FolderOfWorld {
  TemporaryFolder folder{TemporaryFolder::Place::memory, "write"};
};
struct WriteFixture : FolderOfWorld, WriteTestWorld {
  WriteFixture() : WriteTestWorld(folder.path()) {}
};

/// A call of AppendRows.
class Appending {
 public:
  explicit Appending(WriteTestWorld& world)
      : exchange_(world.methods.find("/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows")
                      ->exchange({})) {}

  /// What arrived together, and the answers to it.
  std::vector<Told> send_all(const std::vector<Request>& requests) {
    struct Out final : net::GrpcWriter {
      Result<void> write(std::string message) override {
        told.push_back(told_of(message));
        return {};
      }
      std::vector<Told> told;
    } out;
    std::vector<std::string> bytes;
    for (const Request& request : requests) bytes.push_back(request.bytes());
    if (const auto done = exchange_->take(bytes, out); !done.ok()) {
      error_ = done.error();
    }
    return out.told;
  }
  Told send(const Request& request) {
    const auto told = send_all({request});
    return told.empty() ? Told{.status = -1} : told[0];
  }
  /// Why the call ended.
  const std::optional<Error>& error() const { return error_; }

 private:
  std::unique_ptr<net::GrpcExchange> exchange_;
  std::optional<Error> error_;
};

}  // namespace bl::bigquery
