#include "store/postgres/link.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace bl::store {
namespace {

// What a statement whose time is over gets to be cancelled, before its connection is given up.
constexpr std::chrono::milliseconds k_cancel_wait{2'000};

int milliseconds_until(Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 0, 3'600'000));
}

// 1 ready, 0 the time is over, -1 the system call failed.
int poll_socket(int socket, short events, Deadline deadline) {
  pollfd watched{socket, events, 0};
  for (;;) {
    const int ready = poll(&watched, 1, milliseconds_until(deadline));
    if (ready >= 0 || errno != EINTR) return ready;
  }
}

std::string sqlstate_of(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? std::string() : std::string(state);
}

// libpq says whom it asked before it says why that failed. The settings name the server; who reads
// an answer of ours need not know where it is.
std::string_view without_address(std::string_view sentence) {
  const std::size_t asked = sentence.rfind("connection to server ");
  if (asked == std::string_view::npos) return sentence;
  constexpr std::string_view k_then = " failed: ";
  const std::size_t why = sentence.find(k_then, asked);
  if (why == std::string_view::npos) return sentence;
  sentence.remove_prefix(why + k_then.size());
  return sentence.substr(0, sentence.find('\n'));
}

}  // namespace

void FreeResult::operator()(pg_result* result) const {
  PQclear(result);
}

Result<std::unique_ptr<Link>> Link::connect(const Keywords& keywords,
                                            std::chrono::milliseconds time_max) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* connection = PQconnectStartParams(names.data(), values.data(), 0);
  if (connection == nullptr) return Error(Code::overloaded, "PostgreSQL: no memory to connect");
  std::unique_ptr<Link> link(new Link(connection, keywords));
  // What a server remarks (NOTICE) is nobody's business; libpq would print it.
  PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
  const auto failed = [&](std::string_view sentence) -> Error {
    // The SQLSTATE of a refused connection is not given to us: the sentence is all there is.
    const std::string_view text = sentence;
    PostgresError error = connection_lost(without_address(text), "connecting");
    if (text.find("does not exist") != std::string_view::npos) error.error.code = Code::not_found;
    for (const char* full : {"too many", "connection slots are reserved"}) {
      if (text.find(full) != std::string_view::npos) error.error.code = Code::overloaded;
    }
    return std::move(error.error);
  };
  const Deadline deadline = std::chrono::steady_clock::now() + time_max;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK) {
    if (status == PGRES_POLLING_FAILED) return failed(PQerrorMessage(connection));
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    const int ready = poll_socket(PQsocket(connection), events, deadline);
    if (ready == 0) return failed("the server did not answer in time");
    if (ready < 0) return failed("poll failed");
    status = PQconnectPoll(connection);
  }
  if (PQsetnonblocking(connection, 1) != 0) return failed(PQerrorMessage(connection));
  BL_RETURN_IF_ERROR(link->enter_pipeline());
  return link;
}

Link::~Link() {
  PQfinish(connection_);
}

Error Link::lost(std::string_view doing) {
  is_usable_ = false;
  return connection_lost(PQerrorMessage(connection_), doing).error;
}

Result<bool> Link::wait(Wanted wanted, Deadline deadline) {
  const short events = wanted == Wanted::read ? POLLIN : static_cast<short>(POLLIN | POLLOUT);
  const int ready = poll_socket(PQsocket(connection_), events, deadline);
  if (ready < 0) return lost("waiting for the server");
  return ready > 0;
}

Result<void> Link::flush(Deadline deadline) {
  for (;;) {
    const int pending = PQflush(connection_);
    if (pending == 0) return {};
    if (pending < 0) return lost("sending");
    BL_TRY(const bool ready, wait(Wanted::read_or_write, deadline));
    if (!ready) {
      is_usable_ = false;
      return Error(Code::timeout, "PostgreSQL takes no more of a statement: the time is over");
    }
    // Answers that nobody reads would make the server stop reading what we send.
    if (PQconsumeInput(connection_) == 0) return lost("reading");
  }
}

// Not by PQcancel: it waits for the server without a limit, and so would who waits for us.
void Link::cancel() {
  is_cancelled_ = true;
  cancel_deadline_ = std::chrono::steady_clock::now() + k_cancel_wait;
  auto messenger = connect(keywords_, k_cancel_wait);
  if (!messenger.ok()) return;
  (*messenger)->is_cancelled_ = true;  // nobody cancels the messenger
  (*messenger)->cancel_deadline_ = cancel_deadline_;
  const std::string text =
      "select pg_cancel_backend(" + std::to_string(PQbackendPID(connection_)) + ")";
  (void)(*messenger)->simple(text, cancel_deadline_).ok();
}

Result<PgResult> Link::next(Deadline deadline) {
  while (PQisBusy(connection_) != 0) {
    BL_TRY(const bool ready, wait(Wanted::read, is_cancelled_ ? cancel_deadline_ : deadline));
    if (!ready) {
      if (is_cancelled_) {
        is_usable_ = false;
        return Error(Code::timeout, "PostgreSQL did not stop a statement whose time was over");
      }
      cancel();
      continue;
    }
    if (PQconsumeInput(connection_) == 0) return lost("reading");
  }
  PgResult result(PQgetResult(connection_));
  if (result != nullptr && PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) {
    is_cancelled_ = false;
  }
  if (PQstatus(connection_) != CONNECTION_OK) {
    is_usable_ = false;
    // A server that goes says why in its last result.
    if (result == nullptr || sqlstate_of(result.get()).empty()) return lost("reading");
  }
  return result;
}

Result<PgResult> Link::simple(const std::string& sql, Deadline deadline) {
  BL_RETURN_IF_ERROR(leave_pipeline());
  if (PQsendQuery(connection_, sql.c_str()) == 0) return lost("sending");
  BL_RETURN_IF_ERROR(flush(deadline));
  PgResult answer;
  for (;;) {
    BL_TRY(PgResult result, next(deadline));
    if (result == nullptr) break;
    // The first error counts; after it the server runs nothing more of the script.
    if (answer == nullptr || PQresultStatus(answer.get()) != PGRES_FATAL_ERROR) {
      answer = std::move(result);
    }
  }
  is_cancelled_ = false;
  BL_RETURN_IF_ERROR(enter_pipeline());
  return answer;
}

Result<void> Link::leave_pipeline() {
  if (PQpipelineStatus(connection_) == PQ_PIPELINE_OFF) return {};
  if (PQexitPipelineMode(connection_) == 0) return lost("leaving pipeline mode");
  return {};
}

Result<void> Link::enter_pipeline() {
  if (PQenterPipelineMode(connection_) == 0) return lost("entering pipeline mode");
  return {};
}

}  // namespace bl::store
