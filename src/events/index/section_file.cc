#include "events/index/section_file.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash.h"

// A section's hash is that of the hashes of its pieces, so that it is computed while the section
// goes to the disk, piece by piece.
namespace bl::events::index {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t k_piece = 1u << 20;
constexpr std::uint64_t k_magic = 0x3130'5844'4956'4542;  // "BEVIDX01"

struct FooterEnd {
  std::uint64_t sections, facts, hash, magic;
};
struct SectionFacts {
  std::uint64_t offset, bytes, hash;
};

std::string_view bytes_of(const auto& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::uint64_t hash_of(std::string_view section) {
  std::string hashes;
  for (; !section.empty(); section.remove_prefix(std::min(k_piece, section.size())))
    hashes.append(bytes_of(xxh3_64(section.substr(0, k_piece))));
  return xxh3_64(hashes);
}

Error damaged(std::string_view what, const std::string& path) {
  return Error{Code::corrupt, "the index file " + std::string(what) + ": " + path};
}

}  // namespace

Result<SectionWriter> SectionWriter::create(Disk& disk, const std::string& path) {
  BL_TRY(auto file, disk.create(path, FileMode::normal));
  SectionWriter writer(std::move(file));
  writer.piece_.reserve(k_piece);
  return writer;
}

Result<void> SectionWriter::write_piece() {
  if (piece_.empty()) return {};
  piece_hashes_.append(bytes_of(xxh3_64(piece_)));
  BL_RETURN_IF_ERROR(file_->append(piece_));
  offset_ += piece_.size();
  piece_.clear();
  return {};
}

Result<void> SectionWriter::append(std::string_view bytes) {
  section_bytes_ += bytes.size();
  while (!bytes.empty()) {
    const std::size_t room = std::min(k_piece - piece_.size(), bytes.size());
    piece_.append(bytes.substr(0, room));
    bytes.remove_prefix(room);
    if (piece_.size() == k_piece) BL_RETURN_IF_ERROR(write_piece());
  }
  return {};
}

Result<void> SectionWriter::end_section() {
  BL_RETURN_IF_ERROR(write_piece());
  sections_.push_back({section_start_, section_bytes_, xxh3_64(piece_hashes_)});
  piece_hashes_.clear();
  const std::string padding((8 - offset_ % 8) % 8, '\0');
  if (!padding.empty()) BL_RETURN_IF_ERROR(file_->append(padding));
  offset_ += padding.size();
  section_start_ = offset_;
  section_bytes_ = 0;
  return {};
}

Result<FileIdentity> SectionWriter::finish(std::span<const std::int64_t> facts) {
  std::string footer;
  for (const std::int64_t fact : facts) footer.append(bytes_of(fact));
  for (const Section& section : sections_) footer.append(bytes_of(section));
  const std::uint64_t hash = xxh3_64(footer);
  footer.append(bytes_of(FooterEnd{sections_.size(), facts.size(), hash, k_magic}));
  BL_RETURN_IF_ERROR(file_->append(footer));
  BL_RETURN_IF_ERROR(file_->sync());
  return FileIdentity{offset_ + footer.size(), hash};
}

Result<SectionFile> SectionFile::open(Disk& disk, const std::string& path,
                                      const FileIdentity& identity, std::size_t sections,
                                      std::size_t facts, std::size_t unchecked) {
  SectionFile opened;
  opened.path_ = path;
  opened.identity_ = identity;
  opened.unchecked_ = unchecked;
  BL_TRY(opened.file_, map_file(disk, path));
  const std::string_view bytes = opened.file_->bytes();
  const std::size_t footer = 8 * facts + sizeof(SectionFacts) * sections;
  if (bytes.size() != identity.bytes) return damaged("has another length", path);
  if (bytes.size() < footer + sizeof(FooterEnd)) return damaged("is too short", path);
  FooterEnd end;
  std::memcpy(&end, bytes.data() + bytes.size() - sizeof end, sizeof end);
  if (end.magic != k_magic || end.sections != sections || end.facts != facts)
    return damaged("is of another kind", path);
  const std::size_t data = bytes.size() - footer - sizeof end;
  const std::string_view table = bytes.substr(data, footer);
  if (xxh3_64(table) != identity.hash) return damaged("has another footer", path);
  opened.facts_.resize(facts);
  std::memcpy(opened.facts_.data(), table.data(), 8 * facts);
  for (std::size_t i = 0; i < sections; ++i) {
    SectionFacts section;
    std::memcpy(&section, table.data() + 8 * facts + i * sizeof section, sizeof section);
    if (section.offset % 8 != 0 || section.offset > data || section.bytes > data - section.offset)
      return damaged("has a section outside of it", path);
    opened.sections_.push_back(bytes.substr(section.offset, section.bytes));
    opened.hashes_.push_back(section.hash);
    if (i != unchecked) opened.file_->fetch(section.offset, section.bytes);
  }
  BL_RETURN_IF_ERROR(opened.check());
  return opened;
}

Result<void> SectionFile::check() const {
  for (std::size_t i = 0; i < sections_.size(); ++i)
    if (i != unchecked_ && hash_of(sections_[i]) != hashes_[i])
      return damaged("is not what was written", path_);
  return {};
}

}  // namespace bl::events::index
