#include "objects/local/folder_listing.h"

#include <algorithm>
#include <set>

#include "objects/key.h"

namespace bl::objects {
namespace {

bool meets(std::string_view one, std::string_view other) {
  return one.starts_with(other) || other.starts_with(one);
}

class Walk {
 public:
  Walk(Disk& disk, const std::string& root, const ListRequest& request)
      : disk_(disk), root_(root), request_(request) {}

  /// `front` is empty or ends in a slash. False: the page is full.
  Result<bool> visit(const std::string& front) {
    auto names = disk_.list(front.empty() ? root_ : path_of(front.substr(0, front.size() - 1)));
    // Another process removed the folder.
    if (!names.ok() && names.error().code == Code::not_found) return true;
    if (!names.ok()) return std::move(names).error();
    std::set<std::string> folders;
    for (const std::string& entry : entries(front, *names)) {
      const bool is_folder = entry.ends_with('/');
      if (is_folder && !folders.contains(entry.substr(0, entry.size() - 1))) continue;
      BL_TRY(const bool goes_on, is_folder ? visit(entry) : look(entry, folders));
      if (!goes_on) return false;
    }
    return true;
  }

  Listing listing;

 private:
  std::string path_of(const std::string& key) const { return root_ + "/" + key; }

  /// Each name twice, as a file and as a folder: where it stands is known before what it is. Names
  /// without keys of the page are left out.
  std::vector<std::string> entries(const std::string& front,
                                   const std::vector<std::string>& names) {
    std::vector<std::string> found;
    for (const std::string& name : names) {
      if (front.empty() && name == k_staging_folder) continue;
      std::string key = front + name;
      if (!meets(key, request_.prefix)) continue;
      if (key <= request_.after && !request_.after.starts_with(key)) continue;
      if (!is_segment(name) || key.size() > k_key_bytes_max) {
        ++listing.skipped;
        continue;
      }
      found.push_back(key + "/");
      found.push_back(std::move(key));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  Result<bool> look(const std::string& key, std::set<std::string>& folders) {
    const auto facts = disk_.facts(path_of(key));
    if (!facts.ok() && facts.error().code == Code::not_found) return true;
    if (!facts.ok()) return facts.error();
    if (facts->kind == FileFacts::Kind::folder) {
      if (lies_ahead(key + "/")) folders.insert(key);
      return true;
    }
    if (!key.starts_with(request_.prefix) || key <= request_.after) return true;
    if (facts->kind == FileFacts::Kind::other) {
      ++listing.skipped;
      return true;
    }
    if (listing.objects.size() == request_.count_max) {
      listing.next = listing.objects.back().key;
      return false;
    }
    listing.objects.push_back({key, facts->size, facts->modified});
    return true;
  }

  bool lies_ahead(const std::string& front) const {
    return meets(front, request_.prefix) &&
           (front > request_.after || request_.after.starts_with(front));
  }

  Disk& disk_;
  const std::string& root_;
  const ListRequest& request_;
};

}  // namespace

Result<Listing> list_folder(Disk& disk, const std::string& root, const ListRequest& request) {
  Walk walk(disk, root, request);
  BL_TRY(const bool whole, walk.visit(""));
  static_cast<void>(whole);
  return std::move(walk.listing);
}

}  // namespace bl::objects
