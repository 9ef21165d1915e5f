#include "access/user_rules.h"

#include "base/json.h"
#include "base/utf8.h"

namespace bl::access {
namespace {

bool has_control(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    if (is_control(step.code_point)) return true;
    text.remove_prefix(step.bytes);
  }
  return false;
}

bool is_label_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_host_name(std::string_view host) {
  if (host == "localhost") return true;
  if (host.find('.') == std::string_view::npos) return false;
  while (true) {
    const std::size_t dot = host.find('.');
    const std::string_view label = host.substr(0, dot);
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), is_label_byte)) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

std::string longer_than(std::size_t length_max) {
  std::string message = "Longer than maximum length ";
  return message.append(std::to_string(length_max)).append(".");
}

void check_email(std::string_view email, const UserLimits& limits, json::Faults& faults) {
  if (!is_email_address(email)) {
    const json::Value value = json::Value::string(valid_utf8(prefix_of_bytes(email, 200)));
    faults.add("/email", std::string(k_bad_email), &value);
  } else if (code_point_count(email) > limits.email_length_max) {
    faults.add("/email", longer_than(limits.email_length_max));
  }
}

void check_name(std::string_view name, const UserLimits& limits, json::Faults& faults) {
  if (!is_utf8(name) || has_control(name)) {
    faults.add("/name", "Not a valid string.");
  } else if (code_point_count(name) > limits.name_length_max) {
    faults.add("/name", longer_than(limits.name_length_max));
  }
}

/// Never with the value.
void check_password(std::string_view password, const UserLimits& limits, json::Faults& faults) {
  if (password.empty()) faults.add("/password", "Shorter than minimum length 1.");
  if (password.size() > limits.password_bytes_max)
    faults.add("/password", longer_than(limits.password_bytes_max));
}

}  // namespace

bool is_email_address(std::string_view text) {
  if (!is_utf8(text) || has_control(text)) return false;
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0) return false;
  if (text.find_first_of(" \"(),:;<>[\\]@", at + 1) != std::string_view::npos) return false;
  if (text.substr(0, at).find_first_of(" \"(),:;<>[\\]") != std::string_view::npos) return false;
  return is_host_name(text.substr(at + 1));
}

Result<void> check_user(const UserChange& texts, const UserLimits& limits) {
  json::Faults faults;
  if (texts.email) check_email(*texts.email, limits, faults);
  if (texts.name) check_name(*texts.name, limits, faults);
  if (texts.password) check_password(*texts.password, limits, faults);
  if (!faults.ok()) return faults.to_error("the user");
  return {};
}

std::string tame_name(std::string_view name, std::size_t length_max) {
  std::string tame;
  for (std::string_view rest = name; !rest.empty();) {
    const Utf8Step step = decode_utf8(rest);
    if (!step.valid || is_control(step.code_point)) {
      tame += ' ';
    } else {
      tame.append(rest.substr(0, step.bytes));
    }
    rest.remove_prefix(step.bytes);
  }
  return std::string(prefix_of_code_points(tame, length_max));
}

bool is_admin_address(std::string_view email, const UserLimits& limits) {
  return std::any_of(limits.admins.begin(), limits.admins.end(), [&](const std::string& admin) {
    return net::equal_without_case(admin, email);
  });
}

}  // namespace bl::access
