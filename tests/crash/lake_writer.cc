#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <random>

#include "crash/killed_lake.h"

/// usage: lake_writer FOLDER FIRST_ROW SEED ACKNOWLEDGED file|object
/// Opens the lake of FOLDER and appends, flushes, compacts, expires and sweeps in an order drawn
/// from SEED, until it is killed. Rows are numbered from FIRST_ROW; those of each append that was
/// acknowledged are a line `FIRST COUNT` of the file ACKNOWLEDGED, each written after its answer;
/// `? FIRST COUNT` comes before.
namespace bl::lake {
namespace {

void demand(const char* what, const auto& result) {
  if (result.ok()) return;
  fmt::print(stderr, "{}: {}\n", what, result.error().message);
  _exit(3);
}

/// One write(2): a process that is killed leaves a whole line or none.
void write_line(int file, const std::string& line) {
  if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(4);
}

void append(Table& table, std::int64_t& next, std::int64_t count, int file) {
  write_line(file, fmt::format("? {} {}\n", next, count));
  demand("append", table.append(points(next, count), fmt::format("rows-{}", next)));
  write_line(file, fmt::format("{} {}\n", next, count));
  next += count;
}

void run(LakeOnDisk& on, std::int64_t next, unsigned seed, int file) {
  auto opened = on.try_open();
  demand("open", opened);
  Lake& lake = **opened;
  if (!lake.table("points").ok()) {
    demand("create", lake.create_table("points", Points::schema(), LakeOnDisk::layout()));
  }
  const auto table = lake.table("points").value();
  std::mt19937 engine(seed);
  write_line(STDOUT_FILENO, "open\n");
  while (true) {
    const unsigned draw = engine() % 100;
    if (draw < 70) {
      append(*table, next, 1 + static_cast<std::int64_t>(engine() % 40), file);
    } else if (draw < 85) {
      demand("flush", table->flush());
    } else if (draw < 92) {
      demand("compact", table->compact());
    } else if (draw < 97) {
      demand("expire", lake.expire());
    } else {
      demand("sweep", lake.sweep());
    }
  }
}

}  // namespace
}  // namespace bl::lake

int main(int count, char** words) {
  if (count != 6) return 2;
  using bl::lake::JournalKind;
  const bool is_object = std::string_view(words[5]) == "object";
  bl::lake::KilledLake on(words[1], is_object ? JournalKind::object : JournalKind::file);
  const int file = ::open(words[4], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return 2;
  bl::lake::run(on.lake, std::stoll(words[2]), static_cast<unsigned>(std::stoul(words[3])), file);
}
