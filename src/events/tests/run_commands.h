#pragma once

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "events/commands.h"
#include "events/testing/behind_commands.h"

/// The commands in this process, with streams of their own.
namespace bl::events {

inline std::string content_of(std::FILE* file) {
  std::rewind(file);
  std::string text;
  char piece[4096];
  while (const std::size_t got = std::fread(piece, 1, sizeof piece, file)) text.append(piece, got);
  std::fclose(file);
  return text;
}

/// `words` behind `benchlake events`.
inline CommandEnd run_events(std::vector<std::string> words, const std::string& input,
                             const LogSetting& setting,
                             const std::map<std::string, std::string>& environment) {
  words.insert(words.begin(), "events");
  const CommandPorts ports{
      .options = {{.name = "--data", .value_name = "DIR", .help = "", .default_text = ""}},
      .setting = [&setting](const Arguments&, const CommandIo&) -> Result<LogSetting> {
        return setting;
      }};
  CommandIo io;
  io.in = std::tmpfile();
  io.out = std::tmpfile();
  io.err = std::tmpfile();
  io.environment = environment;
  std::fwrite(input.data(), 1, input.size(), io.in);
  std::rewind(io.in);
  CommandEnd end;
  end.code = run_command_line("benchlake", "1", commands(ports), words, io);
  end.out = content_of(io.out);
  end.err = content_of(io.err);
  std::fclose(io.in);
  return end;
}

}  // namespace bl::events
