// Any bytes as a commit of a Delta log: an error, or actions that say the same when they are
// written and read again; also as a schema, as statistics and as a deletion vector.
#include <cstdint>

#include "base/check.h"
#include "lake/delta/actions.h"
#include "lake/delta/deletions.h"
#include "lake/delta/paths.h"
#include "lake/delta/schema.h"
#include "lake/delta/state.h"

namespace {

using namespace bl;
using namespace bl::lake;

const delta::ParseContext k_context{"/data/t/", 1u << 20};

std::string all_lines(const delta::State& state) {
  std::string out;
  for (const auto& line : state.checkpoint_lines({})) out += line;
  return out;
}

void apply(std::string_view commit) {
  auto actions = delta::parse_commit(commit, k_context);
  if (!actions.ok()) return;
  delta::State state("/data/t/", 1'000);
  if (!state.apply(0, std::move(actions).value()).ok() || !state.check().ok()) return;
  // A checkpoint of the state is a state of its own, and the same.
  auto again = delta::parse_commit(all_lines(state), k_context);
  BL_CHECK(again.ok());
  delta::State other("/data/t/", 1'000);
  BL_CHECK(other.apply(0, std::move(again).value()).ok());
  BL_CHECK(other.check().ok());
  BL_CHECK(other.active() == state.active());
  BL_CHECK(other.snapshot()->bytes == state.snapshot()->bytes);
  BL_CHECK(other.metadata().schema == state.metadata().schema);
}

void read_schema(std::string_view text) {
  const auto columns = delta::parse_schema(text);
  if (!columns.ok()) return;
  const auto again = delta::parse_schema(delta::schema_text(*columns));
  BL_CHECK(again.ok() && delta::schema_text(*again) == delta::schema_text(*columns));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const std::string k_begin =
      R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})"
      "\n"
      R"({"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",)"
      R"(\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[]}})"
      "\n";
  apply(bytes);
  apply(k_begin + std::string(bytes));
  read_schema(bytes);
  DeltaFile file;
  file.statistics = std::string(bytes);
  (void)delta_statistics(file);
  (void)delta::deleted_rows({"u", "", 0, static_cast<std::int64_t>(size) - 8, 1, true}, bytes);
  (void)delta::deleted_rows({"i", std::string(bytes), 0, static_cast<std::int64_t>(size), 1, false},
                            {});
  if (const auto path = delta::canonical_path(bytes, "/data/t/"); path.ok()) {
    if (delta::check_below_table(*path).ok()) {
      BL_CHECK(delta::canonical_path(delta::written_path(*path), "/data/t/").value() == *path);
    }
  }
  return 0;
}
