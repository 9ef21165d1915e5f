#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "product/server_process.h"

/// One recorded scenario, told to several servers: what was asked, and how answers are made
/// comparable. The asking and comparing is in two_stores_test.cc.
namespace bl::product {

/// One request. In `path` and `body`, `{id:NAME}` and `{fingerprint:NAME}` stand for what the
/// server answered to the submission of that name.
struct Question {
  std::string name;  ///< of a submission; else empty
  net::Method method = net::Method::get;
  std::string path;
  std::string body = {};
  std::string content_type = "application/json";
  bool with_token = true;
  bool is_refused = false;      ///< a client's mistake: 4xx. One with a name is stored: 201
  bool is_unsupported = false;  ///< what the docs say we do not do: 501
};

/// What is sent, in this order: submissions of every shape in both dialects, and mistakes.
std::vector<Question> submissions();
/// What is asked afterwards: every GET route with many parameters.
std::vector<Question> reads();
/// Lists that are read to their end, page by page; `&cursor=` is put behind each.
std::vector<Question> paged_lists();
/// Of both, what is about inference sweeps (two_stores_inference.cc).
std::vector<Question> sweep_uploads();
std::vector<std::string> sweep_reads();
/// The same of build events (two_stores_events.cc).
std::vector<Question> event_submissions();
std::vector<std::string> event_reads();
/// And of traces that results name (two_stores_exemplars.cc).
std::vector<Question> exemplar_submissions();
std::vector<std::string> exemplar_reads();
std::vector<std::string> trace_reads();
std::vector<std::string> unsupported_trace_reads();
std::vector<std::string> bigquery_reads();
/// GET routes of the description whose answers are about the server, not about what is stored.
std::vector<std::string> routes_about_the_server();

/// Makes the answers of one server comparable with another's: ids and fingerprints (which contain
/// ids) become numbers by first appearance, times of receipt and tokens become words.
class Renamer {
 public:
  Renamer(std::string origin, std::string started_at);
  std::string rename(std::string_view text);

 private:
  std::string origin_, started_at_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
};

}  // namespace bl::product
