#include "net/grpc_server.h"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <sstream>

#include "base/compression.h"
#include "net/host_port.h"
#include "net/worker_pool.h"

namespace bl::net {
namespace {

using std::chrono::steady_clock;

const std::vector<double> k_seconds = {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60};

/// How a message in gzip begins, and no message of protobuf: there is no wire type 7.
constexpr std::string_view k_gzip = "\x1f\x8b";

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::string bytes;
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::ByteBuffer buffer_of(const std::string& bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

grpc::Status status_of(const Error& error) {
  std::string message = error.message;
  for (const Fault& fault : error.faults) {
    message += fmt::format("; {}: {}", fault.path, fault.message);
    if (!fault.value.empty()) message += ": " + fault.value;
  }
  return {static_cast<grpc::StatusCode>(grpc_status(error.code)), message};
}

class Call;

/// What all calls share.
struct Core {
  const GrpcOptions options;
  const GrpcMethods& methods;
  Authenticator& authenticator;
  Log& log;
  Metrics& metrics;
  std::atomic<bool> stopping = false;
  std::mutex mutex = {};
  std::map<Call*, std::weak_ptr<Call>> exchanges = {};  // guarded by mutex

  void count(const std::string& method, std::string_view code, double seconds) {
    metrics
        .counter("bl_grpc_requests_total", "gRPC calls that were answered",
                 {{"method", method}, {"code", std::string(code)}})
        .add();
    metrics
        .histogram("bl_grpc_request_duration_seconds", "from the request to the end of the answer",
                   k_seconds, {{"method", method}})
        .observe(seconds);
  }
  void count_limit(const char* limit) {
    metrics
        .counter("bl_grpc_limit_hits_total", "times that a limit of the gRPC server was reached",
                 {{"limit", limit}})
        .add();
  }
};

/// One call: the library's threads hand the request over and tell what became of writes; a worker
/// runs the method.
class Call final : public grpc::ServerGenericBidiReactor,
                   public Job,
                   public GrpcWriter,
                   public std::enable_shared_from_this<Call> {
 public:
  static Call* begin(Core& core, WorkerPool& workers, grpc::GenericCallbackServerContext& context) {
    auto call = std::make_shared<Call>(core, workers, context);
    call->self_ = call;
    if (call->is_exchange()) {
      const std::lock_guard lock(core.mutex);
      core.exchanges.emplace(call.get(), call);
    }
    call->start();
    return call.get();
  }
  Call(Core& core, WorkerPool& workers, grpc::GenericCallbackServerContext& context)
      : core_(core),
        workers_(workers),
        context_(context),
        method_(core.methods.find(context.method())),
        arrived_(steady_clock::now()) {}

  // -- the library's threads
  void OnReadDone(bool ok) override {
    if (is_exchange()) return arrive(ok);
    if (!ok) return fail(Error{Code::malformed, "the call has no message"});
    if (workers_.submit(self_)) return;
    core_.count_limit("queue_max");
    fail(Error{Code::overloaded, "the server is busy, call again later"});
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) gone_ = true;
    written_.notify_all();
  }
  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    written_.notify_all();
  }
  void OnDone() override {
    if (is_exchange()) {
      const std::lock_guard lock(core_.mutex);
      core_.exchanges.erase(this);
    }
    self_.reset();
  }

  // -- a worker
  void run() override {
    if (is_exchange()) return exchange();
    std::string request = bytes_of(request_);
    request_.Clear();
    auto call = admit();
    if (!call.ok()) return fail(call.error());
    if (auto done = inflate(request); !done.ok()) return fail(done.error());
    if (method_->stream) {
      const auto done = method_->stream(*call, request, *this);
      if (!done.ok()) return fail(done.error());
      return finish(grpc::Status::OK, "ok");
    }
    auto answer = method_->answer(*call, request);
    if (!answer.ok()) return fail(answer.error());
    response_ = buffer_of(*answer);
    count("ok");
    StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
  }
  /// The server stops: an exchange in which nothing happens ends.
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      if (is_scheduled_ || is_finished_) return;
      is_scheduled_ = true;
    }
    if (!workers_.submit(shared_from_this())) drop();
  }
  void drop() override { fail(Error{Code::unavailable, "the server stops"}); }

  Result<void> write(std::string message) override {
    std::unique_lock lock(mutex_);
    written_.wait(lock, [this] { return !writing_ || gone_; });
    if (gone_ || core_.stopping) return Error{Code::cancelled, "nobody listens any more"};
    response_ = buffer_of(message);
    writing_ = true;
    lock.unlock();
    StartWrite(&response_);
    return {};
  }

 private:
  void start() {
    if (method_ == nullptr) {
      return fail(Error{Code::unsupported, "no such method: " + context_.method()});
    }
    StartRead(&request_);
  }

  bool is_exchange() const { return method_ != nullptr && method_->exchange; }

  // Of an exchange: a message, or that there is none any more.
  // The library may answer within StartRead: it is called without the mutex. Who has the call
  // scheduled is the only one to finish it.
  void arrive(bool ok) {
    bool reads = false, submits = false;
    {
      const std::lock_guard lock(mutex_);
      is_reading_ = false;
      if (ok) {
        inbox_bytes_ += request_.Length();
        inbox_.emplace_back().Swap(&request_);
        reads = is_reading_ = inbox_bytes_ < core_.options.limits.message_bytes_max;
      } else {
        has_ended_ = true;
      }
      if (is_finished_) return;
      submits = !std::exchange(is_scheduled_, true);
    }
    if (reads) StartRead(&request_);
    if (!submits || workers_.submit(self_)) return;
    core_.count_limit("queue_max");
    fail(Error{Code::overloaded, "the server is busy, call again later"});
  }

  // Takes what has arrived until nothing has.
  void exchange() {
    if (exchange_ == nullptr) {
      auto call = admit();
      if (!call.ok()) return fail(call.error());
      exchange_ = method_->exchange(*call);
    }
    for (;;) {
      std::vector<grpc::ByteBuffer> arrived;
      bool reads = false;
      {
        const std::lock_guard lock(mutex_);
        arrived.swap(inbox_);
        inbox_bytes_ = 0;
        if (core_.stopping || gone_) break;
        reads = !is_reading_ && !has_ended_;
        if (reads) is_reading_ = true;
        if (arrived.empty() && !has_ended_ && !reads) {
          is_scheduled_ = false;
          return;
        }
      }
      if (reads) StartRead(&request_);
      if (arrived.empty() && reads) continue;
      const auto done = arrived.empty() ? exchange_->end(*this) : take(arrived);
      if (!done.ok()) return fail(done.error());
      if (arrived.empty()) return finish(grpc::Status::OK, "ok");
    }
    fail(core_.stopping ? Error{Code::unavailable, "the server stops"}
                        : Error{Code::cancelled, "the client is gone"});
  }

  Result<void> take(const std::vector<grpc::ByteBuffer>& arrived) {
    std::vector<std::string> requests;
    for (const grpc::ByteBuffer& one : arrived) {
      requests.push_back(bytes_of(one));
      BL_RETURN_IF_ERROR(inflate(requests.back()));
    }
    return exchange_->take(requests, *this);
  }

  /// Errors: malformed, too_large.
  Result<void> inflate(std::string& request) {
    if (!request.starts_with(k_gzip)) return {};
    auto inflated = decompress(Encoding::gzip, request, core_.options.limits.message_bytes_max);
    if (!inflated.ok() && inflated.error().code == Code::too_large) {
      core_.count_limit("message_bytes_max");
    }
    BL_TRY(request, std::move(inflated));
    return {};
  }

  Result<GrpcCall> admit() {
    Request request;
    request.method = Method::post;
    request.path = request.raw_target = context_.method();
    request.peer = context_.peer();
    request.secure = core_.options.tls.has_value();
    for (const auto& [name, value] : context_.client_metadata()) {
      request.headers.add(std::string(name.data(), name.size()),
                          std::string(value.data(), value.size()));
    }
    BL_TRY(Principal principal, core_.authenticator.authenticate(request));
    BL_RETURN_IF_ERROR(demand_access(principal, method_->access, core_.options.public_reads));
    return GrpcCall{std::move(principal), request.peer, [this] {
                      const std::lock_guard lock(mutex_);
                      return !gone_ && !core_.stopping;
                    }};
  }

  void fail(const Error& error) {
    if (error.code == Code::internal || error.code == Code::corrupt || error.code == Code::io) {
      core_.log.error("grpc_call_failed",
                      {{"method", context_.method()}, {"error", error.message}});
    }
    context_.AddTrailingMetadata("benchlake-code", name_of(error.code));
    if (method_ != nullptr && method_->status) {
      const GrpcStatus told = method_->status(error);
      return finish({static_cast<grpc::StatusCode>(told.code), told.message, told.details},
                    name_of(error.code));
    }
    const grpc::Status status = status_of(error);
    if (method_ == nullptr || !method_->details) return finish(status, name_of(error.code));
    finish({status.error_code(), status.error_message(), method_->details(error)},
           name_of(error.code));
  }
  void finish(const grpc::Status& status, std::string_view code) {
    {
      std::unique_lock lock(mutex_);
      written_.wait(lock, [this] { return !writing_ || gone_; });
      if (is_finished_) return;
      is_finished_ = true;
    }
    count(code);
    Finish(status);
  }
  void count(std::string_view code) {
    const std::chrono::duration<double> took = steady_clock::now() - arrived_;
    core_.count(method_ == nullptr ? "unknown" : method_->name, code, took.count());
  }

  Core& core_;
  WorkerPool& workers_;
  grpc::GenericCallbackServerContext& context_;
  const GrpcMethod* const method_;
  const steady_clock::time_point arrived_;
  std::shared_ptr<Call> self_;  // until the library is done with it
  grpc::ByteBuffer request_, response_;
  std::mutex mutex_;
  std::condition_variable written_;
  bool writing_ = false, gone_ = false, is_finished_ = false;  // guarded by mutex_

  // Of an exchange.
  std::unique_ptr<GrpcExchange> exchange_;  // of the worker
  // Guarded by mutex_: messages that wait for a worker; one is on its way in; the client has said
  // all; a worker has this, or will.
  std::vector<grpc::ByteBuffer> inbox_;
  std::size_t inbox_bytes_ = 0;
  bool is_reading_ = true, has_ended_ = false, is_scheduled_ = false;
};

class Methods final : public grpc::CallbackGenericService {
 public:
  Methods(Core& core, WorkerPool& workers) : core_(core), workers_(workers) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return Call::begin(core_, workers_, *context);
  }

 private:
  Core& core_;
  WorkerPool& workers_;
};

class Host final : public GrpcServer {
 public:
  Host(const GrpcOptions& options, const GrpcMethods& methods, Authenticator& authenticator,
       Log& log, Metrics& metrics)
      : core_{options, methods, authenticator, log, metrics},
        workers_(options.limits.workers, options.limits.queue_max,
                 metrics.gauge("bl_grpc_queue_length", "gRPC calls that wait for a worker")),
        service_(core_, workers_) {}
  ~Host() override { stop(); }

  Result<void> listen() {
    // What it has to say comes back as errors; its lines on stderr are of another form than ours.
    gpr_set_log_function([](gpr_log_func_args*) {});
    std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
    if (core_.options.tls) {
      BL_TRY(credentials, tls_credentials(*core_.options.tls));
    }
    grpc::ServerBuilder builder;
    const std::string address =
        host_port(core_.options.address, std::to_string(core_.options.port));
    int port = 0;
    builder.AddListeningPort(address, credentials, &port);
    builder.RegisterCallbackGenericService(&service_);
    builder.SetMaxReceiveMessageSize(static_cast<int>(core_.options.limits.message_bytes_max));
    // We inflate messages ourselves: the library would do it without a limit, before anybody asks
    // who calls. Of what it knows beside gzip, a message does not tell that it is coded.
    builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
    // Two servers on one port would share its calls by chance.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return Error{Code::conflict,
                   "gRPC cannot listen, the address is in use or not ours: " + address};
    }
    port_ = static_cast<std::uint16_t>(port);
    return {};
  }
  std::uint16_t port() const override { return port_; }
  void stop() override {
    if (server_ == nullptr) return;
    core_.stopping = true;
    for (const auto& call : exchanges()) call->wake();
    server_->Shutdown(std::chrono::system_clock::now() + core_.options.limits.stop_timeout);
    workers_.stop();
    server_.reset();
  }

 private:
  static Result<std::shared_ptr<grpc::ServerCredentials>> tls_credentials(const TlsOptions& tls) {
    BL_TRY([[maybe_unused]] const CertificateFacts facts, read_certificate(tls));
    const auto text_of = [](const std::string& path) {
      std::ifstream file(path);
      std::ostringstream text;
      text << file.rdbuf();
      return text.str();
    };
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({text_of(tls.key_file), text_of(tls.certificate_file)});
    return grpc::SslServerCredentials(options);
  }

  std::vector<std::shared_ptr<Call>> exchanges() {
    const std::lock_guard lock(core_.mutex);
    std::vector<std::shared_ptr<Call>> all;
    for (const auto& [at, weak] : core_.exchanges) {
      if (auto call = weak.lock()) all.push_back(std::move(call));
    }
    return all;
  }

  Core core_;
  WorkerPool workers_;
  Methods service_;
  std::unique_ptr<grpc::Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<GrpcServer>> GrpcServer::listen(const GrpcOptions& options,
                                                       const GrpcMethods& methods,
                                                       Authenticator& authenticator, Log& log,
                                                       Metrics& metrics) {
  auto server = std::make_unique<Host>(options, methods, authenticator, log, metrics);
  BL_RETURN_IF_ERROR(server->listen());
  return std::unique_ptr<GrpcServer>(std::move(server));
}

}  // namespace bl::net
