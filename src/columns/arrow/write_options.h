#pragma once

#include <arrow/ipc/options.h>

#include "columns/ipc.h"

namespace bl::columns {

/// Private to this folder.
::arrow::ipc::IpcWriteOptions write_options(IpcCompression compression);

}  // namespace bl::columns
