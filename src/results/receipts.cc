#include "results/receipts.h"

#include <algorithm>
#include <charconv>

#include "base/ids.h"
#include "base/utf8.h"
#include "net/http.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::both_dialects;
using store::Connection;
using store::Param;
using store::param_of;
using store::ParamRows;

constexpr std::size_t k_numbers_max = 10'000;  // kept in memory
constexpr std::size_t k_written_at_once = 1'000;

constexpr store::InsertInto::Column k_replayed_columns[] = {
    {"at"}, {"submitter_no"}, {"outcome"}, {"run_id"}, {"result_id"}, {"submission_key"}};
constexpr store::InsertInto::Column k_refused_columns[] = {
    {"at"}, {"submitter_no"}, {"outcome"}, {"run_id"}, {"submission_key"}, {"code"}, {"summary"}};
const store::Sql k_table("bl_receipt", "benchlake.receipt");

std::int64_t number_of(Receipt::Outcome outcome) {
  return static_cast<std::int64_t>(outcome);
}

std::optional<std::string> text_at(const json::Value& document, const char* key) {
  const json::Value* value = document.find(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->as_string();
}

Receipt receipt_of(const store::Row& row) {
  Receipt receipt;
  receipt.seq = row.integer(0);
  receipt.at = Timestamp{row.integer(1)};
  receipt.submitter = {std::string(row.text(2)), std::string(row.text(3))};
  receipt.outcome = static_cast<Receipt::Outcome>(
      std::clamp<std::int64_t>(row.integer(4), 0, number_of(Receipt::Outcome::refused)));
  receipt.run_id = row.text_or_null(5);
  receipt.result_id = row.text_or_null(6);
  receipt.submission_key = row.text_or_null(7);
  receipt.code = row.text_or_null(8);
  receipt.summary = row.text_or_null(9);
  return receipt;
}

// When an id was made, to the 1/2^24 of a second; the inverse of id_floor (base/ids.h).
Timestamp time_of_id(std::string_view id) {
  const auto number = [&](std::size_t from, std::size_t digits) {
    std::uint64_t value = 0;
    std::from_chars(id.data() + from, id.data() + from + digits, value, 16);
    return value;
  };
  if (!is_id(id)) return Timestamp{0};
  const std::uint64_t seconds = number(0, 9);
  const std::uint64_t ticks = number(9, 3) << 12 | number(13, 3);
  return Timestamp{static_cast<std::int64_t>(seconds * 1'000'000 + ((ticks * 1'000'000) >> 24))};
}

// One kind of receipts, newest first, as far as a page may need them.
struct Found {
  std::vector<Receipt> receipts;
  bool may_go_on = false;
};

// Takes rows until they are too old. `disorder`: numbers do not follow the time exactly.
class Taker {
 public:
  Taker(const ReceiptFilter& filter, std::chrono::minutes disorder, Found& found)
      : filter_(filter), disorder_(disorder), found_(found) {
    found = {};
  }
  bool take(Receipt receipt) {
    if (filter_.since && receipt.at < *filter_.since - disorder_) return false;
    if (++seen_ == filter_.count_max) found_.may_go_on = true;
    found_.receipts.push_back(std::move(receipt));
    return true;
  }

 private:
  const ReceiptFilter& filter_;
  const std::chrono::minutes disorder_;
  Found& found_;
  std::int64_t seen_ = 0;
};

#define BL_STORED_COLUMNS                                            \
  "select n.no, n.id, s.id, s.name, r.run_id from @result_number n " \
  "join @submitter s on s.submitter_no = n.submitter_no "

Result<void> find_stored(Connection& connection, const ReceiptFilter& filter,
                         std::chrono::minutes disorder, Found& found) {
  Taker taker(filter, disorder, found);
  const auto each = [&](const store::Row& row) {
    Receipt receipt;
    receipt.seq = row.integer(0);
    receipt.result_id = row.text(1);
    receipt.at = time_of_id(*receipt.result_id);
    receipt.submitter = {std::string(row.text(2)), std::string(row.text(3))};
    receipt.run_id = row.text_or_null(4);
    if (filter.run_id && filter.run_id != receipt.run_id) return true;  // of the key's result
    receipt.submission_key = filter.submission_key;
    return taker.take(std::move(receipt));
  };
  const std::int64_t before = filter.before.result_no;
  if (filter.submission_key) {
    return connection.query(
        both_dialects<BL_STORED_COLUMNS
                      "join @submission k on k.result_id = n.id "
                      "join benchmark_result r on r.id = n.id where k.submission_key = $1 and "
                      "n.no < $2">(),
        {std::string_view(*filter.submission_key), before}, each);
  }
  if (filter.run_id) {
    return connection.query(
        both_dialects<BL_STORED_COLUMNS
                      "join benchmark_result r on r.id = n.id where r.run_id = $1 and n.no < $2 "
                      "order by n.no desc limit $3">(),
        {std::string_view(*filter.run_id), before, filter.count_max}, each);
  }
  return connection.query(
      both_dialects<BL_STORED_COLUMNS "join benchmark_result r on r.id = n.id where n.no < $1 "
                                      "order by n.no desc limit $2">(),
      {before, filter.count_max}, each);
}

Result<void> find_others(Connection& connection, const ReceiptFilter& filter,
                         std::chrono::minutes disorder, Found& found) {
  Taker taker(filter, disorder, found);
  std::string sql =
      "select r.seq, r.at, s.id, s.name, r.outcome, r.run_id, r.result_id, r.submission_key, "
      "r.code, r.summary from @receipt r join @submitter s on s.submitter_no = r.submitter_no "
      "where r.seq < $1";
  std::vector<Param> params{filter.before.seq};
  const auto demand = [&](const char* condition, Param value) {
    params.push_back(value);
    sql.append(condition).append("$").append(std::to_string(params.size()));
  };
  if (filter.submission_key) {
    demand(" and r.submission_key = ", std::string_view(*filter.submission_key));
  }
  if (filter.run_id) demand(" and r.run_id = ", std::string_view(*filter.run_id));
  demand(" order by r.seq desc limit ", filter.count_max);
  return connection.query_text(store::in_dialect(sql, connection.dialect()), params,
                               [&](const store::Row& row) { return taker.take(receipt_of(row)); });
}

// PostgreSQL keeps no NUL.
void fit(std::optional<std::string>& text, std::size_t bytes_max) {
  if (!text) return;
  *text = std::string(prefix_of_bytes(*text, bytes_max));
  std::ranges::replace(*text, '\0', ' ');
}

}  // namespace

const char* name_of(Receipt::Outcome outcome) {
  switch (outcome) {
    case Receipt::Outcome::stored:
      return "stored";
    case Receipt::Outcome::replayed:
      return "replayed";
    case Receipt::Outcome::refused:
      return "refused";
  }
  return "?";
}

ReceiptSubject receipt_subject(const json::Value& document) {
  return {text_at(document, "submission_key"), text_at(document, "run_id")};
}

ReceiptSubject receipt_subject(std::string_view body) {
  const auto document = json::parse(body);
  return document.ok() ? receipt_subject(*document) : ReceiptSubject{};
}

Receipts::Receipts(store::Database& database, const Clock& clock, Log& log, Metrics& metrics,
                   ReceiptLimits limits)
    : database_(database),
      clock_(clock),
      limits_(limits),
      removed_(metrics.counter("bl_receipts_removed_total", "receipts removed as too old or many")),
      queue_hits_(metrics.counter("bl_receipts_limit_hits_total",
                                  "times that a limit of receipts was reached",
                                  {{"limit", "queue_max"}})),
      count_hits_(metrics.counter("bl_receipts_limit_hits_total",
                                  "times that a limit of receipts was reached",
                                  {{"limit", "count_max"}})),
      errors_(log, "receipts") {}

// Refusals -----------------------------------------------------------------------------------

void Receipts::refused(const Submitter& submitter, const Error& error, ReceiptSubject subject) {
  if (net::http_status(error.code) >= 500) return;
  fit(subject.submission_key, limits_.key_bytes_max);
  fit(subject.run_id, limits_.key_bytes_max);
  std::optional<std::string> summary = error.message;
  fit(summary, limits_.summary_bytes_max);
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= limits_.queue_max) {
    queue_hits_.add();
    return;
  }
  waiting_.push_back(
      {clock_.now(), submitter, std::move(subject), name_of(error.code), std::move(*summary)});
}

Result<void> Receipts::flush() {
  std::vector<Refusal> taken;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t count = std::min(waiting_.size(), k_written_at_once);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
    taken.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }
  if (taken.empty()) return {};
  const auto write = [&]() -> Result<void> {
    ParamRows rows(std::size(k_refused_columns));
    for (const Refusal& one : taken) {
      BL_TRY(const std::int64_t submitter, submitter_number(one.submitter));
      rows.add({one.at.micros, submitter, number_of(Receipt::Outcome::refused),
                param_of(one.subject.run_id), param_of(one.subject.submission_key),
                std::string_view(one.code), std::string_view(one.summary)});
    }
    return database_.write([&](Connection& connection) {
      return connection.insert_many({k_table, k_refused_columns}, rows);
    });
  };
  auto written = write();
  if (written.ok()) return {};
  const std::lock_guard lock(mutex_);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(taken.begin()),
                  std::make_move_iterator(taken.end()));
  return written;
}

void Receipts::work() {
  const auto done = [&]() -> Result<void> {
    BL_RETURN_IF_ERROR(flush());
    return sweep();
  }();
  if (done.ok()) {
    errors_.passed();
  } else {
    errors_.failed(done.error().message);
  }
}

// Stored results -----------------------------------------------------------------------------

Result<std::int64_t> Receipts::submitter_number(const Submitter& submitter) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = numbers_.find({submitter.id, submitter.name});
    if (known != numbers_.end()) return known->second;
  }
  std::int64_t number = 0;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    const std::string_view id = submitter.id, name = submitter.name;
    BL_TRY([[maybe_unused]] const auto added,
           connection.execute(both_dialects<"insert into @submitter (id, name) values ($1, $2) "
                                            "on conflict do nothing">(),
                              {id, name}));
    return connection.query(
        both_dialects<"select submitter_no from @submitter where id = $1 and name = $2">(),
        {id, name}, [&](const store::Row& row) {
          number = row.integer(0);
          return false;
        });
  }));
  const std::lock_guard lock(mutex_);
  if (numbers_.size() >= k_numbers_max) numbers_.clear();
  numbers_[{submitter.id, submitter.name}] = number;
  return number;
}

Result<void> Receipts::add_replays(Connection& connection, Timestamp now,
                                   std::span<const Replay> replays) {
  if (replays.empty()) return {};
  ParamRows rows(std::size(k_replayed_columns));
  for (const Replay& one : replays) {
    rows.add({now.micros, one.submitter_no, number_of(Receipt::Outcome::replayed),
              std::string_view(one.submitted->run_id), std::string_view(one.submitted->id),
              param_of(one.submission->submission_key)});
  }
  return connection.insert_many({k_table, k_replayed_columns}, rows);
}

// Retention ----------------------------------------------------------------------------------

Result<void> Receipts::sweep() {
  const auto now = clock_.steady_now();
  if (swept_at_ && now - *swept_at_ < limits_.sweep_every) return {};
  for (;;) {
    BL_TRY(const std::int64_t removed, remove_some());
    if (removed < limits_.removed_at_once) break;
  }
  swept_at_ = now;
  return {};
}

// The oldest ones, as far as they are too old or too many.
Result<std::int64_t> Receipts::remove_some() {
  std::int64_t removed = 0;
  bool too_many = false;
  const Timestamp oldest = clock_.now() - limits_.age_max;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    removed = 0;
    std::int64_t newest = 0;
    std::optional<std::int64_t> last;
    BL_RETURN_IF_ERROR(
        connection.query(both_dialects<"select coalesce(max(seq), 0) from @receipt">(), {},
                         [&](const store::Row& row) {
                           newest = row.integer(0);
                           return false;
                         }));
    BL_RETURN_IF_ERROR(
        connection.query(both_dialects<"select seq, at from @receipt order by seq limit $1">(),
                         {limits_.removed_at_once}, [&](const store::Row& row) {
                           const bool is_old = row.integer(1) < oldest.micros;
                           const bool is_beyond = row.integer(0) <= newest - limits_.count_max;
                           if (!is_old && !is_beyond) return false;
                           too_many = too_many || (is_beyond && !is_old);
                           last = row.integer(0);
                           return true;
                         }));
    if (!last) return {};
    BL_TRY(removed,
           connection.execute(both_dialects<"delete from @receipt where seq <= $1">(), {*last}));
    return {};
  }));
  removed_.add(static_cast<double>(removed));
  if (too_many) count_hits_.add();
  return removed;
}

// Reading ------------------------------------------------------------------------------------

Result<ReceiptPage> Receipts::list(const ReceiptFilter& filter) {
  // Whoever was refused a moment ago finds it. A store that only reads: work() says what is wrong.
  static_cast<void>(flush());
  Found stored, others;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(find_stored(connection, filter, limits_.disorder_max, stored));
    return find_others(connection, filter, limits_.disorder_max, others);
  }));
  ReceiptPage page;
  ReceiptPosition reached = filter.before;
  auto a = stored.receipts.begin();
  auto b = others.receipts.begin();
  std::int64_t looked_at = 0;
  for (; looked_at < filter.count_max; ++looked_at) {
    const bool has_a = a != stored.receipts.end(), has_b = b != others.receipts.end();
    if (!has_a && !has_b) break;
    const bool takes_a = has_a && (!has_b || a->at >= b->at);
    Receipt& receipt = takes_a ? *a++ : *b++;
    (takes_a ? reached.result_no : reached.seq) = receipt.seq;
    if (filter.since && receipt.at < *filter.since) continue;
    page.receipts.push_back(std::move(receipt));
  }
  const bool has_more = a != stored.receipts.end() || b != others.receipts.end() ||
                        stored.may_go_on || others.may_go_on;
  if (has_more && looked_at > 0) page.next = reached;
  // Refusals that waited have later numbers than replays that came after them.
  std::ranges::stable_sort(page.receipts, std::ranges::greater{}, &Receipt::at);
  return page;
}

}  // namespace bl::results
