#include "bigquery/read/read_engine.h"

#include <chrono>

namespace bl::bigquery::read {
namespace {

constexpr std::chrono::milliseconds k_look_every{100};

}  // namespace

ReadEngine::~ReadEngine() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

Result<std::unique_ptr<duck::Connection>> ReadEngine::connect() {
  if (database_ == nullptr) {
    BL_TRY(database_, duck::Database::open({.limits = limits_, .counts_progress = false}));
    watcher_ = std::thread([this] { watch(); });
  }
  BL_TRY(auto connection, database_->connect());
  // So much of an answer is read ahead of its client.
  BL_RETURN_IF_ERROR(connection->run("SET streaming_buffer_size = '8MB'"));
  return connection;
}

Result<ReadEngine::Lease> ReadEngine::lease(std::function<bool()> client_is_there) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<duck::Connection> connection;
  if (resting_.empty()) {
    BL_TRY(connection, connect());
  } else {
    connection = std::move(resting_.back());
    resting_.pop_back();
  }
  const std::uint64_t number = next_++;
  leased_.emplace(number, Leased{std::move(connection), std::move(client_is_there)});
  changed_.notify_all();
  return Lease(*this, number);
}

duck::Connection& ReadEngine::connection(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  return *leased_.at(number).connection;
}

void ReadEngine::give_back(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto at = leased_.find(number);
  resting_.push_back(std::move(at->second.connection));
  leased_.erase(at);
}

void ReadEngine::watch() {
  std::unique_lock lock(mutex_);
  while (!stops_) {
    if (leased_.empty()) {
      changed_.wait(lock);
      continue;
    }
    changed_.wait_for(lock, k_look_every);
    for (const auto& [number, leased] : leased_) {
      if (!leased.client_is_there()) leased.connection->interrupt();
    }
  }
}

}  // namespace bl::bigquery::read
