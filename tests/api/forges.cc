#include "api/forges.h"

#include <fmt/format.h>

#include <chrono>

#include "base/json.h"

namespace bl::product {

Forges::Forges(std::string head) : head_(std::move(head)) {
  for (const auto method :
       {net::Method::get, net::Method::post, net::Method::patch, net::Method::put}) {
    router_.add({.method = method,
                 .pattern = "/{rest...}",
                 .access = net::Access::open,
                 .handler = [this](net::Request& request) { return answer(request); }});
  }
  net::ServerOptions options;
  options.port = 0;
  options.limits.stop_timeout = std::chrono::milliseconds(100);
  server_ = net::Server::listen(options, router_, nobody_, random_, log_, metrics_).value();
  server_->start();
}

Forges::~Forges() {
  server_->stop();
}

std::string Forges::url() const {
  return fmt::format("http://127.0.0.1:{}", server_->port());
}

void Forges::set_head(std::string head) {
  const std::lock_guard lock(mutex_);
  head_ = std::move(head);
}

void Forges::fail(int count) {
  const std::lock_guard lock(mutex_);
  failures_ = count;
}

std::vector<std::string> Forges::comments() const {
  const std::lock_guard lock(mutex_);
  return comments_;
}

std::string Forges::last_comment() const {
  const auto all = comments();
  return all.empty() ? "" : all.back();
}

std::vector<Forges::Written> Forges::writes() const {
  const std::lock_guard lock(mutex_);
  return writes_;
}

bool Forges::was_written(const std::string& method, const std::string& path_end) const {
  for (const Written& one : writes()) {
    if (one.method == method && one.path.ends_with(path_end)) return true;
  }
  return false;
}

net::Response Forges::answer(const net::Request& request) {
  const std::lock_guard lock(mutex_);
  if (failures_ > 0) {
    --failures_;
    return net::Response::json(503, R"({"message":"back soon"})");
  }
  const std::string& path = request.path;
  const bool is_notes = path.ends_with("/notes") || path.ends_with("/comments");
  if (request.method == net::Method::get) {
    if (path.ends_with("/pulls") || path.ends_with("/merge_requests")) {
      return net::Response::json(
          200, fmt::format(
                   R"([{{"number":77,"iid":5,"sha":"{0}","head":{{"sha":"{0}"}},"state":"{1}"}}])",
                   head_, path.ends_with("/pulls") ? "open" : "opened"));
    }
    if (is_notes) return net::Response::json(200, list(*request.query_value("page") == "1"));
    return net::Response::json(200, R"({"check_runs":[]})");
  }
  const auto body = json::parse(request.body);
  const json::Value* text = body.ok() ? body->find("body") : nullptr;
  writes_.push_back({net::name_of(request.method), path, request.body});
  if (text != nullptr && request.method == net::Method::post) {
    comments_.push_back(text->as_string());
  } else if (text != nullptr) {
    comments_.at(static_cast<std::size_t>(std::stoi(path.substr(path.rfind('/') + 1))) - 1) =
        text->as_string();
  }
  return net::Response::json(201, R"({"id":1,"html_url":"https://forge.example/1"})");
}

std::string Forges::list(bool is_first) const {
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (std::size_t i = 0; is_first && i < comments_.size(); ++i) {
    writer.begin_object().member("id", static_cast<std::int64_t>(i + 1));
    writer.member("body", comments_[i]).end_object();
  }
  writer.end_array();
  return out;
}

}  // namespace bl::product
