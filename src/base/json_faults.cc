#include <string>

#include "base/json.h"
#include "base/utf8.h"

namespace bl::json {
namespace {

constexpr std::size_t k_value_bytes_max = 120;

/// Cuts between code points and says so.
std::string shortened(std::string text) {
  if (text.size() <= k_value_bytes_max) return text;
  text.resize(prefix_of_bytes(text, k_value_bytes_max).size());
  return text += "...";
}

/// The beginning of the value's text: never the cost of a large value.
void append_beginning(std::string& out, const Value& value) {
  if (out.size() > k_value_bytes_max) return;
  if (value.is_string()) {
    const std::string& text = value.as_string();
    append_quoted(out, prefix_of_bytes(text, k_value_bytes_max + 4));
  } else if (value.is_array()) {
    out += '[';
    bool first = true;
    for (const Value& item : value.items()) {
      if (!first) out += ',';
      append_beginning(out, item);
      if (out.size() > k_value_bytes_max) return;
      first = false;
    }
    out += ']';
  } else if (value.is_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.members()) {
      if (!first) out += ',';
      append_quoted(out, prefix_of_bytes(key, k_value_bytes_max + 4));
      out += ':';
      append_beginning(out, member);
      if (out.size() > k_value_bytes_max) return;
      first = false;
    }
    out += '}';
  } else if (value.is_number()) {
    out.append(value.number_text(), 0, k_value_bytes_max + 1);
  } else {
    append_text(out, value);
  }
}

}  // namespace

void Faults::add(std::string path, std::string message, const Value* value) {
  std::string text;
  if (value != nullptr && list_.size() < k_faults_max) append_beginning(text, *value);
  add_text(std::move(path), std::move(message), std::move(text));
}

void Faults::add_text(std::string path, std::string message, std::string value_text) {
  ++count_;
  if (list_.size() >= k_faults_max) return;
  list_.push_back({std::move(path), std::move(message), shortened(std::move(value_text))});
}

Error Faults::to_error(std::string_view what) const {
  BL_CHECK(count_ > 0);
  const Fault& first = list_.front();
  std::string sentence(what);
  sentence += ": ";
  if (count_ > 1) sentence.append(std::to_string(count_)).append(" faults, the first: ");
  if (!first.path.empty()) sentence.append(first.path).append(": ");
  sentence += first.message;
  if (!first.value.empty()) sentence.append(": ").append(first.value);
  return {Code::invalid, std::move(sentence), list_};
}

}  // namespace bl::json
