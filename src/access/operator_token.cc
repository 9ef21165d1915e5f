#include <algorithm>

#include "access/plaintext.h"
#include "access/tokens.h"

namespace bl::access {
namespace {

constexpr std::size_t k_bytes_min = 20;
constexpr std::size_t k_bytes_max = 200;

bool is_operator_token(std::string_view text) {
  return text.size() >= k_bytes_min && text.size() <= k_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Result<OperatorToken> load_operator_token(Disk& disk, const std::string& data_folder,
                                          Random& random) {
  const std::string path = data_folder + "/operator.token";
  auto text = read_file(disk, path, 4096);
  if (text.ok()) {
    std::string_view token = *text;
    token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    if (is_operator_token(token)) return OperatorToken{std::string(token), false};
    return Error{Code::corrupt,
                 "the operator token must be one line of 20 to 200 visible ASCII characters; "
                 "delete the file to get a new one: " +
                     path};
  }
  if (text.error().code == Code::too_large) {
    return Error{Code::corrupt, "this is not an operator token, the file is too large: " + path};
  }
  if (text.error().code != Code::not_found) return std::move(text).error();
  OperatorToken made{make_plaintext(random), true};
  BL_RETURN_IF_ERROR(write_file_atomically(disk, path, made.plaintext + "\n", FileMode::secret));
  return made;
}

}  // namespace bl::access
