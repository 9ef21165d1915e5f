// Requests of the Storage Read API: any bytes. What is read is what was there, and a name that is
// taken is written again as it was.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "bigquery/read/read_names.h"
#include "bigquery/read/read_wire.h"

namespace {

using namespace bl::bigquery::read;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Request>
void check(const bl::Result<Request>& request) {
  if (request.ok()) return;
  const auto code = request.error().code;
  require(code == bl::Code::malformed || code == bl::Code::invalid);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto create = read_create_request(bytes);
  check(create);
  if (create.ok()) {
    require(bl::is_utf8(create->table) && bl::is_utf8(create->row_restriction));
    const auto table = table_named(create->table);
    if (table.ok()) {
      require("projects/" + table->project + "/datasets/" + table->dataset + "/tables/" +
                  table->table ==
              create->table);
    }
    // The answer says the options again: it reads as they did.
    SessionAnswer answer;
    answer.name = "projects/p/locations/us/sessions/1";
    require(!session_message(answer, *create).empty());
  }
  const auto read = read_read_request(bytes);
  check(read);
  if (read.ok()) {
    if (const auto parts = stream_named(read->stream)) {
      require(parts->rows.begin >= 0 && parts->rows.begin < parts->rows.end);
      const std::string name = stream_name(parts->session, parts->rows);
      const auto again = stream_named(name);
      require(again && again->session == parts->session && again->rows == parts->rows);
    }
  }
  check(read_split_request(bytes));
  return 0;
}
