#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "duck/database.h"

/// The engine of read sessions: opened by who needs it first, its connections rest between streams,
/// and a thread ends the queries of clients that went. Threads: any.
namespace bl::bigquery::read {

class ReadEngine {
 public:
  explicit ReadEngine(duck::DatabaseLimits limits) : limits_(std::move(limits)) {}
  ~ReadEngine();
  ReadEngine(const ReadEngine&) = delete;
  ReadEngine& operator=(const ReadEngine&) = delete;

  /// A connection, until this is gone. Goes after its answers.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : engine_(std::exchange(other.engine_, nullptr)), number_(other.number_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (engine_ != nullptr) engine_->give_back(number_);
    }
    duck::Connection& connection() { return engine_->connection(number_); }

   private:
    friend class ReadEngine;
    Lease(ReadEngine& engine, std::uint64_t number) : engine_(&engine), number_(number) {}
    ReadEngine* engine_;
    std::uint64_t number_;
  };
  /// `client_is_there`: asked until the lease is gone; false interrupts what runs. Errors: those of
  /// opening.
  Result<Lease> lease(std::function<bool()> client_is_there);

 private:
  struct Leased {
    std::unique_ptr<duck::Connection> connection;
    std::function<bool()> client_is_there;
  };
  Result<std::unique_ptr<duck::Connection>> connect();
  duck::Connection& connection(std::uint64_t number);
  void give_back(std::uint64_t number);
  void watch();

  const duck::DatabaseLimits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::unique_ptr<duck::Database> database_;
  std::vector<std::unique_ptr<duck::Connection>> resting_;
  std::map<std::uint64_t, Leased> leased_;
  std::uint64_t next_ = 0;
  bool stops_ = false;
  std::thread watcher_;
};

}  // namespace bl::bigquery::read
