#include <unistd.h>

#include <cstring>

#include "access/commands.h"
#include "advice/alert_cost_commands.h"
#include "advice/commands.h"
#include "app/check_comment.h"
#include "app/demo/fill.h"
#include "app/event_log.h"
#include "app/inference_ingest.h"
#include "app/local_server.h"
#include "app/openapi_command.h"
#include "app/operator.h"
#include "app/serve.h"
#include "app/verdict_command.h"
#include "base/command_line.h"
#include "engine/worker_main.h"
#include "events/commands.h"
#include "gate/commands.h"
#include "inference/commands.h"
#include "ops/commands.h"
#include "results/commands.h"
#include "traces/commands.h"

namespace {

std::map<std::string, std::string> environment_of_process() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const char* equals = std::strchr(*entry, '=');
    if (equals == nullptr) continue;
    const auto name_length = static_cast<std::size_t>(equals - *entry);
    variables.emplace(std::string(*entry, name_length), equals + 1);
  }
  return variables;
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = bl::engine::worker_main(argc, argv)) return *code;
  std::vector<bl::Command> commands = {bl::app::serve_command(), bl::app::verdict_command(),
                                       bl::app::openapi_command(),
                                       bl::advice::alert_cost_command()};
  const auto full_demo = [](const bl::results::FullDemoRequest& request,
                            const bl::Arguments& arguments, bl::CommandIo& io) {
    return bl::app::demo::fill_full_demo(
        request.address, {.seed = request.seed, .until = request.until}, arguments, io);
  };
  for (auto& command : bl::results::commands(full_demo)) commands.push_back(std::move(command));
  for (auto& command : bl::access::commands()) commands.push_back(std::move(command));
  for (auto& command : bl::inference::commands(bl::app::inference_command_ports()))
    commands.push_back(std::move(command));
  for (auto& command : bl::events::commands(bl::app::event_command_ports()))
    commands.push_back(std::move(command));
  for (auto& command : bl::traces::commands()) commands.push_back(std::move(command));
  for (auto& command : bl::gate::commands(BL_VERSION, bl::app::make_check_comment))
    commands.push_back(std::move(command));
  for (auto& command : bl::advice::comment_commands()) commands.push_back(std::move(command));
  for (auto& command : bl::ops::commands(bl::app::command_ports()))
    commands.push_back(std::move(command));

  bl::CommandIo io;
  io.environment = environment_of_process();
  bl::app::LocalServer local_server;
  io.serve_folder = [&](const std::string& data_folder) {
    return local_server.start(data_folder, io.environment);
  };
  return bl::run_command_line("benchlake", BL_VERSION, commands, {argv + 1, argv + argc}, io);
}
