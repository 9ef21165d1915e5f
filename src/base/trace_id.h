#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Ids of traces and spans (W3C Trace Context, OTLP): by them results, builds and traces name each
/// other.
namespace bl {

/// 16 bytes, big-endian in two halves, so that order is that of the bytes and of the hex digits.
/// All zero is none.
struct TraceId {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const TraceId&) const = default;
  bool is_valid() const { return (high | low) != 0; }
  /// 32 lower-case hex digits.
  std::string hex() const;
  /// 16 bytes as they stand on wires.
  std::string bytes() const;
  /// Exactly 16 bytes; nullopt else. May give the invalid id.
  static std::optional<TraceId> from_bytes(std::string_view bytes);
  /// 32 hex digits of any case; nullopt else.
  static std::optional<TraceId> from_hex(std::string_view text);
  /// As people and old front ends write it: 1 to 32 hex digits of any case, leading zeros left out;
  /// dashes of a UUID are passed over. nullopt: something else, or the invalid id.
  static std::optional<TraceId> from_text(std::string_view text);
};

/// 8 bytes, big-endian. Zero is none.
struct SpanId {
  std::uint64_t value = 0;
  auto operator<=>(const SpanId&) const = default;
  bool is_valid() const { return value != 0; }
  /// 16 lower-case hex digits.
  std::string hex() const;
  std::string bytes() const;
  static std::optional<SpanId> from_bytes(std::string_view bytes);
  static std::optional<SpanId> from_hex(std::string_view text);
};

}  // namespace bl

template <>
struct std::hash<bl::TraceId> {
  std::size_t operator()(const bl::TraceId& id) const noexcept {
    // Ids are random on the wire; who forges them gets long chains only with the halves' XOR.
    return static_cast<std::size_t>((id.high ^ (id.low * 0x9E3779B97F4A7C15ull)) *
                                    0xD6E8FEB86659FD93ull);
  }
};
template <>
struct std::hash<bl::SpanId> {
  std::size_t operator()(const bl::SpanId& id) const noexcept {
    return static_cast<std::size_t>(id.value * 0x9E3779B97F4A7C15ull);
  }
};
