#include "access/cli_consent.h"

#include <algorithm>

#include "access/cli_login.h"
#include "access/sign_in_page.h"
#include "base/hash.h"
#include "base/hmac.h"
#include "base/html.h"
#include "base/uri.h"
#include "net/query_fields.h"

namespace bl::access {
namespace {

constexpr std::size_t k_state_bytes_max = 500;

/// Nobody else can make it: the key is in the cookie alone. A blank is in neither text.
std::string proof_of(const CliRequest& wanted, std::string_view session_secret) {
  std::string text("cli-start ");
  text.append(wanted.redirect_uri).append(" ").append(wanted.state);
  return hmac_sha256_hex(session_secret, text);
}

Result<CliRequest> decode(net::QueryFields& fields) {
  CliRequest wanted{fields.required_text("redirect_uri"), fields.required_text("state")};
  const bool is_plain = std::all_of(wanted.state.begin(), wanted.state.end(),
                                    [](char c) { return c > ' ' && c < 0x7f; });
  if (!is_plain || wanted.state.size() > k_state_bytes_max) {
    fields.fault("state", "must be at most 500 visible ASCII characters");
  }
  BL_RETURN_IF_ERROR(fields.finish());
  BL_RETURN_IF_ERROR(check_loopback_uri(wanted.redirect_uri));
  return wanted;
}

void append_hidden(std::string& html, const char* name, std::string_view value) {
  html.append("<input type=\"hidden\" name=\"").append(name).append("\" value=\"");
  html.append(html_escaped(value)).append("\">");
}

}  // namespace

Result<CliRequest> decode_cli_request(const net::Request& request) {
  net::QueryFields query(request);
  return decode(query);
}

Result<CliConsent> decode_consent(const net::Request& request) {
  net::Request form;
  BL_TRY(form.query, parse_query(request.body));
  net::QueryFields fields(form);
  std::string proof = fields.required_text("proof");
  BL_TRY(CliRequest wanted, decode(fields));
  return CliConsent{std::move(wanted), std::move(proof)};
}

bool is_own_consent(const CliConsent& consent, std::string_view session_secret) {
  return equal_constant_time(consent.proof, proof_of(consent.wanted, session_secret));
}

net::Response consent_page(const User& user, const CliRequest& wanted,
                           std::string_view session_secret) {
  const std::string where = html_escaped(
      wanted.redirect_uri.substr(0, wanted.redirect_uri.find('/', std::string("http://").size())));
  std::string html = html_head("Sign a command in");
  html.append("<h1>Sign a command in?</h1><p>A program of this machine, behind <code>");
  html.append(where).append(
      "</code>, asks for a token. With it, it may do all that you may, as <b>");
  html.append(html_escaped(user.name)).append("</b> (").append(html_escaped(user.email));
  html.append("), until the token is revoked.</p><p>Go on only if you have just run ");
  html.append("<code>benchlake auth login</code> or <code>conbench auth login</code>. ");
  html.append("If somebody sent you a link to this page, leave it.</p>");
  html.append("<form method=\"post\" action=\"/api/auth/cli-start\">");
  append_hidden(html, "redirect_uri", wanted.redirect_uri);
  append_hidden(html, "state", wanted.state);
  append_hidden(html, "proof", proof_of(wanted, session_secret));
  html.append("<p><button type=\"submit\">Give it a token</button> <a href=\"/\">Cancel</a></p>");
  html.append("</form></main></html>\n");
  net::Response response = html_page(200, std::move(html));
  // No form-action here: a browser would hold the redirect to the command against it. And with
  // no-referrer the form would come from the origin `null`.
  response.headers.set("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
                       "base-uri 'none'");
  response.headers.set("X-Frame-Options", "DENY");
  response.headers.set("Referrer-Policy", "same-origin");
  return response;
}

}  // namespace bl::access
