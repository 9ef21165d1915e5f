#include "lake/table/tail.h"

#include <algorithm>

#include "base/check.h"

namespace bl::lake {
namespace {

// So many neighbours are put together, and so many of those again: a row is copied twice at most,
// and a reader meets few batches.
constexpr std::ptrdiff_t k_merge_count = 64;
constexpr int k_merges_max = 2;
constexpr std::int64_t k_rows_enough = 4'096;  // of a batch that stays as it is

}  // namespace

void Tail::add(RecordNo no, columns::Batch batch, std::uint64_t bytes) {
  BL_CHECK(no >= next_);
  rows_ += batch.rows();
  bytes_ += bytes;
  Chunk chunk{no + 1, std::move(batch), bytes};
  if (no != next_) {
    BL_CHECK(loose_.emplace(no, std::move(chunk)).second);
    return;
  }
  append(std::move(chunk));
  while (!loose_.empty() && loose_.begin()->first == next_) {
    append(std::move(loose_.extract(loose_.begin()).mapped()));
  }
}

void Tail::append(Chunk chunk) {
  next_ = chunk.to;
  if (chunk.batch.rows() >= k_rows_enough) chunk.merges = k_merges_max;
  chunks_.push_back(std::move(chunk));
  for (int merges = 0; merges < k_merges_max; ++merges) merge_last(merges);
}

void Tail::merge_last(int merges) {
  if (std::ssize(chunks_) < k_merge_count) return;
  const auto first = chunks_.end() - k_merge_count;
  const auto fits = [&](const Chunk& chunk) { return chunk.merges == merges; };
  if (!std::all_of(first, chunks_.end(), fits)) return;
  std::vector<columns::Batch> batches;
  for (auto chunk = first; chunk != chunks_.end(); ++chunk) batches.push_back(chunk->batch);
  auto merged = columns::concatenate(batches);
  if (!merged.ok()) return;  // too long a column of texts: they stay as they are
  const std::uint64_t bytes = merged->bytes();
  Chunk whole{chunks_.back().to, *std::move(merged), bytes, merges + 1};
  for (auto chunk = first; chunk != chunks_.end(); ++chunk) bytes_ -= chunk->bytes;
  bytes_ += bytes;
  if (whole.batch.rows() >= k_rows_enough) whole.merges = k_merges_max;
  chunks_.erase(first, chunks_.end());
  chunks_.push_back(std::move(whole));
}

Tail::Part Tail::begin_flush(std::int64_t rows_max) {
  BL_CHECK(flushing_.empty());
  Part part;
  std::size_t count = 0;
  while (count < chunks_.size() && (count == 0 || part.rows < rows_max)) {
    const Chunk& chunk = chunks_[count++];
    part.to = chunk.to;
    part.rows += chunk.batch.rows();
    part.batches.push_back(chunk.batch);
  }
  const auto end = chunks_.begin() + static_cast<std::ptrdiff_t>(count);
  flushing_.assign(std::make_move_iterator(chunks_.begin()), std::make_move_iterator(end));
  chunks_.erase(chunks_.begin(), end);
  return part;
}

void Tail::end_flush() {
  BL_CHECK(!flushing_.empty());
  for (const Chunk& chunk : flushing_) {
    rows_ -= chunk.batch.rows();
    bytes_ -= chunk.bytes;
  }
  flushing_.clear();
}

void Tail::cancel_flush() {
  chunks_.insert(chunks_.begin(), std::make_move_iterator(flushing_.begin()),
                 std::make_move_iterator(flushing_.end()));
  flushing_.clear();
}

std::vector<columns::Batch> Tail::batches() const {
  std::vector<columns::Batch> out;
  out.reserve(flushing_.size() + chunks_.size() + loose_.size());
  for (const Chunk& chunk : flushing_) out.push_back(chunk.batch);
  for (const Chunk& chunk : chunks_) out.push_back(chunk.batch);
  for (const auto& [no, chunk] : loose_) out.push_back(chunk.batch);
  return out;
}

}  // namespace bl::lake
