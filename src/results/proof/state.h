#pragma once

#include <string>
#include <string_view>

#include "base/disk.h"
#include "base/json.h"

/// What of a proof is done, in one file. Private to the proof. One thread.
namespace bl::results::proof {

class State {
 public:
  /// `identity`: what the proof was asked for. Errors: conflict (the file is of another proof),
  /// corrupt, those of the disk.
  static Result<State> open(Disk& disk, std::string path, const json::Value& identity);

  /// Nothing when it is not done.
  const json::Value* find(std::string_view step) const;
  /// Durable on return.
  Result<void> keep(const std::string& step, json::Value outcome);

 private:
  State(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Disk& disk_;
  std::string path_;
  json::Value identity_;
  json::Value steps_ = json::Value::object();
};

}  // namespace bl::results::proof
