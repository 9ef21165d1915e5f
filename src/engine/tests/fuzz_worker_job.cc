// What the server sends, as a worker reads it: a job that says the same when it is said again, or
// an error.
#include <cstdlib>

#include "engine/worker/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::engine;
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  (void)decode_setup(payload);
  const auto job = decode_job(payload);
  if (!job.ok()) return 0;
  const auto text = encode(*job);
  if (!text.ok()) std::abort();
  const auto again = decode_job(*text);
  if (!again.ok() || encode(*again).value() != *text) std::abort();
  return 0;
}
