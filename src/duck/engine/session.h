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
};

}  // namespace bl::duck
