#include "results/proof/cutover.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <map>
#include <thread>

#include "base/program.h"
#include "base/uri.h"
#include "net/server_address.h"
#include "results/proof/gates.h"
#include "results/read_modes.h"

namespace bl::results::proof {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto k_wait_max = 120s;
constexpr auto k_pause = 100ms;
constexpr int k_clients = 2;
constexpr int k_series = 20;

using Modes = std::array<const char*, k_read_ports.size()>;

bool hides(std::string_view name) {
  return name.starts_with("BENCHLAKE_");
}

Error too_late(const char* what) {
  return {Code::timeout, std::string("the server of the drill did not ") + what};
}

/// `benchlake serve` over the drill's folder, until this is gone.
class Server {
 public:
  Server(const ProofRequest& request, Disk& disk)
      : program_(request.program), data_(request.folder + "/drill"), disk_(disk) {}
  ~Server() { stop(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Result<void> start(const Modes& modes) {
    BL_RETURN_IF_ERROR(configure(modes));
    BL_RETURN_IF_ERROR(net::remove_server_file(disk_, data_));
    thread_ = std::thread([this] {
      const auto end = run_program(
          {.words = {"sh", "-c", "echo $$ >\"$0\"; exec \"$@\"", pid_file(), program_, "serve",
                     "--data", data_, "--config", config_file(), "--http", "127.0.0.1:0"},
           .variables = {},
           .hides = hides,
           .go_on = [this] { return !stops_; }});
      ended_ = true;
      (void)end;  // it is told by what it answered
    });
    return until("get ready", [this]() -> Result<bool> {
      if (ended_) return Error{Code::io, "the server of the drill ended at once"};
      auto address = net::read_server_file(disk_, data_);
      if (!address.ok()) return false;
      address_ = *std::move(address);
      return true;
    });
  }
  void stop() {
    stops_ = true;
    if (thread_.joinable()) thread_.join();
  }

  /// Returns when the server says that it answers so.
  Result<void> switch_to(const Modes& modes) {
    BL_RETURN_IF_ERROR(configure(modes));
    std::ifstream in(pid_file());
    pid_t pid = 0;
    if (!(in >> pid) || pid <= 1 || ended_ || kill(pid, SIGHUP) != 0) {
      return Error{Code::io, "the server of the drill cannot be told to read its settings"};
    }
    return until("switch", [&]() -> Result<bool> {
      BL_TRY(const json::Value reads, client().get("/api/v1/reads"));
      const json::Value* ports = reads.find("ports");
      if (ports == nullptr || !ports->is_array()) return false;
      return std::ranges::all_of(ports->items(), [&](const json::Value& one) {
        const auto port = read_port_of(text_at(one, "port"));
        return port && text_at(one, "mode") == modes[static_cast<std::size_t>(*port)];
      });
    });
  }

  net::ApiClient client() const { return net::ApiClient(address_); }
  const std::string& url() const { return address_.url; }

  static Result<void> until(const char* what, const std::function<Result<bool>()>& done) {
    const auto deadline = Clock::now() + k_wait_max;
    while (Clock::now() < deadline) {
      BL_TRY(const bool is_done, done());
      if (is_done) return {};
      std::this_thread::sleep_for(k_pause);
    }
    return too_late(what);
  }

 private:
  std::string config_file() const { return data_ + "/cutover.toml"; }
  std::string pid_file() const { return data_ + "/cutover.pid"; }
  Result<void> configure(const Modes& modes) {
    std::string text = fmt::format(
        "[lake]\nobjects = \"{0}/program-objects\"\ncatalog = "
        "\"sqlite://{0}/program-catalog.sqlite\"\n"
        "[replica]\nenabled = true\nrefresh_every = \"1s\"\n[reads]\nunproven = true\n"
        "behind_max = \"1h\"\n",
        data_);
    for (const ReadPort port : k_read_ports) {
      text += fmt::format("{} = \"{}\"\n", name_of(port), modes[static_cast<std::size_t>(port)]);
    }
    return write_file_atomically(disk_, config_file(), text, FileMode::secret);
  }

  const std::string program_, data_;
  Disk& disk_;
  net::ServerAddress address_;
  std::atomic<bool> stops_ = false, ended_ = false;
  std::thread thread_;
};

/// What is asked, and what the store said.
using Answers = std::map<std::string, std::string>;

std::string ask(net::Client& client, const std::string& url) {
  const auto answer = client.send(net::Method::get, url, {}, "");
  if (!answer.ok()) return "no answer: " + answer.error().message;
  return std::to_string(answer->status) + " " + answer->body;
}

Result<Answers> questions(const Server& server) {
  BL_TRY(const json::Value page,
         server.client().get(fmt::format("/api/series?sort=name&page_size={}", k_series)));
  Answers all;
  const json::Value* series = page.find("series");
  if (series == nullptr || !series->is_array() || series->items().empty()) {
    return Error{Code::internal, "the store of the drill has no series"};
  }
  for (const json::Value& one : series->items()) {
    const std::string id = text_at(one, "latest_result_id");
    all["/api/history?fingerprint=" + percent_encode(text_at(one, "history_fingerprint"))];
    all["/api/benchmark-results/" + id];
    all["/api/compare/benchmark-results?baseline_result_id=" + id + "&contender_result_id=" + id];
  }
  all["/api/benchmark-results?run_id=drill-1&page_size=50"];
  all["/api/benchmark-results?page_size=20"];
  all["/api/runs/recent"];
  all[fmt::format("/api/series?sort=name&page_size={}", k_series)];
  return all;
}

Answers asked(const Server& server, const Answers& questions) {
  net::Client client;
  Answers all;
  for (const auto& [path, ignored] : questions) all[path] = ask(client, server.url() + path);
  return all;
}

/// Asks in circles, until it is gone.
class Load {
 public:
  Load(const Server& server, const Answers& expected) : server_(server), expected_(expected) {
    for (int i = 0; i < k_clients; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  void stop() {
    stops_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  std::int64_t requests() const { return requests_; }
  std::int64_t different() const { return different_; }

 private:
  void work() {
    net::Client client;
    while (!stops_) {
      for (const auto& [path, answer] : expected_) {
        if (stops_) return;
        ++requests_;
        if (ask(client, server_.url() + path) != answer) ++different_;
      }
    }
  }
  const Server& server_;
  const Answers& expected_;
  std::atomic<bool> stops_ = false;
  std::atomic<std::int64_t> requests_ = 0, different_ = 0;
  std::vector<std::thread> threads_;
};

// Series are judged in the background after a start: until then the store's own answers change.
Result<Answers> settled(const Server& server, const Answers& questions) {
  constexpr int k_equal_in_a_row = 3;
  Answers last = asked(server, questions);
  int equal = 0;
  BL_RETURN_IF_ERROR(Server::until("come to rest", [&]() -> Result<bool> {
    std::this_thread::sleep_for(1s);
    Answers now = asked(server, questions);
    equal = now == last ? equal + 1 : 0;
    last = std::move(now);
    return equal >= k_equal_in_a_row;
  }));
  return last;
}

Result<std::int64_t> answered_by_lake(const Server& server, std::size_t& ports) {
  BL_TRY(const json::Value reads, server.client().get("/api/v1/reads"));
  std::int64_t sum = 0;
  ports = 0;
  for (const json::Value& one : reads.find("ports")->items()) {
    const auto count = static_cast<std::int64_t>(number_at(one, {"by_lake"}).value_or(0));
    sum += count;
    ports += count > 0 ? 1 : 0;
  }
  return sum;
}

std::vector<Modes> the_way() {
  constexpr const char *k_store = "store", *k_shadow = "shadow", *k_lake = "lake",
                       *k_both = "lake+shadow";
  std::vector<Modes> way;
  Modes modes;
  modes.fill(k_shadow);
  way.push_back(modes);
  for (std::size_t port = 0; port < modes.size(); ++port) {
    modes[port] = k_lake;
    way.push_back(modes);
  }
  modes.fill(k_both);
  way.push_back(modes);
  modes.fill(k_store);
  way.push_back(modes);
  return way;
}

}  // namespace

Result<json::Value> drill_cutover(const ProofRequest& request, Disk& disk, const GoOn& go_on) {
  if (request.program.empty()) return json::Value();
  Server server(request, disk);
  Modes store;
  store.fill("store");
  BL_RETURN_IF_ERROR(server.start(store));
  BL_TRY(const Answers paths, questions(server));
  BL_TRY(const Answers expected, settled(server, paths));
  Load load(server, expected);
  const std::vector<Modes> way = the_way();
  std::int64_t different = 0, by_lake = 0;
  std::size_t ports = 0;
  for (std::size_t i = 0; i < way.size(); ++i) {
    if (!go_on("switched under load", i, way.size())) {
      return Error{Code::cancelled, "the proof was ended"};
    }
    BL_RETURN_IF_ERROR(server.switch_to(way[i]));
    different += asked(server, paths) == expected ? 0 : 1;
    BL_TRY(by_lake, answered_by_lake(server, ports));
  }
  load.stop();
  different += load.different();
  json::Value out = json::Value::object();
  const bool passed = different == 0 && ports == k_read_ports.size();
  out.set("passed", json::Value::boolean(passed));
  out.set("requests", json::Value::number(load.requests()));
  out.set("different", json::Value::number(different));
  out.set("by_lake", json::Value::number(by_lake));
  out.set(
      "what",
      json::Value::string(fmt::format(
          "{} switches under {} clients: {} requests, {} different or without an answer; {} "
          "answered by the lake, for {} of {} interfaces",
          way.size(), k_clients, load.requests(), different, by_lake, ports, k_read_ports.size())));
  return out;
}

}  // namespace bl::results::proof
