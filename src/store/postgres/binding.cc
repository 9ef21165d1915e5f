#include "store/postgres/binding.h"

#include "store/row_set.h"

namespace bl::store {

void Bound::operator()(std::int64_t value) {
  add_text(std::to_string(value));
}

void Bound::operator()(double value) {
  std::string text;
  append_postgres_number(text, value);
  add_text(std::move(text));
}

void Bound::operator()(std::string_view value) {
  add_text(std::string(value));
}

void Bound::operator()(Blob value) {
  texts_.emplace_back(value.bytes);
  add(texts_.back().data(), static_cast<int>(value.bytes.size()), 1);
}

void Bound::add_text(std::string text) {
  texts_.push_back(std::move(text));
  add(texts_.back().c_str(), 0, 0);
}

void Bound::add(const char* value, int length, int format) {
  values_.push_back(value);
  lengths_.push_back(length);
  formats_.push_back(format);
}

bool has_nul(std::span<const Param> params) {
  for (const Param& param : params) {
    const auto* text = std::get_if<std::string_view>(&param);
    if (text != nullptr && text->find('\0') != std::string_view::npos) return true;
  }
  return false;
}

PostgresError text_with_nul() {
  return {Error(Code::invalid, "PostgreSQL keeps no text with a NUL in it")};
}

}  // namespace bl::store
