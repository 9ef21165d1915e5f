#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// What a store takes and how long it waits. Reaching one is counted in
/// `bl_objects_limit_hits_total`.
namespace bl::objects {

struct StoreLimits {
  std::uint64_t put_bytes_max = 256u << 20;      ///< of put_if_absent and replace
  std::uint64_t object_bytes_max = 64ull << 30;  ///< of put_file_if_absent
  std::uint64_t get_bytes_max = 256u << 20;      ///< of one get_range
};

struct S3Limits {
  std::chrono::milliseconds connect_timeout{3'500};
  std::chrono::milliseconds attempt_timeout{60'000};  ///< of one request with its answer
  /// Of one call: no attempt begins later. A call lasts at most this and one attempt; one that
  /// writes, and has to look, twice that; one of many parts has it for each.
  std::chrono::milliseconds call_time_max{120'000};
  int attempts_max = 8;                       ///< of one request
  std::chrono::milliseconds first_wait{50};   ///< between attempts; doubles, half of it chance
  std::chrono::milliseconds wait_max{5'000};  ///< also when S3 says a longer Retry-After
  std::size_t connections_max = 32;           ///< open at a time
  std::uint32_t retry_tokens_max = 500;       ///< of the store; a retry takes retry_cost
  std::uint32_t retry_cost = 5;               ///< a request that succeeds gives one back
  std::uint64_t multipart_bytes_min = 32ull << 20;  ///< from here on an object goes in parts
  std::uint64_t part_bytes = 16ull << 20;           ///< 5 MiB to 5 GiB; larger for huge objects
  std::size_t document_bytes_max = 8u << 20;        ///< of an answer that is XML
};

}  // namespace bl::objects
