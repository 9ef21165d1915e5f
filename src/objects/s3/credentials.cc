#include "objects/s3/credentials.h"

#include <fmt/format.h>

#include <algorithm>

namespace bl::objects {
namespace {

constexpr std::uint64_t k_file_bytes_max = 1u << 20;

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string variable(const std::map<std::string, std::string>& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : std::string(trimmed(found->second));
}

// They stand in header fields and in a comma-separated list.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
}

Result<void> check(const Credentials& credentials, std::string_view where) {
  if (credentials.access_key_id.empty()) {
    return Error{Code::unauthenticated, fmt::format("no access key id for S3 in {}", where)};
  }
  if (credentials.secret_access_key.empty()) {
    return Error{Code::unauthenticated, fmt::format("no secret access key for S3 in {}", where)};
  }
  if (!is_plain(credentials.access_key_id) || !is_plain(credentials.secret_access_key.reveal()) ||
      !is_plain(credentials.session_token.reveal())) {
    return Error{Code::invalid,
                 fmt::format("credentials for S3 with blanks or control characters in {}", where)};
  }
  return {};
}

void take(Credentials& credentials, std::string_view key, std::string_view value) {
  if (key == "aws_access_key_id") credentials.access_key_id = value;
  if (key == "aws_secret_access_key") credentials.secret_access_key = Secret(std::string(value));
  if (key == "aws_session_token") credentials.session_token = Secret(std::string(value));
}

}  // namespace

Result<Credentials> read_credentials_file(std::string_view text, std::string_view profile) {
  Credentials credentials;
  bool is_ours = false, found = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view line = trimmed(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      if (line.back() != ']') {
        return Error{
            Code::invalid,
            fmt::format("a credentials file with a section that does not end in ], line {}",
                        number)};
      }
      is_ours = trimmed(line.substr(1, line.size() - 2)) == profile;
      found = found || is_ours;
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      return Error{Code::invalid,
                   fmt::format("a credentials file with a line that is neither a section nor "
                               "KEY = VALUE, line {}",
                               number)};
    }
    // Indented lines belong to the key before them (s3 = ...), which is not one of ours.
    const bool is_nested = raw.front() == ' ' || raw.front() == '\t';
    if (is_ours && !is_nested) {
      take(credentials, trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
    }
  }
  if (!found) {
    return Error{Code::not_found,
                 fmt::format("no such section in the credentials file: [{}]", profile)};
  }
  BL_RETURN_IF_ERROR(
      check(credentials, fmt::format("the credentials file's section [{}]", profile)));
  return credentials;
}

Result<std::unique_ptr<CredentialSource>> CredentialSource::open(
    const std::map<std::string, std::string>& variables, Disk& disk) {
  std::unique_ptr<CredentialSource> source(new CredentialSource(disk));
  Credentials& own = source->credentials_;
  own.access_key_id = variable(variables, "AWS_ACCESS_KEY_ID");
  own.secret_access_key = Secret(variable(variables, "AWS_SECRET_ACCESS_KEY"));
  own.session_token = Secret(variable(variables, "AWS_SESSION_TOKEN"));
  if (!own.access_key_id.empty() || !own.secret_access_key.empty()) {
    BL_RETURN_IF_ERROR(check(own, "the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"));
    return source;
  }
  source->file_ = variable(variables, "AWS_SHARED_CREDENTIALS_FILE");
  const std::string home = variable(variables, "HOME");
  if (source->file_.empty() && !home.empty()) source->file_ = home + "/.aws/credentials";
  source->profile_ = variable(variables, "AWS_PROFILE");
  if (source->profile_.empty()) source->profile_ = "default";
  auto read = source->file_.empty() ? Result<Credentials>(Error{Code::not_found, "no file"})
                                    : source->read();
  if (!read.ok() && read.error().code == Code::not_found) {
    return Error{Code::unauthenticated,
                 "no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name "
                 "a file in AWS_SHARED_CREDENTIALS_FILE (" +
                     read.error().message + ")"};
  }
  if (!read.ok()) return std::move(read).error();
  own = std::move(read).value();
  return source;
}

Result<Credentials> CredentialSource::read() const {
  BL_TRY(const std::string text, read_file(disk_, file_, k_file_bytes_max));
  auto credentials = read_credentials_file(text, profile_);
  if (!credentials.ok()) return std::move(credentials).error().with_context(file_);
  return credentials;
}

Credentials CredentialSource::current() const {
  std::lock_guard lock(mutex_);
  return credentials_;
}

bool CredentialSource::renew(const Credentials& refused) {
  if (file_.empty()) return false;
  auto read = this->read();
  std::lock_guard lock(mutex_);
  if (read.ok()) credentials_ = std::move(read).value();
  return credentials_ != refused;
}

}  // namespace bl::objects
