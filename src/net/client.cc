#include "net/client.h"

#include <curl/curl.h>

namespace bl::net {
namespace {

// libcurl's process-wide set-up, once.
void initialise_curl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  BL_CHECK(done == CURLE_OK);
}

// What one call collects.
struct Call {
  ClientResponse response;
  std::size_t body_bytes_max = 0;
  bool too_large = false;
  bool head_ended = false;  // by its empty line
  int sendings = 0;
};

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* user) {
  Call& call = *static_cast<Call*>(user);
  if (call.response.body.size() + count > call.body_bytes_max) {
    call.too_large = true;
    return 0;  // ends the transfer
  }
  call.response.body.append(bytes, count);
  return count;
}

// One line of the header; an interim answer (100 Continue) is forgotten when the next one begins.
std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* user) {
  Call& call = *static_cast<Call*>(user);
  Headers& headers = call.response.headers;
  std::string_view line(bytes, count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  call.head_ended = line.empty();
  if (line.starts_with("HTTP/")) {
    headers = Headers();
    return count;
  }
  std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  std::string_view value = line.substr(colon + 1);
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  headers.add(std::string(line.substr(0, colon)), std::string(value));
  return count;
}

// Called each time that a connection is there and the request goes out.
int on_sending(void* user, char*, char*, int, int) {
  ++static_cast<Call*>(user)->sendings;
  return CURL_PREREQFUNC_OK;
}

bool is_loopback(const std::string& url) {
  std::size_t start = url.find("://");
  if (start == std::string::npos) return false;
  std::string_view host = std::string_view(url).substr(start + 3);
  host = host.substr(0, host.find_first_of("/?"));
  const std::string_view name = host.substr(0, host.rfind(':'));
  return host.starts_with("127.") || name == "localhost" || name.ends_with(".localhost") ||
         host.starts_with("[::1]");
}

Error error_of(CURLcode code, const char* detail, const Call& call, const ClientTrust& trust,
               const std::string& url) {
  std::string what = *detail ? detail : curl_easy_strerror(code);
  if (call.too_large) {
    return Error(Code::too_large, "the answer is too large, the most bytes are " +
                                      std::to_string(call.body_bytes_max));
  }
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Error(Code::invalid, "not an HTTP URL: " + url);
    case CURLE_SSL_CACERT_BADFILE:
      return Error(Code::invalid, "the CA file cannot be used: " + trust.ca_file);
    case CURLE_PEER_FAILED_VERIFICATION:
      return Error(Code::forbidden, "the server's certificate is not trusted (" + what +
                                        "); --ca FILE names whom to trust: " + url);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return Error(Code::forbidden,
                   "the server has another key than the one it wrote into server.json: " + url);
    case CURLE_OPERATION_TIMEDOUT:
      return Error(Code::timeout, what + ": " + url);
    default:
      return Error(Code::unavailable, what + ": " + url);
  }
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void append(HeaderList& list, const std::string& line) {
  curl_slist* grown = curl_slist_append(list.get(), line.c_str());
  BL_CHECK(grown != nullptr);
  static_cast<void>(list.release());
  list.reset(grown);
}

HeaderList header_list(const Headers& headers) {
  HeaderList list;
  append(list, "Expect:");  // no round trip before a body
  if (!headers.find("Content-Type")) append(list, "Content-Type:");
  for (const auto& [name, value] : headers.fields()) {
    // libcurl's way to send a field without a value.
    append(list, value.empty() ? name + ";" : name + ": " + value);
  }
  return list;
}

bool breaks_lines(const Headers& headers) {
  for (const auto& [name, value] : headers.fields()) {
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return true;
    }
  }
  return false;
}

void apply_trust(CURL* curl, const ClientTrust& trust) {
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!trust.public_key_sha256.empty()) {
    const std::string pin = "sha256//" + trust.public_key_sha256;
    curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, pin.c_str());  // libcurl copies
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  } else if (!trust.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, trust.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
}

}  // namespace

struct Client::State {
  struct Close {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };
  ClientLimits limits;
  ClientTrust trust;
  ClientCodings codings = ClientCodings::decoded;
  int sendings = 0;
  std::unique_ptr<CURL, Close> curl;  // keeps its connections between calls
};

Client::Client(ClientLimits limits, ClientTrust trust, ClientCodings codings)
    : state_(std::make_unique<State>()) {
  initialise_curl();
  state_->limits = limits;
  state_->trust = std::move(trust);
  state_->codings = codings;
  state_->curl.reset(curl_easy_init());
  BL_CHECK(state_->curl != nullptr);
}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<ClientResponse> Client::send(Method method, const std::string& url, const Headers& headers,
                                    std::string_view body) {
  state_->sendings = 0;
  if (breaks_lines(headers)) return Error(Code::invalid, "a header field with a line break");
  CURL* curl = state_->curl.get();
  curl_easy_reset(curl);  // options only; connections stay
  Call call;
  call.body_bytes_max = state_->limits.body_bytes_max;
  HeaderList list = header_list(headers);
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "benchlake");
  if (state_->codings == ClientCodings::decoded) {
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can decode
  }
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(state_->limits.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(state_->limits.timeout.count()));
  apply_trust(curl, state_->trust);
  if (is_loopback(url)) curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &call);
  curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_sending);
  curl_easy_setopt(curl, CURLOPT_PREREQDATA, &call);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &call);
  if (method == Method::head) {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (method != Method::get || !body.empty()) {
    bool has_body =
        !body.empty() || method == Method::post || method == Method::put || method == Method::patch;
    if (has_body) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data() ? body.data() : "");
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, name_of(method));
  }
  CURLcode code = curl_easy_perform(curl);
  state_->sendings = call.sendings;
  if (code != CURLE_OK) return error_of(code, detail, call, state_->trust, url);
  // libcurl takes a head that breaks off with its connection for a whole one.
  if (!call.head_ended) {
    return Error(Code::unavailable, "the answer broke off within its head: " + url);
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  call.response.status = static_cast<int>(status);
  return std::move(call.response);
}

int Client::sendings() const {
  return state_->sendings;
}

}  // namespace bl::net
