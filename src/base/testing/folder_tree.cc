#include "base/testing/folder_tree.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/check.h"
#include "base/hash.h"

namespace bl {
namespace {

std::string facts_of(const std::filesystem::path& path) {
  struct stat facts{};
  BL_CHECK(::lstat(path.c_str(), &facts) == 0);
  const bool is_file = S_ISREG(facts.st_mode);
  std::string bytes;
  if (is_file) {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  return fmt::format("{} {} changed {}.{:09} {:016x}", is_file ? "file" : "other", facts.st_ino,
                     facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, xxh3_64(bytes));
}

}  // namespace

std::map<std::string, std::string> tree_of(const std::string& folder) {
  std::map<std::string, std::string> tree{{"", facts_of(folder)}};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    tree[std::filesystem::relative(entry.path(), folder).string()] = facts_of(entry.path());
  }
  return tree;
}

}  // namespace bl
