#pragma once

#include <cstdint>
#include <memory>
#include <string>

/// The disk under SQLite, with faults: SQLite's default file system from
/// install() on. It counts the openings, writes, truncations and syncs of databases and
/// logs, fails one of them or all from one on, and knows what would be left
/// after a power cut. Syncs do not reach the real disk, so that a run costs a
/// millisecond.
namespace bl::store::testing {

struct Fault {
  enum class Kind : unsigned char {
    full,        ///< SQLITE_FULL, nothing done
    io,          ///< SQLITE_IOERR_*, nothing done
    io_torn,     ///< a write stores its first half and fails; a sync fails
    io_applied,  ///< it is done, and fails all the same
  };
  enum class Span : unsigned char { once, for_good };
  std::int64_t at = 0;  ///< the n-th call from here on, 0 the next
  Kind kind = Kind::io;
  Span span = Span::once;
};

class FaultVfs {
 public:
  /// The one instance of the process. Registers it at the first call.
  static FaultVfs& install();

  void arm(Fault fault);
  void disarm();
  /// Calls since the last arm() or disarm().
  std::int64_t calls() const;
  bool has_fired() const;

  /// Forgets all files and begins to remember what was synced and what was not.
  void start_recording();
  void stop_recording();
  /// Writes the files as a power cut may leave them: what was synced, and of
  /// each file's later writes a random choice, in order, one of them possibly
  /// cut short.
  void write_power_cut_image(const std::string& from_folder, const std::string& to_folder,
                             std::uint64_t seed) const;

 private:
  FaultVfs();
};

}  // namespace bl::store::testing
