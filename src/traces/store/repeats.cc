#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <span>

#include "traces/store/lake_store.h"

// Spans that came twice become one row when their files are put together: the one that counts, by
// the same rule by which questions choose it, so that no answer about a trace changes.
namespace bl::traces {
namespace {

// So many identities of one commit; of more, the rest counts once when it is read.
constexpr std::size_t k_identities_max = 50'000;
// Rows are counted by identity in so many at once: memory goes with them.
constexpr std::int64_t k_rows_at_once = 1'000'000;
constexpr std::size_t k_asked_at_once = 1'000;
constexpr std::size_t k_bytes_max = 64u << 20;  // of chosen spans

struct Identity {
  TraceId trace;
  SpanId span;
  SpanKind kind = SpanKind::unspecified;
  auto operator<=>(const Identity&) const = default;
};
Identity identity_of(const Span& span) {
  return {span.trace_id, span.span_id, span.kind};
}

// Over removed_rows and new_rows of a lake::ChangePart.
constexpr const char* k_settled =
    "(SELECT * FROM removed_rows AS old ANTI JOIN new_rows AS new ON old.trace_high = "
    "new.trace_high AND old.trace_low = new.trace_low AND old.span_id = new.span_id AND old.kind = "
    "new.kind UNION ALL BY NAME SELECT * FROM new_rows)";

std::string list_of(const std::set<std::int64_t>& numbers) {
  std::string list;
  for (const std::int64_t number : numbers) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", number);
  }
  return list;
}

// Identities of which the files have more than one row.
Result<std::vector<Identity>> repeated_in(SpanReads& reads, const lake::Snapshot& snapshot,
                                          const Files& files) {
  std::int64_t rows = 0;
  for (const lake::DataFile* file : files) rows += file->rows;
  const auto parts =
      std::bit_ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(1, rows / k_rows_at_once)));
  std::vector<Identity> found;
  for (std::uint64_t part = 0; part < parts && found.size() < k_identities_max; ++part) {
    SpanReads::Select select;
    select.with_tail = false;
    select.select = "trace_high, trace_low, span_id, kind";
    select.where = fmt::format("(trace_low & {}) = {}", parts - 1, part);
    select.rest =
        fmt::format("GROUP BY ALL HAVING count(*) > 1 LIMIT {}", k_identities_max - found.size());
    BL_RETURN_IF_ERROR(
        reads.read(snapshot, files, select, [&](const columns::Batch& batch) -> Result<void> {
          BL_TRY(const auto high, batch.column(0).as<std::int64_t>());
          BL_TRY(const auto low, batch.column(1).as<std::int64_t>());
          BL_TRY(const auto span, batch.column(2).as<std::int64_t>());
          BL_TRY(const auto kind, batch.column(3).as<std::string_view>());
          for (std::int64_t i = 0; i < batch.rows(); ++i) {
            BL_TRY(const SpanKind one, kind_of_column(kind[i]));
            found.push_back(
                {{std::bit_cast<std::uint64_t>(high[i]), std::bit_cast<std::uint64_t>(low[i])},
                 {std::bit_cast<std::uint64_t>(span[i])},
                 one});
          }
          return {};
        }));
  }
  std::ranges::sort(found);
  return found;
}

// Of the rows of each identity the one that counts. They are few, however many rows there are.
Result<void> choose_among(SpanReads& reads, const lake::Snapshot& snapshot, const Files& files,
                          std::span<const Identity> identities, Spans& chosen) {
  std::set<std::int64_t> highs, spans;
  std::map<Identity, std::optional<Span>> best;
  for (const Identity& one : identities) {
    highs.insert(std::bit_cast<std::int64_t>(one.trace.high));
    spans.insert(std::bit_cast<std::int64_t>(one.span.value));
    best.emplace(one, std::nullopt);
  }
  SpanReads::Select select;
  select.with_tail = false;
  select.select = "*";
  select.where =
      fmt::format("trace_high IN ({}) AND span_id IN ({})", list_of(highs), list_of(spans));
  SpanReader reader;
  BL_RETURN_IF_ERROR(
      reads.read(snapshot, files, select, [&](const columns::Batch& batch) -> Result<void> {
        Spans read;
        BL_RETURN_IF_ERROR(reader.read(batch, read));
        for (Span& span : read) {
          const auto wanted = best.find(identity_of(span));
          if (wanted == best.end()) continue;
          if (!wanted->second || counts_before(span, *wanted->second)) {
            wanted->second = std::move(span);
          }
        }
        return {};
      }));
  for (auto& [identity, span] : best) {
    if (span) chosen.push_back(*std::move(span));
  }
  return {};
}

}  // namespace

Result<void> LakeStore::settle_repeats(const lake::Snapshot& snapshot, lake::ChangePart& part) {
  Files files;
  for (const std::string& key : part.removed) files.push_back(snapshot.files().find(key));
  BL_TRY(const std::vector<Identity> identities, repeated_in(*reads_, snapshot, files));
  if (identities.empty()) return {};
  Spans chosen;
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < identities.size() && bytes < k_bytes_max; at += k_asked_at_once) {
    const std::size_t count = std::min(k_asked_at_once, identities.size() - at);
    BL_RETURN_IF_ERROR(
        choose_among(*reads_, snapshot, files, std::span(identities).subspan(at, count), chosen));
    bytes = bytes_of(chosen);
  }
  BL_TRY(part.rows, batches_of(chosen));
  part.select = k_settled;
  return {};
}

}  // namespace bl::traces
