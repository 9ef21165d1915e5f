#include "base/testing/memory_disk.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>

namespace bl {
namespace {

struct Node {
  std::string live;    // what the process reads
  std::string synced;  // what a power cut cannot take
  FileMode mode = FileMode::normal;
  Timestamp modified;
};
using NodePointer = std::shared_ptr<Node>;  // shared by the names and the open files of one file

struct Place {
  std::string folder;
  std::string name;
};

/// One name set to a file, or taken away.
struct NameChange {
  Place place;
  NodePointer node;
};

struct Folder {
  std::map<std::string, NodePointer> live;
  std::map<std::string, NodePointer> durable;
};

std::string normal(const std::string& path) {
  std::string text = std::filesystem::path(path).lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

Place place_of(const std::string& path) {
  std::string text = normal(path);
  auto slash = text.rfind('/');
  if (slash == std::string::npos) return {".", text};
  return {slash == 0 ? "/" : text.substr(0, slash), text.substr(slash + 1)};
}

Error no_such(const std::string& path) {
  return Error{Code::not_found, "no such file or folder: " + path};
}

/// What the power cut leaves of a file that was not synced (see after_power_cut).
std::string survivor(const Node& node, std::mt19937_64& random) {
  auto [a, b] =
      std::mismatch(node.live.begin(), node.live.end(), node.synced.begin(), node.synced.end());
  std::size_t common = static_cast<std::size_t>(a - node.live.begin());
  if (common < node.synced.size() && random() % 2 == 0) return node.synced;
  std::size_t kept = common + random() % (node.live.size() - common + 1);
  std::string bytes = node.live.substr(0, kept);
  std::size_t torn = std::min<std::size_t>(kept - common, 1 + random() % 512);
  switch (random() % 3) {
    case 0:
      std::fill(bytes.end() - static_cast<std::ptrdiff_t>(torn), bytes.end(), '\0');
      break;
    case 1:
      std::generate(bytes.end() - static_cast<std::ptrdiff_t>(torn), bytes.end(),
                    [&] { return static_cast<char>(random()); });
      break;
    default:
      break;
  }
  return bytes;
}

}  // namespace

struct MemoryDisk::Image {
  std::mutex mutex;  // guards all below, and every Node
  std::map<std::string, Folder> folders;
  std::vector<std::vector<NameChange>> pending;  // not yet durable, in order; each whole or not
  std::map<std::string, std::string> locks;      // path -> holder's note
  const Clock* clock = nullptr;                  // none: it is 1970

  Timestamp now() const { return clock == nullptr ? Timestamp{} : clock->now(); }

  NodePointer find(const std::string& path) const {
    Place place = place_of(path);
    auto folder = folders.find(place.folder);
    if (folder == folders.end()) return nullptr;
    auto entry = folder->second.live.find(place.name);
    return entry == folder->second.live.end() ? nullptr : entry->second;
  }

  static void apply(const std::vector<NameChange>& changes, std::map<std::string, Folder>& folders,
                    std::map<std::string, NodePointer> Folder::* image) {
    for (const NameChange& change : changes) {
      auto& names = folders[change.place.folder].*image;
      if (change.node) {
        names[change.place.name] = change.node;
      } else {
        names.erase(change.place.name);
      }
    }
  }

  void change(std::vector<NameChange> changes) {
    apply(changes, folders, &Folder::live);
    pending.push_back(std::move(changes));
  }

  bool is_empty_folder(const std::string& folder) const {
    auto below = folders.lower_bound(folder + "/");
    bool has_folder = below != folders.end() && below->first.starts_with(folder + "/");
    return !has_folder && folders.at(folder).live.empty();
  }
};

namespace {

/// A file of the image; the same template serves reading and appending.
template <class Image>
class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<Image> image, NodePointer node, std::string path, bool writable)
      : image_(std::move(image)),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable) {}

  Result<void> append(std::string_view bytes) override {
    BL_RETURN_IF_ERROR(check_writable());
    std::lock_guard lock(image_->mutex);
    node_->live.append(bytes);
    node_->modified = image_->now();
    return {};
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    std::lock_guard lock(image_->mutex);
    if (offset >= node_->live.size()) return std::size_t{0};
    std::size_t size = std::min<std::size_t>(out.size(), node_->live.size() - offset);
    std::copy_n(reinterpret_cast<const std::byte*>(node_->live.data()) + offset, size, out.data());
    return size;
  }
  Result<void> sync() override {
    std::lock_guard lock(image_->mutex);
    node_->synced = node_->live;
    return {};
  }
  Result<void> truncate(std::uint64_t size) override {
    BL_RETURN_IF_ERROR(check_writable());
    std::lock_guard lock(image_->mutex);
    node_->live.resize(size, '\0');
    node_->modified = image_->now();
    return {};
  }
  Result<std::uint64_t> size() override {
    std::lock_guard lock(image_->mutex);
    return std::uint64_t{node_->live.size()};
  }

 private:
  Result<void> check_writable() const {
    if (writable_) return {};
    return Error{Code::io, "the file is open for reading only: " + path_};
  }

  std::shared_ptr<Image> image_;
  NodePointer node_;
  std::string path_;
  bool writable_;
};

template <class Image>
class MemoryLock final : public DiskLock {
 public:
  MemoryLock(std::shared_ptr<Image> image, std::string path)
      : image_(std::move(image)), path_(std::move(path)) {}
  ~MemoryLock() override {
    std::lock_guard lock(image_->mutex);
    image_->locks.erase(path_);
  }

 private:
  std::shared_ptr<Image> image_;
  std::string path_;
};

template <class Image>
std::unique_ptr<File> open_node(const std::shared_ptr<Image>& image, NodePointer node,
                                const std::string& path, bool writable) {
  return std::make_unique<MemoryFile<Image>>(image, std::move(node), path, writable);
}

}  // namespace

MemoryDisk::MemoryDisk() : image_(std::make_shared<Image>()) {
  image_->folders["/"];
  image_->folders["."];
}

MemoryDisk::MemoryDisk(const Clock& clock) : MemoryDisk() {
  image_->clock = &clock;
}

MemoryDisk::MemoryDisk(std::shared_ptr<Image> image) : image_(std::move(image)) {}

MemoryDisk::~MemoryDisk() = default;

std::unique_ptr<MemoryDisk> MemoryDisk::after_power_cut(std::uint64_t seed) const {
  std::lock_guard lock(image_->mutex);
  std::mt19937_64 random(seed);
  std::uint64_t survive_quarters = seed < 2 ? seed * 4 : 1 + random() % 3;
  auto folders = image_->folders;
  for (const auto& changes : image_->pending) {
    if (random() % 4 < survive_quarters) Image::apply(changes, folders, &Folder::durable);
  }
  std::map<NodePointer, NodePointer> copies;
  auto left = std::make_shared<Image>();
  left->clock = image_->clock;
  for (const auto& [path, folder] : folders) {
    Folder& target = left->folders[path];
    for (const auto& [name, node] : folder.durable) {
      NodePointer& copy = copies[node];
      if (!copy) {
        std::string bytes = seed == 0   ? node->synced
                            : seed == 1 ? node->live
                                        : survivor(*node, random);
        copy = std::make_shared<Node>(Node{bytes, bytes, node->mode, node->modified});
      }
      target.durable[name] = copy;
    }
    target.live = target.durable;
  }
  return std::unique_ptr<MemoryDisk>(new MemoryDisk(std::move(left)));
}

Result<std::string> MemoryDisk::content(const std::string& path) const {
  std::lock_guard lock(image_->mutex);
  auto node = image_->find(path);
  if (!node) return no_such(path);
  return node->live;
}

void MemoryDisk::overwrite(const std::string& path, std::string bytes) {
  std::lock_guard lock(image_->mutex);
  auto node = image_->find(path);
  BL_CHECK(node != nullptr);
  node->live = bytes;
  node->synced = std::move(bytes);
}

FileMode MemoryDisk::mode(const std::string& path) const {
  std::lock_guard lock(image_->mutex);
  auto node = image_->find(path);
  BL_CHECK(node != nullptr);
  return node->mode;
}

Result<std::unique_ptr<File>> MemoryDisk::create(const std::string& path, FileMode mode) {
  std::lock_guard lock(image_->mutex);
  Place place = place_of(path);
  if (!image_->folders.contains(place.folder)) return no_such(path);
  if (image_->find(path) || image_->folders.contains(normal(path))) {
    return Error{Code::conflict, "the file exists: " + path};
  }
  auto node = std::make_shared<Node>();
  node->mode = mode;
  node->modified = image_->now();
  image_->change({{place, node}});
  return open_node(image_, node, path, true);
}

Result<std::unique_ptr<File>> MemoryDisk::open_append(const std::string& path) {
  {
    std::lock_guard lock(image_->mutex);
    if (auto node = image_->find(path)) return open_node(image_, node, path, true);
  }
  return create(path, FileMode::normal);
}

Result<std::unique_ptr<File>> MemoryDisk::open_read(const std::string& path) {
  std::lock_guard lock(image_->mutex);
  auto node = image_->find(path);
  if (!node) return no_such(path);
  return open_node(image_, node, path, false);
}

Result<bool> MemoryDisk::exists(const std::string& path) {
  std::lock_guard lock(image_->mutex);
  return image_->find(path) != nullptr || image_->folders.contains(normal(path));
}

Result<FileFacts> MemoryDisk::facts(const std::string& path) {
  std::lock_guard lock(image_->mutex);
  FileFacts facts;
  if (const auto node = image_->find(path)) {
    facts.size = node->live.size();
    facts.modified = node->modified;
    facts.links = 0;
    for (const auto& [name, folder] : image_->folders) {
      for (const auto& [entry, other] : folder.live) facts.links += other == node ? 1 : 0;
    }
    return facts;
  }
  if (!image_->folders.contains(normal(path))) return no_such(path);
  facts.kind = FileFacts::Kind::folder;
  return facts;
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& folder) {
  std::lock_guard lock(image_->mutex);
  auto found = image_->folders.find(normal(folder));
  if (found == image_->folders.end()) return no_such(folder);
  std::vector<std::string> names;
  for (const auto& [name, node] : found->second.live) names.push_back(name);
  for (const auto& [path, content] : image_->folders) {
    Place place = place_of(path);
    if (path != "/" && path != "." && place.folder == found->first) names.push_back(place.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> MemoryDisk::make_folder(const std::string& path) {
  std::lock_guard lock(image_->mutex);
  for (std::string folder = normal(path); !image_->folders.contains(folder);
       folder = place_of(folder).folder) {
    if (image_->find(folder)) return Error{Code::conflict, "a file has that name: " + folder};
    image_->folders[folder];
  }
  return {};
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(image_->mutex);
  if (image_->folders.contains(normal(from))) {
    return Error{Code::unsupported, "not supported: renaming a folder in memory: " + from};
  }
  auto node = image_->find(from);
  if (!node || !image_->folders.contains(place_of(to).folder)) return no_such(from);
  if (image_->find(to) == node) return {};  // rename(2): two names of one file both stay
  image_->change({{place_of(from), nullptr}, {place_of(to), node}});
  return {};
}

Result<void> MemoryDisk::link(const std::string& from, const std::string& to) {
  std::lock_guard lock(image_->mutex);
  auto node = image_->find(from);
  if (!node || !image_->folders.contains(place_of(to).folder)) return no_such(from);
  if (image_->find(to) || image_->folders.contains(normal(to))) {
    return Error{Code::conflict, "the file exists: " + to};
  }
  image_->change({{place_of(to), node}});
  return {};
}

Result<void> MemoryDisk::remove(const std::string& path) {
  std::lock_guard lock(image_->mutex);
  std::string folder = normal(path);
  if (image_->folders.contains(folder)) {
    if (!image_->is_empty_folder(folder)) {
      return Error{Code::io, "the folder is not empty: " + path};
    }
    image_->folders.erase(folder);
    return {};
  }
  if (!image_->find(path)) return no_such(path);
  image_->change({{place_of(path), nullptr}});
  return {};
}

Result<void> MemoryDisk::sync_folder(const std::string& folder) {
  std::lock_guard lock(image_->mutex);
  std::string name = normal(folder);
  if (!image_->folders.contains(name)) return no_such(folder);
  auto touches = [&](const std::vector<NameChange>& changes) {
    return std::any_of(changes.begin(), changes.end(),
                       [&](const NameChange& change) { return change.place.folder == name; });
  };
  for (const auto& changes : image_->pending) {
    if (touches(changes)) Image::apply(changes, image_->folders, &Folder::durable);
  }
  std::erase_if(image_->pending, touches);
  return {};
}

Result<std::unique_ptr<DiskLock>> MemoryDisk::lock(const std::string& path,
                                                   std::string_view holder_note) {
  std::lock_guard lock(image_->mutex);
  std::string name = normal(path);
  auto [entry, taken] = image_->locks.try_emplace(name, holder_note);
  if (!taken) {
    return Error{Code::conflict, "another process holds the lock " + path + ": " + entry->second};
  }
  return std::unique_ptr<DiskLock>(std::make_unique<MemoryLock<Image>>(image_, name));
}

}  // namespace bl
