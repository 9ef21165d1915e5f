#include "events/delta/journals.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "events/protobuf.h"
#include "lake/file_journal.h"

namespace bl::events::delta {
namespace {

constexpr int k_attempts_max = 100;

void append_length(std::string& out, std::size_t length) {
  while (length >= 0x80) {
    out += static_cast<char>(0x80 | (length & 0x7f));
    length >>= 7;
  }
  out += static_cast<char>(length);
}

Result<std::size_t> take_length(std::string_view& bytes) {
  std::size_t length = 0;
  for (unsigned shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    length |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return length;
  }
  return Error{Code::corrupt, "a record of an event journal has no length"};
}

class LeftFileJournal final : public LeftJournal {
 public:
  explicit LeftFileJournal(std::unique_ptr<lake::Journal> journal) : journal_(std::move(journal)) {}
  const std::string& id() const override { return journal_->id(); }
  Result<void> read(lake::RecordNo first,
                    const std::function<bool(const lake::JournalRecord&)>& each) override {
    return journal_->read(std::max(first, journal_->first()), each);
  }
  Result<void> trim(lake::RecordNo no) override { return journal_->trim(no); }

 private:
  std::unique_ptr<lake::Journal> journal_;
};

class FileJournals final : public Journals {
 public:
  FileJournals(std::string folder, const LogWorld& world)
      : folder_(std::move(folder)), world_(world), ids_(world.clock, world.random) {}

  Result<void> start() {
    BL_RETURN_IF_ERROR(world_.disk.make_folder(folder_));
    BL_TRY(const auto names, world_.disk.list(folder_));
    for (const auto& name : names) {
      BL_TRY(own_, open(name));
      if (own_ == nullptr) continue;
      own_name_ = name;
      return {};
    }
    // A process that looks for what others left may have a new one for a moment.
    for (int attempt = 0; attempt < k_attempts_max; ++attempt) {
      own_name_ = ids_.next();
      BL_TRY(own_, open(own_name_));
      if (own_ != nullptr) return {};
    }
    return Error{Code::conflict, "other processes took every new journal: " + folder_};
  }

  lake::Journal& own() override { return *own_; }
  std::string key_of(std::string_view) const override { return {}; }

  Result<std::vector<std::unique_ptr<LeftJournal>>> left() override {
    BL_TRY(const auto names, world_.disk.list(folder_));
    std::vector<std::unique_ptr<LeftJournal>> left;
    for (const auto& name : names) {
      if (name == own_name_) continue;
      BL_TRY(auto journal, open(name));
      if (journal != nullptr) left.push_back(std::make_unique<LeftFileJournal>(std::move(journal)));
    }
    return left;
  }
  Result<void> stay_alive() override { return {}; }
  Result<void> renew() override { return {}; }

 private:
  /// Null: another process has it.
  Result<std::unique_ptr<lake::Journal>> open(const std::string& name) {
    lake::JournalLimits limits;
    limits.segment_bytes = 16u << 20;
    auto journal = lake::open_file_journal(world_.disk, folder_ + "/" + name, limits, world_.clock,
                                           world_.random, world_.log, world_.metrics);
    if (journal.ok()) return *std::move(journal);
    if (journal.error().code == Code::conflict) return std::unique_ptr<lake::Journal>();
    return std::move(journal).error();
  }

  const std::string folder_;
  const LogWorld world_;
  IdSource ids_;
  std::string own_name_;
  std::unique_ptr<lake::Journal> own_;
};

/// The object journals' world keeps references; here is what they refer to.
struct ObjectSide {
  objects::ObjectStore& store;
  const std::string prefix;
  const LogWorld world;
  const objects::Wait wait;
  lake::ObjectJournalLimits limits;
  lake::ObjectJournalWorld journal_world() const {
    return {world.clock, world.random, world.log, world.metrics, wait};
  }
};

class LeftChain final : public LeftJournal {
 public:
  LeftChain(const ObjectSide& side, std::string id) : side_(side), id_(std::move(id)) {}
  const std::string& id() const override { return id_; }
  Result<void> read(lake::RecordNo first,
                    const std::function<bool(const lake::JournalRecord&)>& each) override {
    // What was trimmed begins later than the first record.
    const auto read =
        lake::read_object_journal(side_.store, side_.prefix, id_, first, each, side_.limits);
    return read.ok() ? Result<void>{} : read.error();
  }
  Result<void> trim(lake::RecordNo no) override {
    return lake::trim_object_journal(side_.store, side_.prefix, id_, no, side_.limits,
                                     side_.journal_world());
  }

 private:
  const ObjectSide& side_;
  const std::string id_;
};

class ObjectJournals final : public Journals {
 public:
  explicit ObjectJournals(ObjectSide side) : side_(std::move(side)) {}

  ~ObjectJournals() override {
    if (own_ != nullptr) (void)side_.store.remove(alive_key(own_->id())).ok();
  }

  Result<void> renew() override {
    if (own_ != nullptr) (void)side_.store.remove(alive_key(own_->id())).ok();
    BL_TRY(own_, lake::open_object_journal(side_.store, side_.prefix, side_.limits,
                                           side_.journal_world()));
    return stay_alive();
  }

  lake::Journal& own() override { return *own_; }
  std::string key_of(std::string_view record) const override {
    return fmt::format("{:016x}{:016x}{:x}", xxh3_64(record), xxh3_64(fmt::format("2{}", record)),
                       record.size());
  }

  Result<std::vector<std::unique_ptr<LeftJournal>>> left() override {
    std::vector<std::unique_ptr<LeftJournal>> left;
    BL_TRY(const auto ids, lake::list_object_journals(side_.store, side_.prefix));
    for (const std::string& id : ids) {
      if (own_ != nullptr && id == own_->id()) continue;
      BL_TRY(const bool lives, this->lives(id));
      if (lives) continue;
      const auto sealed = lake::seal_object_journal(side_.store, side_.prefix, id, side_.limits,
                                                    side_.journal_world());
      if (!sealed.ok() && sealed.error().code == Code::not_found) continue;
      if (!sealed.ok()) return sealed.error();
      left.push_back(std::make_unique<LeftChain>(side_, id));
    }
    return left;
  }

  /// By the store's clock: our own sign is written first.
  Result<void> stay_alive() override {
    BL_RETURN_IF_ERROR(side_.store.replace(alive_key(own_->id()), "alive"));
    BL_TRY(const auto info, side_.store.head(alive_key(own_->id())));
    store_now_ = info.modified;
    return {};
  }

 private:
  std::string alive_key(const std::string& id) const { return "_bel/alive/" + id; }

  Result<bool> lives(const std::string& id) {
    const auto info = side_.store.head(alive_key(id));
    if (!info.ok() && info.error().code == Code::not_found) return false;
    if (!info.ok()) return info.error();
    // A sign that is ahead of us is from before the store's clock went back: whoever lives makes
    // another one soon, and may lose its journal until then.
    return info->modified + k_alive_time > store_now_ && info->modified < store_now_ + k_alive_time;
  }

  const ObjectSide side_;
  std::unique_ptr<lake::Journal> own_;
  Timestamp store_now_;
};

}  // namespace

void append_record(std::string& record, const BuildEvent& event) {
  const std::string bytes = to_protobuf(event);
  append_length(record, bytes.size());
  record += bytes;
}

Result<std::vector<BuildEvent>> events_of_record(std::string_view record) {
  std::vector<BuildEvent> events;
  while (!record.empty()) {
    BL_TRY(const std::size_t length, take_length(record));
    if (length > record.size()) {
      return Error{Code::corrupt, "an event of a journal's record is cut"};
    }
    BL_TRY(BuildEvent event, from_protobuf(record.substr(0, length)));
    events.push_back(std::move(event));
    record.remove_prefix(length);
  }
  return events;
}

Result<std::unique_ptr<Journals>> open_file_journals(const std::string& folder,
                                                     const LogWorld& world) {
  auto journals = std::make_unique<FileJournals>(folder, world);
  BL_RETURN_IF_ERROR(journals->start());
  return std::unique_ptr<Journals>(std::move(journals));
}

Result<std::unique_ptr<Journals>> open_object_journals(objects::ObjectStore& store,
                                                       const std::string& prefix,
                                                       const lake::ObjectJournalLimits& limits,
                                                       const LogWorld& world, objects::Wait wait) {
  auto journals =
      std::make_unique<ObjectJournals>(ObjectSide{store, prefix, world, std::move(wait), limits});
  BL_RETURN_IF_ERROR(journals->renew());
  return std::unique_ptr<Journals>(std::move(journals));
}

}  // namespace bl::events::delta
