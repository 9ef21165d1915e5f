#include "bigquery/rest/uploads.h"

#include <fmt/format.h>

#include <charconv>

#include "bigquery/model/names.h"

namespace bl::bigquery {
namespace {

Error bad_body(std::string_view what) {
  return {Code::invalid, fmt::format("the body is no multipart/related: {}", what)};
}

Error bad_range(std::string_view header) {
  return {Code::invalid, fmt::format("Invalid Content-Range: {}", header)};
}

/// The value of `boundary` in a Content-Type.
std::string boundary_of(std::string_view content_type) {
  const std::string small = lower(content_type);
  const std::size_t at = small.find("boundary=");
  if (at == std::string::npos) return {};
  std::string_view value = content_type.substr(at + 9);
  if (value.starts_with('"') || value.starts_with('\'')) {
    const char quote = value[0];
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find(quote)));
  }
  return std::string(value.substr(0, value.find_first_of("; \t")));
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// What is behind the headers of a part.
Result<std::string_view> content_of(std::string_view part) {
  const std::size_t wide = part.find("\r\n\r\n"), narrow = part.find("\n\n");
  if (wide == std::string_view::npos && narrow == std::string_view::npos) {
    return bad_body("a part without an empty line");
  }
  return wide <= narrow ? part.substr(wide + 4) : part.substr(narrow + 2);
}

}  // namespace

Result<MultipartBody> multipart_of(std::string_view content_type, std::string_view body) {
  const std::string boundary = boundary_of(content_type);
  if (boundary.empty()) return bad_body("no boundary");
  const std::string mark = "--" + boundary;
  std::size_t at = body.starts_with(mark) ? 0 : body.find("\n" + mark);
  if (at == std::string_view::npos) return bad_body("the boundary is not in it");
  if (at > 0) ++at;
  std::string_view parts[2];
  for (std::string_view& part : parts) {
    at = body.find('\n', at + mark.size());
    if (at == std::string_view::npos) return bad_body("fewer than two parts");
    const std::size_t end = body.find("\n" + mark, at);
    if (end == std::string_view::npos) return bad_body("the last boundary is missing");
    part = body.substr(at + 1, end - at - 1);
    if (part.ends_with('\r')) part.remove_suffix(1);
    at = end + 1;
  }
  MultipartBody made;
  BL_TRY(made.json, content_of(parts[0]));
  BL_TRY(made.media, content_of(parts[1]));
  return made;
}

Result<ContentRange> content_range_of(std::string_view header) {
  std::string_view rest = header;
  if (!rest.starts_with("bytes")) return bad_range(header);
  rest.remove_prefix(5);
  while (rest.starts_with(' ') || rest.starts_with('=')) rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return bad_range(header);
  ContentRange range;
  const std::string_view total = rest.substr(slash + 1), span = rest.substr(0, slash);
  if (total != "*" && !(range.total = number_of(total))) return bad_range(header);
  if (span == "*") return range;
  const std::size_t dash = span.find('-');
  if (dash == std::string_view::npos) return bad_range(header);
  range.first = number_of(span.substr(0, dash));
  range.last = number_of(span.substr(dash + 1));
  if (!range.first || !range.last || *range.last < *range.first ||
      (range.total && *range.last >= *range.total)) {
    return bad_range(header);
  }
  return range;
}

Result<std::shared_ptr<SentFile>> Uploads::new_file(const JobPorts::Parts& parts) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_folder_clean_) {
      BL_RETURN_IF_ERROR(parts.disk->make_folder(parts.upload_folder));
      BL_TRY(const auto left, parts.disk->list(parts.upload_folder));
      for (const std::string& name : left) {
        BL_RETURN_IF_ERROR(parts.disk->remove(parts.upload_folder + "/" + name));
      }
      is_folder_clean_ = true;
    }
  }
  return SentFile::create(*parts.disk, parts.upload_folder + "/" + parts.ids->next());
}

Result<std::shared_ptr<Upload>> Uploads::begin(const JobPorts::Parts& parts, std::string project,
                                               json::Value body) {
  const auto upload = std::make_shared<Upload>();
  upload->id = parts.ids->next();
  upload->project = std::move(project);
  upload->body = std::move(body);
  upload->touched = parts.clock->now();
  BL_TRY(upload->file, new_file(parts));
  const std::lock_guard lock(mutex_);
  std::erase_if(uploads_, [&](const auto& entry) {
    const std::unique_lock idle(entry.second->busy, std::try_to_lock);
    return idle.owns_lock() && entry.second->touched + limits_.upload_age_max < upload->touched;
  });
  if (uploads_.size() >= limits_.uploads_max) {
    return Error{Code::too_many,
                 fmt::format("{} uploads have begun and not ended", uploads_.size())};
  }
  uploads_.emplace(upload->id, upload);
  return upload;
}

Result<std::shared_ptr<Upload>> Uploads::find(const std::string& project, const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(id);
  if (found != uploads_.end() && found->second->project == project) return found->second;
  return Error{Code::not_found, "Not found: no such upload: " + id.substr(0, 100)};
}

void Uploads::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  uploads_.erase(id);
}

}  // namespace bl::bigquery
