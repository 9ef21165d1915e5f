#pragma once

#include <memory>
#include <string>

#include "duck/connection.h"
#include "duck/engine/batch_scan.h"
#include "duck/engine/handles.h"
#include "duck/engine/watchdog.h"

/// What the parts of a connection share. Private to this folder.
namespace bl::duck {

struct Connection::State {
  Watchdog& watchdog;
  Offers& offers;
  ConnectionHandle handle;
  bool answering = false;  ///< an Answer is open
  std::uint64_t offered = 0;
  /// The engine failed at its own fault. It throws when a connection ends whose transaction it
  /// cannot roll back any more, and that would end the program: the handle is left to itself.
  bool broken = false;

  ~State() {
    if (broken) *handle.out() = nullptr;
  }
  /// The engine's error, noted.
  Error failed(const char* message, duckdb_error_type type = DUCKDB_ERROR_INVALID) {
    Error error = engine_error(message, type);
    if (error.code == Code::internal) broken = true;
    return error;
  }
};

}  // namespace bl::duck
