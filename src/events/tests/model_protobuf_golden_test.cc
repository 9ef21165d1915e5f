// Our protobuf against that of protobuf's own library: protobuf_golden.tsv, by protobuf_golden.py.
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "events/decode.h"
#include "events/encode.h"
#include "events/protobuf.h"

namespace bl::events {
namespace {

std::string hex_of(std::string_view bytes) {
  return to_hex(std::as_bytes(std::span(bytes)));
}

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

TEST(ProtobufGolden, EveryEventHasTheBytesOfTheLibrary) {
  const char* source = std::getenv("BL_TEST_SOURCE");
  std::ifstream file(std::string(source ? source : ".") + "/src/events/tests/protobuf_golden.tsv");
  ASSERT_TRUE(file) << "run the test in the repository's root, or set BL_TEST_SOURCE";
  std::set<EventType> types;
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.find('\t');
    const std::string json = line.substr(0, tab), hex = line.substr(tab + 1);
    const auto events = decode_events(json);
    ASSERT_TRUE(events.ok()) << events.error().message;
    const BuildEvent& event = events->front();
    EXPECT_EQ(event_json(event), json);
    EXPECT_EQ(hex_of(to_protobuf(event)), hex) << json;
    const auto read = from_protobuf(bytes_of(hex));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, event) << json;
    types.insert(event.type());
  }
  EXPECT_EQ(types.size(), k_event_types);
}

}  // namespace
}  // namespace bl::events
