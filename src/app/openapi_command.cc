#include "app/openapi_command.h"

#include "embedded/openapi.h"
#include "net/embedded.h"

namespace bl::app {
namespace {

ExitCode run(const Arguments& arguments, CommandIo& io) {
  const bool is_json = arguments.flag("--json");
  const bool is_3_0 = arguments.flag("--downgrade");
  if (is_json && is_3_0) {
    return print_error(io, Error{Code::invalid,
                                 "OpenAPI 3.0 is written as YAML only; leave out one of: "
                                 "--json --downgrade"});
  }
  const char* path = is_3_0 ? "/openapi-3.0.yaml" : is_json ? "/openapi.json" : "/openapi.yaml";
  const net::EmbeddedFile* file = net::find(embedded::openapi(), path);
  BL_CHECK(file != nullptr);  // the build embeds all of them or fails
  std::fwrite(file->bytes.data(), 1, file->bytes.size(), io.out);
  if (is_json) std::fputc('\n', io.out);
  return ExitCode::ok;
}

}  // namespace

Command openapi_command() {
  return {.path = "openapi",
          .help =
              "prints the description of the API: OpenAPI 3.1 as YAML, or with --json as JSON; "
              "needs no server",
          .example = "benchlake openapi --downgrade > openapi-3.0.yaml",
          .options = {{.name = "--downgrade", .help = "OpenAPI 3.0, for tools that read no newer"}},
          .arguments = {},
          .run = run};
}

}  // namespace bl::app
