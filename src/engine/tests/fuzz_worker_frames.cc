// What a worker sends, as the server reads it: any bytes are frames and messages, or an error.
#include <cstdlib>

#include "columns/ipc.h"
#include "engine/worker/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::engine;
  FrameParser parser({.payload_bytes_max = 1u << 16});
  std::optional<bl::columns::Schema> schema;
  const bl::columns::IpcLimits limits{.memory_bytes_max = 1u << 20, .rows_max = 4096};
  for (std::size_t at = 0; at < size; at += 7) {
    parser.feed({reinterpret_cast<const char*>(data) + at, std::min<std::size_t>(7, size - at)});
    while (true) {
      const auto frame = parser.next();
      if (!frame.ok()) return 0;
      if (!*frame) break;
      const std::string& payload = (*frame)->payload;
      if (const auto progress = decode_progress(payload); progress.ok()) {
        if (!(progress->fraction >= 0 && progress->fraction <= 1)) std::abort();
      }
      (void)decode_ready(payload);
      (void)decode_done(payload);
      (void)decode_failed(payload);
      if ((*frame)->kind == FrameKind::schema) {
        const auto reader = bl::columns::IpcReader::open(payload, limits);
        if (reader.ok()) schema = (*reader)->schema();
      } else if (schema) {
        (void)bl::columns::read_ipc_batch(payload, *schema, limits);
      }
    }
  }
  return 0;
}
