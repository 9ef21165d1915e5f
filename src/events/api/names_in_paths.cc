#include "events/api/names_in_paths.h"

#include "base/hash.h"
#include "base/utf8.h"

namespace bl::events {
namespace {

bool is_printable(std::string_view text) {
  if (!is_utf8(text)) return false;
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

/// What base64url may have been made of; nullopt: it is a name as it stands.
std::optional<std::string> decoded(const std::string& segment) {
  auto text = base64url_decode(segment);
  if (!text || text->empty() || !is_printable(*text)) return std::nullopt;
  return text;
}

Error doubtful_name(const std::string& segment, const std::string& text) {
  return {Code::invalid, "say ?encoding=text or ?encoding=base64url: the name may be '" + segment +
                             "' or '" + text + "'"};
}

}  // namespace

Result<std::string> name_in_path(const Request& request, std::string_view capture,
                                 net::QueryFields& fields, Doubtful doubtful,
                                 const IsKnown& is_known) {
  const std::string& segment = request.capture(capture);
  const auto encoding = fields.choice("encoding", {"text", "base64url"});
  BL_RETURN_IF_ERROR(fields.finish());
  if (encoding == 0u) return segment;
  const auto text = decoded(segment);
  if (encoding == 1u) {
    if (!text) return Error{Code::invalid, "this is no name in base64url: " + segment};
    return *text;
  }
  if (!text) return segment;
  BL_TRY(const bool knows_segment, is_known(segment));
  if (knows_segment && doubtful == Doubtful::as_text) return segment;
  BL_TRY(const bool knows_text, is_known(*text));
  if (knows_segment != knows_text) return knows_text ? *text : segment;
  if (doubtful == Doubtful::refused) return doubtful_name(segment, *text);
  return segment;
}

}  // namespace bl::events
