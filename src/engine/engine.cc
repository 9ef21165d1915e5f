#include "engine/engine.h"

#include <algorithm>

namespace bl::engine {

void QueryControl::cancel() {
  cancelled_ = true;
  const std::lock_guard lock(mutex_);
  if (interrupt_) std::exchange(interrupt_, nullptr)();
}

duck::Progress QueryControl::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

void QueryControl::tell(const duck::Progress& progress) {
  const std::lock_guard lock(mutex_);
  progress_ = progress;
}

void QueryControl::on_cancel(std::function<void()> interrupt) {
  const std::lock_guard lock(mutex_);
  interrupt_ = std::move(interrupt);
  if (interrupt_ && cancelled_) std::exchange(interrupt_, nullptr)();
}

Error with_place(Error error) {
  constexpr std::string_view k_at = "at line ";
  const std::size_t end = error.message.find(": ");
  if (!error.message.starts_with(k_at) || end == std::string::npos || !error.faults.empty()) {
    return error;
  }
  error.faults.push_back(
      {.path = "/sql", .message = error.message.substr(3, end - 3), .value = ""});
  return error;
}

columns::Batch within(const columns::Batch& batch, std::int64_t rows, std::uint64_t bytes) {
  std::int64_t fit = std::min(batch.rows(), rows);
  columns::Batch cut = batch.slice(0, fit);
  while (fit > 0 && cut.bytes() > bytes) {
    // Rows are about alike; halving finds the end where they are not.
    const double share = static_cast<double>(bytes) / static_cast<double>(cut.bytes());
    fit = std::min(fit / 2, static_cast<std::int64_t>(static_cast<double>(fit) * share));
    cut = batch.slice(0, fit);
  }
  return cut;
}

}  // namespace bl::engine
