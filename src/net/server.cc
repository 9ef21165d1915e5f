#include "net/server.h"

#include <signal.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <unordered_set>

#include "net/connection.h"
#include "net/served_certificate.h"

namespace bl::net {
namespace {

using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// Connections over connections_max that are told so at the same time; more are just closed.
constexpr std::size_t k_turned_away_max = 64;
// After accept() failed (no file descriptors left), the next try comes so much later.
constexpr std::chrono::milliseconds k_accept_pause{100};

// One thread with its own event loop and connections. All members but `thread` are its own.
struct IoThread {
  std::unordered_set<Connection*> connections;
  bool stopping = false;
  bool sweeping = false;
  asio::io_context context{1};
  asio::executor_work_guard<Executor> work{context.get_executor()};
  Timer sweep_timer{context.get_executor()};
  std::thread thread;
};

class HttpServer final : public Server {
 public:
  HttpServer(const ServerOptions& options, const Router& router, Authenticator& authenticator,
             Random& random, Log& log, Metrics& metrics)
      : core_(options, router, authenticator, random, log, metrics),
        metrics_(metrics),
        sweep_period_(shortest_timeout(options.limits) / 4) {
    for (std::size_t i = 0; i < std::max<std::size_t>(options.io_threads, 1); ++i) {
      threads_.push_back(std::make_unique<IoThread>());
    }
    acceptor_ = std::make_unique<Acceptor>(threads_[0]->context.get_executor());
  }
  ~HttpServer() override { stop(); }

  Result<void> open();
  std::uint16_t port() const override { return port_; }
  void start() override;
  void stop() override;
  Result<bool> reload_certificate(Reload when, Timestamp now) override {
    return certificate_ ? certificate_->reload(when, now) : Result<bool>(false);
  }
  std::optional<CertificateFacts> certificate() const override {
    if (!certificate_) return std::nullopt;
    return certificate_->current()->facts();
  }

 private:
  static std::chrono::milliseconds shortest_timeout(const ServerLimits& limits);
  Task<void> accept_all();
  void accept_failed(error_code ec);
  Task<void> serve(IoThread& io, Socket socket, bool turn_away);
  void sweep(IoThread& io);
  void on_each_thread(const std::function<void(IoThread&)>& action);
  bool wait_until_quiet(std::chrono::milliseconds timeout);

  ServerCore core_;
  Metrics& metrics_;
  const std::chrono::milliseconds sweep_period_;
  std::unique_ptr<ServedCertificate> certificate_;  // null without TLS
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::unique_ptr<Acceptor> acceptor_;
  std::uint16_t port_ = 0;
  bool running_ = false;         // the owner's
  std::size_t turned_away_ = 0;  // under way; guarded by mutex_
  std::size_t open_ = 0;         // connections; guarded by mutex_
  std::mutex mutex_;
  std::condition_variable quiet_;
};

std::chrono::milliseconds HttpServer::shortest_timeout(const ServerLimits& limits) {
  auto shortest = std::min({limits.header_timeout, limits.idle_timeout, limits.body_timeout,
                            limits.write_timeout, std::chrono::milliseconds(2'000)});
  return std::max(shortest, std::chrono::milliseconds(40));
}

Result<void> HttpServer::open() {
  const ServerOptions& options = core_.options;
  if (options.tls) {
    BL_TRY(certificate_, ServedCertificate::load(*options.tls, core_.log, metrics_));
  }
  std::string text = options.address;
  if (text == "localhost") text = "127.0.0.1";
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  error_code ec;
  asio::ip::address address = asio::ip::make_address(text, ec);
  if (ec) return Error(Code::invalid, "not an IP address to listen on: " + options.address);
  asio::ip::tcp::endpoint endpoint(address, options.port);
  std::string shown =
      (address.is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(options.port);
  acceptor_->open(endpoint.protocol(), ec);
  if (!ec) acceptor_->set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor_->bind(endpoint, ec);
  if (!ec) acceptor_->listen(asio::socket_base::max_listen_connections, ec);
  if (ec == asio::error::address_in_use) {
    return Error(Code::conflict, "the address is in use: " + shown);
  }
  if (ec) return Error(Code::io, "cannot listen (" + ec.message() + "): " + shown);
  port_ = acceptor_->local_endpoint(ec).port();
  return {};
}

void HttpServer::start() {
  BL_CHECK(!running_);
  running_ = true;
  asio::co_spawn(threads_[0]->context.get_executor(), accept_all(), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  for (auto& io : threads_) io->thread = std::thread([&io = *io] { io.context.run(); });
}

// Not inside the coroutine: g++ 12 destroys its initializer lists twice.
void HttpServer::accept_failed(error_code ec) {
  core_.log.error("http_accept_failed", {{"what", ec.message()}});
}

Task<void> HttpServer::accept_all() {
  Timer pause(threads_[0]->context.get_executor());
  for (std::size_t next = 0;; ++next) {
    IoThread& io = *threads_[next % threads_.size()];
    error_code ec;
    Socket socket = co_await acceptor_->async_accept(io.context.get_executor(),
                                                     asio::redirect_error(k_task, ec));
    if (!acceptor_->is_open()) co_return;
    if (ec) {
      if (ec == asio::error::connection_aborted) continue;
      accept_failed(ec);
      pause.expires_after(k_accept_pause);
      co_await pause.async_wait(asio::redirect_error(k_task, ec));
      continue;
    }
    bool turn_away = false;
    {
      std::lock_guard lock(mutex_);
      turn_away = open_ - turned_away_ >= core_.options.limits.connections_max;
      if (turn_away && turned_away_ >= k_turned_away_max) continue;  // closes the socket
      ++open_;
      if (turn_away) ++turned_away_;
    }
    asio::co_spawn(io.context.get_executor(), serve(io, std::move(socket), turn_away),
                   [this, turn_away](std::exception_ptr error) {
                     if (error) core_.log.error("http_connection_threw");
                     std::lock_guard lock(mutex_);
                     if (turn_away) --turned_away_;
                     if (--open_ == 0) quiet_.notify_all();
                   });
  }
}

Task<void> HttpServer::serve(IoThread& io, Socket socket, bool turn_away) {
  error_code ec;
  socket.set_option(asio::ip::tcp::no_delay(true), ec);
  std::string peer = socket.remote_endpoint(ec).address().to_string(ec);
  const std::shared_ptr<TlsContext> tls = certificate_ ? certificate_->current() : nullptr;
  Connection connection(core_, make_stream(std::move(socket), tls.get()), std::move(peer),
                        io.stopping);
  struct Registered {
    Registered(ServerCore& c, IoThread& t, Connection* p) : core(c), io(t), connection(p) {
      io.connections.insert(connection);
      core.metrics.connections.add(1);
    }
    ~Registered() {
      io.connections.erase(connection);
      core.metrics.connections.add(-1);
    }
    ServerCore& core;
    IoThread& io;
    Connection* connection;
  } registered(core_, io, &connection);
  sweep(io);
  if (turn_away) {
    co_await connection.turn_away();
  } else {
    co_await connection.run();
  }
}

// Looks at the deadlines every sweep_period_, as long as there are connections.
void HttpServer::sweep(IoThread& io) {
  if (io.sweeping) return;
  io.sweeping = true;
  io.sweep_timer.expires_after(sweep_period_);
  io.sweep_timer.async_wait([this, &io](error_code ec) {
    io.sweeping = false;
    if (ec) return;
    auto now = std::chrono::steady_clock::now();
    for (Connection* connection : io.connections) connection->check_deadline(now);
    if (!io.connections.empty()) sweep(io);
  });
}

void HttpServer::on_each_thread(const std::function<void(IoThread&)>& action) {
  std::vector<std::future<void>> done;
  for (auto& io : threads_) {
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    asio::post(io->context.get_executor(), [&io = *io, promise, &action] {
      action(io);
      promise->set_value();
    });
  }
  for (auto& future : done) future.wait();
}

bool HttpServer::wait_until_quiet(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return quiet_.wait_for(lock, timeout, [&] { return open_ == 0; });
}

void HttpServer::stop() {
  if (!running_) return;
  running_ = false;
  core_.stopping = true;
  on_each_thread([this](IoThread& io) {
    error_code ignored;
    if (&io == threads_[0].get()) acceptor_->close(ignored);
    io.stopping = true;
    for (Connection* connection : io.connections) connection->stop_if_idle();
  });
  if (!wait_until_quiet(core_.options.limits.stop_timeout)) {
    core_.metrics.count_limit_hit("stop_timeout");
    core_.log.warning("http_stop_cut_connections");
    on_each_thread([](IoThread& io) {
      for (Connection* connection : io.connections) connection->cut();
    });
  }
  core_.pool.stop();  // joins the handlers; their connections end after them
  std::unique_lock lock(mutex_);
  quiet_.wait(lock, [&] { return open_ == 0; });
  lock.unlock();
  for (auto& io : threads_) {
    io->work.reset();
    io->context.stop();
    io->thread.join();
  }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options, const Router& router,
                                               Authenticator& authenticator, Random& random,
                                               Log& log, Metrics& metrics) {
  auto server = std::make_unique<HttpServer>(options, router, authenticator, random, log, metrics);
  BL_RETURN_IF_ERROR(server->open());
  return std::unique_ptr<Server>(std::move(server));
}

namespace {
sigset_t handled_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  return signals;
}
}  // namespace

void block_signals() {
  sigset_t signals = handled_signals();
  BL_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);  // a client that went away is an error of its write
}

int wait_for_signal() {
  sigset_t signals = handled_signals();
  int signal_number = 0;
  BL_CHECK(sigwait(&signals, &signal_number) == 0);
  return signal_number;
}

}  // namespace bl::net
