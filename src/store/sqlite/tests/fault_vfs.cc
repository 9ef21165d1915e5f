#include "store/sqlite/tests/fault_vfs.h"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace bl::store::testing {
namespace {

struct PendingWrite {
  std::uint64_t offset = 0;
  std::string bytes;
  bool is_truncate = false;
};

struct RecordedFile {
  std::string synced;
  std::vector<PendingWrite> pending;
};

void apply_write(std::string& content, const PendingWrite& write) {
  if (write.is_truncate) {
    content.resize(write.offset);
    return;
  }
  if (content.size() < write.offset + write.bytes.size()) {
    content.resize(write.offset + write.bytes.size());
  }
  content.replace(write.offset, write.bytes.size(), write.bytes);
}

struct State {
  std::mutex mutex;
  // All guarded by mutex.
  bool is_armed = false;
  bool has_fired = false;
  Fault fault;
  std::int64_t calls = 0;
  bool is_recording = false;
  std::map<std::string, RecordedFile> files;
};

State& state() {
  static State the_state;
  return the_state;
}

sqlite3_vfs* g_real = nullptr;

struct FaultFile {
  sqlite3_file base;
  const char* path;  // owned by SQLite while the file is open
  bool is_watched;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

FaultFile* self(sqlite3_file* file) {
  return reinterpret_cast<FaultFile*>(file);
}

enum class Call : unsigned char { open, write, truncate, sync };

// What the next call shall do; nullopt is "as usual".
std::optional<Fault::Kind> next_fault(FaultFile* file) {
  if (!file->is_watched) return std::nullopt;
  State& s = state();
  const std::lock_guard lock(s.mutex);
  const std::int64_t call = s.calls++;
  if (!s.is_armed || call < s.fault.at) return std::nullopt;
  if (call > s.fault.at && s.fault.span == Fault::Span::once) return std::nullopt;
  s.has_fired = true;
  return s.fault.kind;
}

int code_of(Fault::Kind kind, Call call) {
  if (call == Call::open) return SQLITE_CANTOPEN;
  if (kind == Fault::Kind::full && call != Call::sync) return SQLITE_FULL;
  if (call == Call::write) return SQLITE_IOERR_WRITE;
  return call == Call::truncate ? SQLITE_IOERR_TRUNCATE : SQLITE_IOERR_FSYNC;
}

void record(FaultFile* file, PendingWrite write) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (s.is_recording && file->is_watched) s.files[file->path].pending.push_back(std::move(write));
}

void record_sync(FaultFile* file) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (!s.is_recording || !file->is_watched) return;
  RecordedFile& recorded = s.files[file->path];
  for (const PendingWrite& write : recorded.pending) apply_write(recorded.synced, write);
  recorded.pending.clear();
}

int fault_write(sqlite3_file* f, const void* bytes, int count, sqlite3_int64 offset) {
  FaultFile* file = self(f);
  const auto fault = next_fault(file);
  if (fault == Fault::Kind::full || fault == Fault::Kind::io) return code_of(*fault, Call::write);
  if (fault == Fault::Kind::io_torn) count /= 2;
  const int rc = file->real()->pMethods->xWrite(file->real(), bytes, count, offset);
  record(file, {static_cast<std::uint64_t>(offset),
                std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(count))});
  return fault ? code_of(*fault, Call::write) : rc;
}

int fault_truncate(sqlite3_file* f, sqlite3_int64 size) {
  FaultFile* file = self(f);
  const auto fault = next_fault(file);
  if (fault && *fault != Fault::Kind::io_applied) return code_of(*fault, Call::truncate);
  const int rc = file->real()->pMethods->xTruncate(file->real(), size);
  record(file, {static_cast<std::uint64_t>(size), "", true});
  return fault ? code_of(*fault, Call::truncate) : rc;
}

int fault_sync(sqlite3_file* f, int) {
  FaultFile* file = self(f);
  const auto fault = next_fault(file);
  if (!fault || *fault == Fault::Kind::io_applied) record_sync(file);
  return fault ? code_of(*fault, Call::sync) : SQLITE_OK;
}

int fault_close(sqlite3_file* f) {
  return self(f)->real()->pMethods->xClose(self(f)->real());
}
int fault_read(sqlite3_file* f, void* out, int count, sqlite3_int64 offset) {
  return self(f)->real()->pMethods->xRead(self(f)->real(), out, count, offset);
}
int fault_size(sqlite3_file* f, sqlite3_int64* size) {
  return self(f)->real()->pMethods->xFileSize(self(f)->real(), size);
}
int fault_lock(sqlite3_file* f, int level) {
  return self(f)->real()->pMethods->xLock(self(f)->real(), level);
}
int fault_unlock(sqlite3_file* f, int level) {
  return self(f)->real()->pMethods->xUnlock(self(f)->real(), level);
}
int fault_check_lock(sqlite3_file* f, int* held) {
  return self(f)->real()->pMethods->xCheckReservedLock(self(f)->real(), held);
}
int fault_control(sqlite3_file* f, int operation, void* argument) {
  return self(f)->real()->pMethods->xFileControl(self(f)->real(), operation, argument);
}
int fault_sector(sqlite3_file* f) {
  return self(f)->real()->pMethods->xSectorSize(self(f)->real());
}
int fault_character(sqlite3_file* f) {
  return self(f)->real()->pMethods->xDeviceCharacteristics(self(f)->real());
}
int fault_shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return self(f)->real()->pMethods->xShmMap(self(f)->real(), page, size, extend, out);
}
int fault_shm_lock(sqlite3_file* f, int offset, int count, int flags) {
  return self(f)->real()->pMethods->xShmLock(self(f)->real(), offset, count, flags);
}
void fault_shm_barrier(sqlite3_file* f) {
  self(f)->real()->pMethods->xShmBarrier(self(f)->real());
}
int fault_shm_unmap(sqlite3_file* f, int remove) {
  return self(f)->real()->pMethods->xShmUnmap(self(f)->real(), remove);
}

// Version 2: with shared memory for the WAL, without the calls for mmap.
const sqlite3_io_methods k_methods = {.iVersion = 2,
                                      .xClose = fault_close,
                                      .xRead = fault_read,
                                      .xWrite = fault_write,
                                      .xTruncate = fault_truncate,
                                      .xSync = fault_sync,
                                      .xFileSize = fault_size,
                                      .xLock = fault_lock,
                                      .xUnlock = fault_unlock,
                                      .xCheckReservedLock = fault_check_lock,
                                      .xFileControl = fault_control,
                                      .xSectorSize = fault_sector,
                                      .xDeviceCharacteristics = fault_character,
                                      .xShmMap = fault_shm_map,
                                      .xShmLock = fault_shm_lock,
                                      .xShmBarrier = fault_shm_barrier,
                                      .xShmUnmap = fault_shm_unmap,
                                      .xFetch = nullptr,
                                      .xUnfetch = nullptr};

int fault_open(sqlite3_vfs*, const char* path, sqlite3_file* f, int flags, int* out_flags) {
  FaultFile* file = self(f);
  file->path = path;
  file->is_watched =
      path != nullptr &&
      (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  // Nothing of a file that failed to open is left to be closed.
  file->base.pMethods = nullptr;
  const auto fault = next_fault(file);
  if (fault && *fault != Fault::Kind::full) return code_of(*fault, Call::open);
  const int rc = g_real->xOpen(g_real, path, file->real(), flags, out_flags);
  file->base.pMethods = file->real()->pMethods == nullptr ? nullptr : &k_methods;
  return rc;
}

int fault_delete(sqlite3_vfs*, const char* path, int sync_folder) {
  const int rc = g_real->xDelete(g_real, path, sync_folder);
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.files.erase(path);
  return rc;
}

}  // namespace

FaultVfs::FaultVfs() {
  g_real = sqlite3_vfs_find(nullptr);
  BL_CHECK(g_real != nullptr);
  static sqlite3_vfs vfs = *g_real;
  vfs.zName = "fault";
  vfs.szOsFile = static_cast<int>(sizeof(FaultFile)) + g_real->szOsFile;
  vfs.xOpen = fault_open;
  vfs.xDelete = fault_delete;
  vfs.pNext = nullptr;
  BL_CHECK(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}

FaultVfs& FaultVfs::install() {
  static FaultVfs the_one;
  return the_one;
}

void FaultVfs::arm(Fault fault) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.fault = fault;
  s.is_armed = true;
  s.has_fired = false;
  s.calls = 0;
}

void FaultVfs::disarm() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.is_armed = false;
  s.has_fired = false;
  s.calls = 0;
}

std::int64_t FaultVfs::calls() const {
  const std::lock_guard lock(state().mutex);
  return state().calls;
}

bool FaultVfs::has_fired() const {
  const std::lock_guard lock(state().mutex);
  return state().has_fired;
}

void FaultVfs::start_recording() {
  const std::lock_guard lock(state().mutex);
  state().files.clear();
  state().is_recording = true;
}

void FaultVfs::stop_recording() {
  const std::lock_guard lock(state().mutex);
  state().is_recording = false;
}

void FaultVfs::write_power_cut_image(const std::string& from_folder, const std::string& to_folder,
                                     std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  const std::lock_guard lock(state().mutex);
  for (const auto& [path, file] : state().files) {
    if (!path.starts_with(from_folder)) continue;
    std::string content = file.synced;
    for (PendingWrite write : file.pending) {
      const auto choice = random() % 4;
      if (choice < 2) continue;
      if (choice == 3 && !write.is_truncate) write.bytes.resize(write.bytes.size() / 2);
      apply_write(content, write);
    }
    std::ofstream out(to_folder + path.substr(from_folder.size()), std::ios::binary);
    out << content;
  }
}

}  // namespace bl::store::testing
