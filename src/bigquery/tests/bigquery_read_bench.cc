// The Storage Read API: a table (id INT64, value STRING), read by one stream, from files and from a
// tail; into nothing, and by gRPC over the loopback interface. Bytes are those of the messages.
#include <benchmark/benchmark.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <filesystem>

#include "base/protobuf.h"
#include "bigquery/lake_schema.h"
#include "bigquery/read_methods.h"
#include "bigquery/tests/lake_open_table.h"
#include "columns/table.h"
#include "net/grpc_server.h"

namespace bl::bigquery {
namespace {

using Rows = columns::Table<columns::Is<"id", std::optional<std::int64_t>>,
                            columns::Is<"value", std::optional<std::string_view>>>;

constexpr const char* k_service = "/google.cloud.bigquery.storage.v1.BigQueryRead/";

class Anybody final : public net::Authenticator {
 public:
  Result<net::Principal> authenticate(const net::Request&) override { return net::Principal{}; }
};

struct World {
  World() {
    std::filesystem::create_directories(folder);
    lake::LakeOptions options;
    options.folder = folder + "/lake";
    options.objects = folder + "/objects";
    options.catalog = "sqlite://" + folder + "/catalog.sqlite";
    options.housekeeping = false;
    lake = lake::Lake::open(options, {*disk, clock, random, log, metrics}).value();
    record.schema.fields = {{.name = "id", .type = FieldType::int64, .mode = FieldMode::required},
                            {.name = "value", .type = FieldType::text}};
    ReadLimits limits;
    limits.sessions_max = 100'000;
    sessions = ReadSessions::make({[this](const TableName& name) {
                                     return read_source_of(tables.at(name.table), lake->store());
                                   },
                                   clock, random, metrics},
                                  limits);
    add_read_methods(
        methods, [this] { return Result<ReadSessions*>(sessions.get()); }, net::Access::open);
    server = net::GrpcServer::listen({.port = 0}, methods, anybody, log, metrics).value();
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    channel = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server->port()),
                                        grpc::InsecureChannelCredentials(), arguments);
  }
  ~World() {
    server->stop();
    std::filesystem::remove_all(folder);
  }

  /// `rows` in files, or in the tail.
  std::string table(std::int64_t rows, bool in_files) {
    const std::string name = (in_files ? "files_" : "tail_") + std::to_string(rows);
    if (tables.contains(name)) return name;
    const auto made =
        lake->create_table("bq_" + name, lake_schema_of(record.schema).value(), {}).value();
    constexpr std::int64_t k_at_once = 100'000;
    for (std::int64_t id = 0; id < rows;) {
      Rows::Builder builder;
      for (std::int64_t i = 0; i < std::min(k_at_once, rows); ++i, ++id) {
        const std::string value = "value number " + std::to_string(id * 7'919 % rows);
        BL_CHECK(builder.append(id, std::string_view(value)));
      }
      BL_CHECK(made->append(builder.finish().value()).ok());
      if (in_files && (id % 2'000'000 == 0 || id >= rows)) BL_CHECK(made->flush().ok());
    }
    tables[name] = std::make_shared<LakeTable>(record, made);
    return name;
  }

  static std::string request(const std::string& table, const std::string& restriction) {
    std::string out;
    protobuf::put_text(out, 1, "projects/p");
    protobuf::put_message(out, 2, [&] {
      protobuf::put_int(out, 3, 2);
      protobuf::put_text(out, 6, "projects/p/datasets/d/tables/" + table);
      protobuf::put_message(out, 8, [&] { protobuf::put_text(out, 2, restriction); });
    });
    protobuf::put_int(out, 3, 1);
    return out;
  }
  /// A request for the first stream.
  static std::string read_request(std::string_view session) {
    protobuf::Reader reader(session);
    protobuf::Field field, name;
    while (reader.next(field)) {
      if (field.number != 10) continue;
      protobuf::Reader stream(field);
      BL_CHECK(stream.next(name));
      std::string out;
      protobuf::put_text(out, 1, name.bytes);
      return out;
    }
    BL_CHECK(false);
  }

  const std::string folder =
      std::filesystem::temp_directory_path() / ("bl-read-bench-" + IdSource(clock, random).next());
  static inline SystemClock clock;
  static inline SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> disk = make_real_disk();
  std::unique_ptr<lake::Lake> lake;
  TableRecord record;
  std::map<std::string, TableHandle> tables;
  std::unique_ptr<ReadSessions> sessions;
  net::GrpcMethods methods;
  Anybody anybody;
  std::unique_ptr<net::GrpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
};

World& world() {
  static World world;
  return world;
}

struct Counted final : net::GrpcWriter {
  Result<void> write(std::string message) override {
    bytes += message.size();
    return {};
  }
  std::uint64_t bytes = 0;
};

void show(benchmark::State& state, std::int64_t rows, std::uint64_t bytes) {
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(rows) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
  state.counters["MiB/s"] =
      benchmark::Counter(static_cast<double>(bytes) / (1 << 20), benchmark::Counter::kIsRate);
}

void into_nothing(benchmark::State& state, bool in_files, const std::string& restriction) {
  const std::string table = world().table(state.range(0), in_files);
  net::GrpcCall call;
  call.client_is_there = [] { return true; };
  Counted out;
  for (auto _ : state) {
    const auto session = world().sessions->create(World::request(table, restriction));
    BL_CHECK(world().sessions->read(call, World::read_request(*session), out).ok());
  }
  show(state, state.range(0), out.bytes);
}

std::uint64_t length_of(const grpc::ByteBuffer& buffer) {
  return buffer.Length();
}

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  BL_CHECK(buffer.Dump(&slices).ok());
  std::string out;
  for (const grpc::Slice& slice : slices) {
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return out;
}

/// All answers of a call, counted; the first one whole.
std::string call_by_grpc(const std::string& method, const std::string& request,
                         std::uint64_t& bytes) {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(world().channel);
  auto stream = stub.PrepareCall(&context, k_service + method, &queue);
  const auto wait = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  stream->StartCall(nullptr);
  BL_CHECK(wait());
  const grpc::Slice slice(request);
  stream->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
  BL_CHECK(wait());
  std::string first;
  while (true) {
    grpc::ByteBuffer buffer;
    stream->Read(&buffer, nullptr);
    if (!wait()) break;
    if (first.empty()) first = bytes_of(buffer);
    bytes += length_of(buffer);
  }
  grpc::Status status;
  stream->Finish(&status, nullptr);
  wait();
  BL_CHECK(status.ok());
  queue.Shutdown();
  return first;
}

void by_grpc(benchmark::State& state, bool in_files) {
  const std::string table = world().table(state.range(0), in_files);
  std::uint64_t bytes = 0, others = 0;
  for (auto _ : state) {
    const std::string session =
        call_by_grpc("CreateReadSession", World::request(table, ""), others);
    call_by_grpc("ReadRows", World::read_request(session), bytes);
  }
  show(state, state.range(0), bytes);
}

void files(benchmark::State& state) {
  into_nothing(state, true, "");
}
void files_where_true(benchmark::State& state) {
  into_nothing(state, true, "id >= 0");
}
void tail(benchmark::State& state) {
  into_nothing(state, false, "");
}
void tail_where_true(benchmark::State& state) {
  into_nothing(state, false, "id >= 0");
}
void files_by_grpc(benchmark::State& state) {
  by_grpc(state, true);
}
void tail_by_grpc(benchmark::State& state) {
  by_grpc(state, false);
}

constexpr auto k_ms = benchmark::kMillisecond;
BENCHMARK(tail)->Arg(100'000)->Unit(k_ms)->UseRealTime();
BENCHMARK(tail_where_true)->Arg(100'000)->Unit(k_ms)->UseRealTime();
BENCHMARK(tail_by_grpc)->Arg(100'000)->Unit(k_ms)->UseRealTime();
BENCHMARK(files)->Arg(100'000)->Arg(10'000'000)->Unit(k_ms)->UseRealTime();
BENCHMARK(files_where_true)->Arg(10'000'000)->Unit(k_ms)->UseRealTime();
BENCHMARK(files_by_grpc)->Arg(100'000)->Arg(10'000'000)->Unit(k_ms)->UseRealTime();

}  // namespace
}  // namespace bl::bigquery

BENCHMARK_MAIN();
