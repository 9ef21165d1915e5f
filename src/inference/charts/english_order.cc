#include "inference/english_order.h"

#include <algorithm>
#include <array>

namespace bl::inference {
namespace {

// Every printable character that is no letter or digit, in CLDR's order.
constexpr std::string_view k_signs = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

constexpr std::array<int, 256> primary_weights() {
  std::array<int, 256> weights{};
  int next = 1;
  for (const char c : {'\t', '\n', '\v', '\f', '\r'})
    weights[static_cast<unsigned char>(c)] = next++;
  for (const char c : k_signs) weights[static_cast<unsigned char>(c)] = next++;
  for (char c = '0'; c <= '9'; ++c) weights[static_cast<unsigned char>(c)] = next++;
  for (char c = 'a'; c <= 'z'; ++c) {
    weights[static_cast<unsigned char>(c)] = next;
    weights[static_cast<unsigned char>(c - 'a' + 'A')] = next++;
  }
  for (int c = 128; c < 256; ++c) weights[static_cast<std::size_t>(c)] = next++;
  return weights;
}

constexpr std::array<int, 256> k_primary = primary_weights();

int primary(char c) {
  return k_primary[static_cast<unsigned char>(c)];
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

}  // namespace

bool english_before(std::string_view a, std::string_view b) {
  const auto by = [&](auto weight) {
    return std::lexicographical_compare_three_way(
        a.begin(), a.end(), b.begin(), b.end(),
        [&](char x, char y) { return weight(x) <=> weight(y); });
  };
  if (const auto order = by(primary); order != 0) return order < 0;
  return by([](char c) { return static_cast<int>(is_upper(c)); }) < 0;
}

}  // namespace bl::inference
