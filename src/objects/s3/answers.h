#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "objects/object_store.h"

/// What S3's answers say: XML documents and dates, and the one document that we send. Pure; the
/// bytes may be anything.
namespace bl::objects {

/// The document `Error`. Empty where there is none.
struct S3Fault {
  std::string code;     ///< `NoSuchKey`: letters, digits and `.`, at most 64
  std::string message;  ///< as it came
  std::string region;   ///< where the bucket lies, when that was wrong
};
/// Whatever the body is: a gateway may answer in HTML.
S3Fault decode_fault(std::string_view body);

/// ListObjectsV2 with encoding-type=url. Keys as S3 has them, ascending.
struct S3Page {
  std::vector<ObjectInfo> objects;
  bool is_last = true;
};
/// Errors: malformed; corrupt (keys that do not ascend, or do not come after `after`: the server
/// does not list by key, and pages would lose objects).
Result<S3Page> decode_page(std::string_view body, std::string_view after);

/// InitiateMultipartUpload. Errors: malformed.
Result<std::string> decode_upload_id(std::string_view body);

struct S3Upload {
  std::string key, id;
  Timestamp begun;
};
/// ListMultipartUploads.
struct S3Uploads {
  std::vector<S3Upload> uploads;
  std::string next_key, next_id;  ///< empty: this is the last page
};
/// Errors: malformed.
Result<S3Uploads> decode_uploads(std::string_view body);

/// CompleteMultipartUpload: the parts' ETags, from part 1 on.
std::string encode_parts(const std::vector<std::string>& etags);

/// `Sun, 22 Nov 2026 05:42:58 GMT`. Errors: malformed.
Result<Timestamp> parse_http_date(std::string_view text);

}  // namespace bl::objects
