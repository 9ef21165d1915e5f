// What the Storage Write API takes over gRPC from a client on the same machine that sends without
// waiting: rows of {id, name}, 1,000 a request, durable when they are answered, while the lake
// keeps house. `bigquery_write_bench [MILLIONS] [FOLDER]`: the default stream goes on to so many
// million rows (10). A table for people on stderr, JSON on stdout.
#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>

#include "base/json.h"
#include "bigquery/arrow_rows.h"
#include "bigquery/lake_schema.h"
#include "bigquery/proto_rows.h"
#include "bigquery/tests/write_world.h"
#include "net/grpc_server.h"

namespace {

using namespace bl;
using namespace bl::bigquery;
using std::chrono::steady_clock;
using write::StreamKind;

constexpr std::int64_t k_rows = 1'000;        ///< of a request
constexpr std::size_t k_unanswered_max = 64;  ///< requests that the client sends ahead

double seconds_since(steady_clock::time_point began) {
  return std::chrono::duration<double>(steady_clock::now() - began).count();
}

class Anybody final : public net::Authenticator {
 public:
  Result<net::Principal> authenticate(const net::Request&) override {
    net::Principal principal;
    principal.role = net::Role::writer;
    return principal;
  }
};

/// A call of AppendRows, over TCP.
class Client {
 public:
  Client(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {
    stream_ = stub_.PrepareCall(
        &context_, "/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows", &queue_);
    stream_->StartCall(nullptr);
    next();
    stream_->Read(&answer_, reading());
  }
  /// Returns when every request is answered; how long each took, in seconds.
  std::vector<double> send(std::int64_t requests,
                           const std::function<std::string(std::int64_t)>& request) {
    std::vector<double> waits;
    std::deque<steady_clock::time_point> sent;
    std::int64_t next_request = 0;
    bool is_writing = false;
    while (std::ssize(waits) < requests) {
      if (!is_writing && next_request < requests && sent.size() < k_unanswered_max) {
        const std::string bytes = request(next_request++);
        const grpc::Slice slice(bytes);
        sent.push_back(steady_clock::now());
        is_writing = true;
        stream_->Write(grpc::ByteBuffer(&slice, 1), nullptr);
      }
      if (next() != reading()) {
        is_writing = false;
        continue;
      }
      std::vector<grpc::Slice> slices;
      BL_CHECK(answer_.Dump(&slices).ok());
      std::string text;
      for (const auto& one : slices) {
        text.append(reinterpret_cast<const char*>(one.begin()), one.size());
      }
      const Told told = told_of(text);
      if (!told.is_ok()) fmt::print(stderr, "{}\n", told.message);
      BL_CHECK(told.is_ok());
      waits.push_back(seconds_since(sent.front()));
      sent.pop_front();
      stream_->Read(&answer_, reading());
    }
    return waits;
  }

 private:
  void* reading() { return this; }
  void* next() {
    void* tag = nullptr;
    bool ok = false;
    BL_CHECK(queue_.Next(&tag, &ok) && ok);
    return tag;
  }
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer answer_;
};

struct Figure {
  std::string name;
  double rows_per_second = 0, p50_ms = 0, p95_ms = 0;
};

Figure figure_of(std::string name, std::vector<double> waits, double seconds) {
  std::ranges::sort(waits);
  const auto at = [&](double part) {
    return waits[static_cast<std::size_t>(part * static_cast<double>(waits.size() - 1))] * 1e3;
  };
  Figure out{std::move(name), static_cast<double>(k_rows * std::ssize(waits)) / seconds, at(0.5),
             at(0.95)};
  fmt::print(stderr, "{:<32}{:>12.0f} rows/s{:>10.2f} ms p50{:>10.2f} ms p95\n", out.name,
             out.rows_per_second, out.p50_ms, out.p95_ms);
  return out;
}

std::vector<std::string> messages() {
  std::vector<std::string> out;
  for (std::int64_t row = 0; row < k_rows; ++row) {
    out.push_back(row_message(row, fmt::format("row_{:08}", row)));
  }
  return out;
}

/// The same rows as Arrow's messages.
struct ArrowRows {
  std::string schema, batch;
};
ArrowRows arrow_rows(const TableSchema& schema, const std::vector<std::string>& rows) {
  const auto plan = ProtoPlan::compile(Request().descriptor, schema).value();
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  const auto batch = plan.decode(views, {}).value().batch;
  const auto messages = arrow_messages(schema, columns::IpcCompression::none).value();
  return {messages.schema_message(), messages.batch_message(batch).value()};
}
std::string arrow_request(const std::string& stream, std::optional<std::int64_t> offset,
                          const ArrowRows& rows, bool has_schema) {
  std::string out;
  protobuf::put_text(out, 1, stream);
  if (offset) protobuf::put_message(out, 2, [&] { protobuf::put_int(out, 1, *offset); });
  protobuf::put_message(out, 5, [&] {
    if (has_schema) {
      protobuf::put_message(out, 1, [&] { protobuf::put_element(out, 1, rows.schema); });
    }
    protobuf::put_message(out, 2, [&] { protobuf::put_element(out, 1, rows.batch); });
  });
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  const std::int64_t millions = count > 1 ? std::atoll(arguments[1]) : 10;
  const std::string parent = count > 2 ? arguments[2] : ".";
  std::string path = (std::filesystem::path(parent) / "bl-write-bench-XXXXXX").string();
  BL_CHECK(mkdtemp(path.data()) != nullptr);
  std::vector<Figure> figures;
  {
    WriteTestWorld world(path, WriteTestWorld::KeepsHouse::yes);
    Anybody anybody;
    net::GrpcOptions options;
    options.port = 0;
    const auto server =
        net::GrpcServer::listen(options, world.methods, anybody, world.log, world.metrics).value();
    grpc::ChannelArguments wide;
    wide.SetMaxReceiveMessageSize(-1);
    const auto channel = grpc::CreateCustomChannel(fmt::format("127.0.0.1:{}", server->port()),
                                                   grpc::InsecureChannelCredentials(), wide);
    const std::vector<std::string> rows = messages();
    const std::string table = world.table();
    const ArrowRows as_arrow =
        arrow_rows(world.tables->find({"p", "d", "t"}).value()->record().schema, rows);
    const auto measure = [&](const std::string& name, const std::string& stream, bool has_offsets,
                             bool is_arrow, std::int64_t requests) {
      Client client(channel);
      const auto request = [&](std::int64_t no) {
        const auto offset = has_offsets ? std::optional(no * k_rows) : std::nullopt;
        if (is_arrow) return arrow_request(stream, offset, as_arrow, no == 0);
        return Request{.stream = stream, .offset = offset, .rows = rows, .has_schema = no == 0}
            .bytes();
      };
      const auto began = steady_clock::now();
      auto waits = client.send(requests, request);
      figures.push_back(figure_of(name, std::move(waits), seconds_since(began)));
    };
    const std::string by_default = table + "/streams/_default";
    measure("warm-up", by_default, false, false, 200);
    for (const bool is_arrow : {false, true}) {
      const std::string form = is_arrow ? "arrow " : "proto ";
      measure(form + "default", by_default, false, is_arrow, 1'000);
      measure(form + "committed", world.create(StreamKind::committed, table), true, is_arrow,
              1'000);
      measure(form + "buffered", world.create(StreamKind::buffered, table), true, is_arrow, 500);
      const std::string pending = world.create(StreamKind::pending, table);
      measure(form + "pending", pending, true, is_arrow, 500);
      const auto began = steady_clock::now();
      BL_CHECK(world.finalize(pending).ok() && world.commit(table, {pending}).empty());
      fmt::print(stderr, "  its commit of 500,000 rows took {:.0f} ms\n",
                 seconds_since(began) * 1e3);
    }
    std::int64_t written = 0;
    while (written < millions * 1'000'000) {
      measure(fmt::format("as it grows, from {} M", written / 1'000'000), by_default, false, false,
              1'000);
      written += 1'000 * k_rows;
    }
    server->stop();
  }
  std::filesystem::remove_all(path);
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const Figure& one : figures) {
    writer.begin_object()
        .member("name", one.name)
        .member("rows_per_second", one.rows_per_second)
        .member("p50_ms", one.p50_ms)
        .member("p95_ms", one.p95_ms)
        .end_object();
  }
  writer.end_array();
  fmt::print("{}\n", out);
  return 0;
}
