#include "results/store/history_details.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

namespace bl::results {
namespace {

constexpr char k_version = 1;
enum Flag : unsigned char {
  k_data_are_doubles = 1,
  k_tags_name_the_commit = 2,
  k_no_annotations = 4,
};
constexpr unsigned char k_flags = k_data_are_doubles | k_tags_name_the_commit | k_no_annotations;

static_assert(std::endian::native == std::endian::little, "doubles are kept as they lie");

constexpr std::string_view k_tags_before = "{\"name\":\"commit: ";
constexpr std::string_view k_tags_after = "\"}";

// More than any double takes without an exponent.
constexpr std::size_t k_number_chars_max = 512;

// Writing ------------------------------------------------------------------------------------

void append_length(std::string& out, std::size_t length) {
  for (; length >= 0x80; length >>= 7) out += static_cast<char>(length | 0x80);
  out += static_cast<char>(length);
}

void append_text(std::string& out, std::string_view text) {
  append_length(out, text.size());
  out += text;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The length is twice that of the bytes, plus one for hex.
void append_id(std::string& out, std::string_view id) {
  const std::size_t begin = out.size();
  const std::size_t bytes = id.size() / 2;
  bool is_hex = id.size() % 2 == 0;
  append_length(out, bytes * 2 + 1);
  for (std::size_t i = 0; is_hex && i < bytes; ++i) {
    const int high = digit_of(id[2 * i]);
    const int low = digit_of(id[2 * i + 1]);
    is_hex = high >= 0 && low >= 0;
    out += static_cast<char>(high << 4 | low);
  }
  if (is_hex) return;
  out.resize(begin);
  append_length(out, id.size() * 2);
  out += id;
}

// As json::to_stored_text writes numbers: plain decimals.
void append_number(std::string& out, double number) {
  std::array<char, k_number_chars_max> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  out.append(text.data(), end.ptr);
}

void append_array(std::string& out, std::string_view doubles) {
  out += '[';
  for (std::size_t at = 0; at < doubles.size(); at += sizeof(double)) {
    if (at > 0) out += ',';
    double number = 0;
    std::memcpy(&number, doubles.data() + at, sizeof number);
    append_number(out, number);
  }
  out += ']';
}

// The samples' bytes, when they are fewer than the text's and give the same text again.
std::optional<std::string> doubles_of(std::string_view data) {
  if (data.size() < 3) return std::nullopt;
  std::string doubles;
  const char* at = data.data() + 1;
  const char* const end = data.data() + data.size() - 1;
  while (at < end) {
    double number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc()) return std::nullopt;
    doubles.append(reinterpret_cast<const char*>(&number), sizeof number);
    at = parsed.ptr + 1;  // behind the comma
  }
  if (doubles.size() >= data.size()) return std::nullopt;
  std::string again;
  again.reserve(data.size());
  append_array(again, doubles);
  if (again != data) return std::nullopt;
  return doubles;
}

bool names_commit(std::string_view run_tags, std::string_view sha) {
  return run_tags.size() == k_tags_before.size() + sha.size() + k_tags_after.size() &&
         run_tags.starts_with(k_tags_before) && run_tags.ends_with(k_tags_after) &&
         run_tags.substr(k_tags_before.size(), sha.size()) == sha;
}

// Reading ------------------------------------------------------------------------------------

// Takes what lies next; once something is missing, all that follows is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool at_end() const { return !is_short_ && rest_.empty(); }
  bool is_cut() const { return is_short_; }

  std::string_view take(std::size_t size) {
    is_short_ = is_short_ || size > rest_.size();
    if (is_short_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::size_t length() {
    std::size_t length = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const std::string_view byte = take(1);
      if (byte.empty()) return 0;
      length |= static_cast<std::size_t>(byte[0] & 0x7f) << shift;
      if ((byte[0] & 0x80) == 0) return length;
    }
    is_short_ = true;
    return 0;
  }

  std::string_view text() { return take(length()); }

  std::string_view id(TextArena& texts) {
    static constexpr char k_digits[] = "0123456789abcdef";
    const std::size_t head = length();
    const std::string_view bytes = take(head / 2);
    if (head % 2 == 0) return bytes;
    scratch_.clear();
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      scratch_ += k_digits[byte >> 4];
      scratch_ += k_digits[byte & 15];
    }
    return texts.keep(scratch_);
  }

  std::string_view array(TextArena& texts) {
    scratch_.clear();
    append_array(scratch_, take(length() * sizeof(double)));
    return texts.keep(scratch_);
  }

  std::string_view tags_naming(std::string_view sha, TextArena& texts) {
    scratch_.assign(k_tags_before).append(sha).append(k_tags_after);
    return texts.keep(scratch_);
  }

 private:
  std::string_view rest_;
  bool is_short_ = false;
  std::string scratch_;
};

Result<unsigned> read_flags(Reader& reader) {
  const std::string_view head = reader.take(2);
  const unsigned flags = head.empty() ? 0 : static_cast<unsigned char>(head[1]);
  if (head.empty() || head[0] != k_version || (flags & ~k_flags) != 0) {
    return Error{Code::corrupt, "a point of a history has a form that this program does not know"};
  }
  return flags;
}

}  // namespace

std::string pack_details(const PointDetails& details) {
  const auto doubles = doubles_of(details.data);
  const bool tags_name_commit = names_commit(details.run_tags, details.commit_sha);
  const bool no_annotations = details.change_annotations == "{}";
  std::string out;
  out.reserve(256);
  out += k_version;
  out += static_cast<char>((doubles ? k_data_are_doubles : 0) |
                           (tags_name_commit ? k_tags_name_the_commit : 0) |
                           (no_annotations ? k_no_annotations : 0));
  append_text(out, details.unit);
  append_text(out, details.run_id);
  append_text(out, details.commit_message);
  append_id(out, details.result_id);
  append_id(out, details.commit_sha);
  append_id(out, details.info_id);
  if (doubles) {
    append_length(out, doubles->size() / sizeof(double));
    out += *doubles;
  } else {
    append_text(out, details.data);
  }
  if (!tags_name_commit) append_text(out, details.run_tags);
  if (!no_annotations) append_text(out, details.change_annotations);
  return out;
}

Result<std::string_view> unit_of_details(std::string_view packed) {
  Reader reader(packed);
  BL_RETURN_IF_ERROR(read_flags(reader));
  const std::string_view unit = reader.text();
  if (reader.is_cut()) return Error{Code::corrupt, "a point of a history is cut"};
  return unit;
}

Result<PointDetails> unpack_details(std::string_view packed, TextArena& texts) {
  Reader reader(texts.keep(packed));
  BL_TRY(const unsigned flags, read_flags(reader));
  PointDetails details;
  details.unit = reader.text();
  details.run_id = reader.text();
  details.commit_message = reader.text();
  details.result_id = reader.id(texts);
  details.commit_sha = reader.id(texts);
  details.info_id = reader.id(texts);
  details.data = flags & k_data_are_doubles ? reader.array(texts) : reader.text();
  details.run_tags = flags & k_tags_name_the_commit ? reader.tags_naming(details.commit_sha, texts)
                                                    : reader.text();
  details.change_annotations = flags & k_no_annotations ? std::string_view("{}") : reader.text();
  if (!reader.at_end()) return Error{Code::corrupt, "a point of a history is cut or too long"};
  return details;
}

}  // namespace bl::results
