#include "objects/s3/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/uri.h"
#include "base/utf8.h"
#include "objects/key.h"
#include "objects/s3/xml.h"

namespace bl::objects {
namespace {

constexpr std::size_t k_code_bytes_max = 64;

bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= k_code_bytes_max && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
}

Error without(std::string_view what, std::string_view document) {
  return Error{Code::malformed, fmt::format("S3 answers a {} without {}", document, what)};
}

Result<XmlElement> document_of(std::string_view body, std::string_view name) {
  auto root = parse_xml(body);
  if (!root.ok()) return std::move(root).error().with_context("S3's answer");
  if (root->name == name) return root;
  return Error{Code::malformed,
               fmt::format("S3 answers another document than {}: {}", name, quoted(root->name))};
}

Result<bool> flag(const XmlElement& element, std::string_view name) {
  const std::string_view text = element.text_of(name);
  if (text == "true") return true;
  if (text == "false" || text.empty()) return false;
  return Error{Code::malformed, fmt::format("S3 answers a {} that is neither true nor false: {}",
                                            name, quoted(text))};
}

Result<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size()) return value;
  return Error{Code::malformed, "S3 answers a size that is no number: " + quoted(text)};
}

Result<Timestamp> time_of(std::string_view text) {
  auto time = parse_rfc3339(text);
  if (time.ok()) return time;
  return Error{Code::malformed, "S3 answers a time that is none: " + quoted(text)};
}

Result<std::string> key_of(const XmlElement& element, std::string_view name, bool is_encoded) {
  const std::string_view text = element.text_of(name);
  if (text.empty()) return without(name, element.name);
  if (!is_encoded) return std::string(text);
  auto decoded = percent_decode(text, true);
  if (decoded.ok() && is_utf8(*decoded)) return decoded;
  return Error{Code::malformed, "S3 answers a key with a broken encoding: " + quoted(text)};
}

Result<ObjectInfo> object_of(const XmlElement& contents, bool is_encoded) {
  ObjectInfo info;
  BL_TRY(info.key, key_of(contents, "Key", is_encoded));
  BL_TRY(info.size, number(contents.text_of("Size")));
  BL_TRY(info.modified, time_of(contents.text_of("LastModified")));
  return info;
}

}  // namespace

S3Fault decode_fault(std::string_view body) {
  S3Fault fault;
  const auto root = parse_xml(body);
  if (!root.ok()) return fault;
  // Some servers put it into an ErrorResponse.
  const XmlElement* error = root->name == "Error" ? &*root : root->child("Error");
  if (error == nullptr) return fault;
  if (is_code(error->text_of("Code"))) fault.code = error->text_of("Code");
  fault.message = error->text_of("Message");
  if (is_code(error->text_of("Region"))) fault.region = error->text_of("Region");
  return fault;
}

Result<S3Page> decode_page(std::string_view body, std::string_view after) {
  BL_TRY(const XmlElement root, document_of(body, "ListBucketResult"));
  S3Page page;
  BL_TRY(const bool is_truncated, flag(root, "IsTruncated"));
  page.is_last = !is_truncated;
  const bool is_encoded = root.text_of("EncodingType") == "url";
  std::string last(after);
  for (const XmlElement& child : root.children) {
    if (child.name != "Contents") continue;
    BL_TRY(ObjectInfo info, object_of(child, is_encoded));
    if (info.key <= last) {
      return Error{Code::corrupt, "the server does not list objects by their keys; out of order: " +
                                      quoted(info.key)};
    }
    last = info.key;
    page.objects.push_back(std::move(info));
  }
  if (!page.is_last && page.objects.empty()) {
    return Error{Code::malformed, "S3 answers a page without objects that is not the last"};
  }
  return page;
}

Result<std::string> decode_upload_id(std::string_view body) {
  BL_TRY(const XmlElement root, document_of(body, "InitiateMultipartUploadResult"));
  const std::string_view id = root.text_of("UploadId");
  if (id.empty()) return without("UploadId", root.name);
  return std::string(id);
}

Result<S3Uploads> decode_uploads(std::string_view body) {
  BL_TRY(const XmlElement root, document_of(body, "ListMultipartUploadsResult"));
  S3Uploads page;
  const bool is_encoded = root.text_of("EncodingType") == "url";
  for (const XmlElement& child : root.children) {
    if (child.name != "Upload") continue;
    S3Upload upload;
    BL_TRY(upload.key, key_of(child, "Key", is_encoded));
    upload.id = child.text_of("UploadId");
    if (upload.id.empty()) return without("UploadId", "Upload");
    BL_TRY(upload.begun, time_of(child.text_of("Initiated")));
    page.uploads.push_back(std::move(upload));
  }
  BL_TRY(const bool is_truncated, flag(root, "IsTruncated"));
  if (!is_truncated) return page;
  BL_TRY(page.next_key, key_of(root, "NextKeyMarker", is_encoded));
  page.next_id = root.text_of("NextUploadIdMarker");
  if (page.uploads.empty()) return without("Upload", root.name);
  return page;
}

std::string encode_parts(const std::vector<std::string>& etags) {
  std::string text = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    text += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                        xml_escaped(etags[i]));
  }
  return text + "</CompleteMultipartUpload>";
}

Result<Timestamp> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> k_months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Error refusal{Code::malformed, "not a date of HTTP: " + quoted(text)};
  if (text.size() != 29 || text.substr(25) != " GMT") return refusal;
  const auto month = std::ranges::find(k_months, text.substr(8, 3));
  if (month == k_months.end()) return refusal;
  const auto parsed =
      parse_rfc3339(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - k_months.begin() + 1,
                                text.substr(5, 2), text.substr(17, 8)));
  return parsed.ok() ? parsed : refusal;
}

}  // namespace bl::objects
