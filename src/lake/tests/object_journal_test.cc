// Chains of objects: who reads them, who seals them, and what damage is called.
#include "lake/object_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/tests/object_world.h"
#include "objects/testing/faulty_store.h"

namespace bl::lake {
namespace {

using objects::testing::MemoryStore;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::k_prefix;
using testing::ObjectWorld;
using testing::read_payloads;
using ::testing::SizeIs;

struct Chains : ::testing::Test {
  ObjectWorld world;
  MemoryDisk disk;
  MemoryStore store{world.clock, disk};

  std::unique_ptr<Journal> open() { return world.open(store).value(); }
  std::string key(const Journal& journal, std::uint64_t ordinal) const {
    return object_key(k_prefix, journal.id(), ordinal);
  }
  std::vector<std::string> keys_of_store() {
    std::vector<std::string> keys;
    const objects::Listing all = store.list({}).value();
    for (const auto& info : all.objects) keys.push_back(info.key);
    return keys;
  }
  Error error_of_reading(const std::string& id, RecordNo first = 1) {
    const auto read =
        read_object_journal(store, k_prefix, id, first, [](const JournalRecord&) { return true; });
    EXPECT_FALSE(read.ok());
    return read.ok() ? Error{Code::internal, ""} : read.error();
  }
};

void add(Journal& journal, std::string_view payload, std::string_view key = {}) {
  const auto ack = journal.append(payload, key);
  EXPECT_TRUE(ack.ok()) << ack.error().message;
}

ChainEnd end_of(objects::ObjectStore& store, const std::string& id) {
  return read_object_journal(store, k_prefix, id, 1, [](const JournalRecord&) { return true; })
      .value();
}

using Reading = Chains;
using Sealing = Chains;
using Trimming = Chains;
using Damage = Chains;

TEST_F(Reading, every_process_has_a_chain_of_its_own_which_anybody_reads) {
  const auto mine = open();
  const auto other = open();
  EXPECT_THAT(list_object_journals(store, k_prefix).value(), IsEmpty());
  add(*mine, "a");
  add(*other, "x");
  add(*mine, "b");
  EXPECT_THAT(list_object_journals(store, k_prefix).value(),
              ::testing::UnorderedElementsAre(mine->id(), other->id()));
  EXPECT_THAT(read_payloads(store, mine->id()), ElementsAre("a", "b"));
  EXPECT_THAT(read_payloads(store, mine->id(), 2), ElementsAre("b"));
  EXPECT_THAT(read_payloads(store, mine->id(), 3), IsEmpty());
  EXPECT_THAT(read_payloads(store, other->id()), ElementsAre("x"));
  EXPECT_EQ(end_of(store, mine->id()).next, 3U);
  EXPECT_EQ(end_of(store, mine->id()).kind, ChainEnd::Kind::open);
}

TEST_F(Reading, other_names_under_the_prefix_are_passed_over) {
  const auto journal = open();
  add(*journal, "a");
  for (const char* name : {"lake/j/zzz", "lake/j/aa/00000000000000000001", "lake/j2/x"}) {
    ASSERT_TRUE(store.put_if_absent(name, "x").ok());
  }
  ASSERT_TRUE(store.put_if_absent(key(*journal, 1) + ".tmp", "x").ok());
  EXPECT_THAT(list_object_journals(store, k_prefix).value(), ElementsAre(journal->id()));
  EXPECT_THAT(read_payloads(store, journal->id()), ElementsAre("a"));
  EXPECT_TRUE(world.open(store).ok());
}

TEST_F(Reading, a_journal_that_is_not_there_is_named) {
  const std::string id(32, 'a');
  EXPECT_EQ(error_of_reading(id).code, Code::not_found);
  EXPECT_EQ(error_of_reading("no-id").code, Code::invalid);
  EXPECT_EQ(world.seal(store, id).error().code, Code::not_found);
}

TEST_F(Reading, long_lists_come_in_pages) {
  const auto journal = open();
  for (int i = 0; i < 1'100; ++i) add(*journal, "payload");
  EXPECT_THAT(read_payloads(store, journal->id()), SizeIs(1'100));
  world.limits.list_objects_max = 1'000;
  EXPECT_EQ(world.open(store).error().code, Code::too_large);
}

TEST_F(Reading, a_journal_is_not_opened_over_more_than_may_be_read) {
  const auto journal = open();
  for (int i = 0; i < 3; ++i) add(*journal, "payload");
  world.limits.open_objects_max = 2;
  EXPECT_EQ(world.open(store).error().code, Code::too_large);
  world.limits.open_objects_max = 3;
  EXPECT_TRUE(world.open(store).ok());
  world.limits.open_bytes_max = 100;
  EXPECT_THAT(world.open(store).error().message, HasSubstr(k_prefix));
}

// Sealing ------------------------------------------------------------------------------------

TEST_F(Sealing, the_writer_of_a_sealed_chain_is_told_so_by_name) {
  const auto journal = open();
  add(*journal, "a", "k");
  const auto end = world.seal(store, journal->id());
  ASSERT_TRUE(end.ok()) << end.error().message;
  EXPECT_EQ(end->next, 2U);
  EXPECT_EQ(end->kind, ChainEnd::Kind::sealed);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto late = journal->append("b");
    ASSERT_FALSE(late.ok());
    EXPECT_TRUE(is_sealed(late.error())) << late.error().message;
    EXPECT_THAT(late.error().message, HasSubstr(journal->id()));
  }
  EXPECT_EQ(world.metric("bl_journal_seals_total"), 1);
  // What it has acknowledged is still known to it, and to the next one.
  EXPECT_TRUE(journal->append("a", "k")->replayed);
  const auto next = open();
  EXPECT_EQ(next->append("a", "k")->journal, journal->id());
  EXPECT_THAT(read_payloads(store, journal->id()), ElementsAre("a"));
  EXPECT_EQ(end_of(store, journal->id()).kind, ChainEnd::Kind::sealed);
}

TEST_F(Sealing, again_and_by_two_gives_the_same_end) {
  const auto journal = open();
  for (int i = 0; i < 3; ++i) add(*journal, "payload");
  ObjectWorld other(8);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(world.seal(store, journal->id())->next, 4U);
    EXPECT_EQ(other.seal(store, journal->id())->next, 4U);
  }
}

// A store whose writer appends between any two calls of who seals.
class BusyStore final : public objects::ObjectStore {
 public:
  BusyStore(objects::ObjectStore& inner, std::function<void()> between)
      : inner_(inner), between_(std::move(between)) {}
  Result<void> put_if_absent(const std::string& key, std::string_view bytes) override {
    between_();
    return inner_.put_if_absent(key, bytes);
  }
  Result<void> put_file_if_absent(const std::string& key, const std::string& path) override {
    return inner_.put_file_if_absent(key, path);
  }
  Result<void> replace(const std::string& key, std::string_view bytes) override {
    return inner_.replace(key, bytes);
  }
  Result<std::string> get_range(const std::string& key, objects::ByteRange range) override {
    between_();
    return inner_.get_range(key, range);
  }
  Result<objects::ObjectInfo> head(const std::string& key) override { return inner_.head(key); }
  Result<objects::Listing> list(const objects::ListRequest& request) override {
    between_();
    return inner_.list(request);
  }
  Result<void> remove(const std::string& key) override { return inner_.remove(key); }
  Result<std::uint64_t> sweep_unfinished(Timestamp older_than) override {
    return inner_.sweep_unfinished(older_than);
  }
  std::string address(const std::string& key) const override { return inner_.address(key); }
  std::string_view kind() const override { return inner_.kind(); }

 private:
  objects::ObjectStore& inner_;
  const std::function<void()> between_;
};

TEST_F(Sealing, a_writer_that_is_faster_than_who_seals_is_overtaken) {
  for (const int appends_between : {1, 2, 7, 30}) {
    const auto journal = open();
    RecordNo acknowledged = 0;
    const auto append = [&] {
      const auto ack = journal->append("payload");
      if (ack.ok())
        acknowledged = ack->no;
      else
        EXPECT_TRUE(is_sealed(ack.error())) << ack.error().message;
    };
    append();
    BusyStore busy(store, [&] {
      for (int i = 0; i < appends_between; ++i) append();
    });
    const auto end = world.seal(busy, journal->id());
    ASSERT_TRUE(end.ok()) << end.error().message;
    EXPECT_EQ(end->next, acknowledged + 1);
    EXPECT_THAT(read_payloads(store, journal->id()), SizeIs(acknowledged));
    EXPECT_TRUE(is_sealed(journal->append("late").error()));
  }
}

TEST_F(Sealing, gives_up_by_name_when_the_limit_is_reached) {
  const auto journal = open();
  add(*journal, "payload");
  BusyStore busy(store, [&] {
    for (int i = 0; i < 10; ++i) add(*journal, "payload");
  });
  world.limits.seal_jumps_max = 2;
  EXPECT_EQ(world.seal(busy, journal->id()).error().code, Code::overloaded);
  world.limits.seal_jumps_max = 16;
  EXPECT_EQ(world.seal(store, journal->id())->next, journal->next());
}

TEST_F(Sealing, a_seal_that_nobody_can_have_put_is_refused) {
  const auto journal = open();
  add(*journal, "payload");
  const std::uint64_t far = 1ULL << 60;
  ASSERT_TRUE(store.put_if_absent(key(*journal, far), std::string(k_seal_bytes, 'x')).ok());
  EXPECT_EQ(world.seal(store, journal->id()).error().code, Code::corrupt);
}

// Trimming -----------------------------------------------------------------------------------

TEST_F(Trimming, objects_go_and_their_keys_stay_in_one_object) {
  const auto journal = open();
  for (int i = 1; i <= 6; ++i) {
    const std::string number = std::to_string(i);
    add(*journal, "p" + number, "k" + number);
    ASSERT_TRUE(journal->trim(static_cast<RecordNo>(i)).ok());
  }
  // The last two groups (record 6 came after the trim to 6 kept it), and one object of keys.
  EXPECT_THAT(keys_of_store(),
              ElementsAre(key(*journal, 6), HasSubstr("/keys-00000000000000000001-0000000000000")));
  EXPECT_EQ(error_of_reading(journal->id()).code, Code::not_found);
  EXPECT_THAT(read_payloads(store, journal->id(), 6), ElementsAre("p6"));
  EXPECT_TRUE(open()->append("p1", "k1")->replayed);
}

TEST_F(Trimming, who_takes_over_seals_first_and_then_nothing_but_keys_is_left) {
  const auto journal = open();
  for (int i = 1; i <= 3; ++i) add(*journal, "payload", "k" + std::to_string(i));
  EXPECT_EQ(world.trim(store, journal->id(), 4).error().code, Code::conflict);
  ASSERT_TRUE(world.seal(store, journal->id()).ok());
  ASSERT_TRUE(world.trim(store, journal->id(), 3).ok());
  EXPECT_THAT(read_payloads(store, journal->id(), 3), SizeIs(1));
  EXPECT_EQ(error_of_reading(journal->id(), 2).code, Code::not_found);
  ASSERT_TRUE(world.trim(store, journal->id(), 4).ok());
  EXPECT_EQ(error_of_reading(journal->id(), 2).code, Code::not_found);
  EXPECT_THAT(read_payloads(store, journal->id(), 4), IsEmpty());
  EXPECT_EQ(world.seal(store, journal->id())->next, 4U);
  EXPECT_TRUE(is_sealed(journal->append("late").error()));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(open()->append("payload", "k" + std::to_string(i))->replayed);
  }
}

TEST_F(Trimming, a_chain_goes_wholly_when_its_keys_are_old_and_many_came_after_them) {
  world.limits.journal.keys_min = 1;
  const auto earlier = open();
  for (int i = 1; i <= 3; ++i) add(*earlier, "payload", "k" + std::to_string(i));
  ASSERT_TRUE(world.seal(store, earlier->id()).ok());
  ASSERT_TRUE(world.trim(store, earlier->id(), 4).ok());
  const auto journal = open();
  add(*journal, "payload", "later1");
  add(*journal, "payload", "later2");
  ASSERT_TRUE(journal->trim(2).ok());  // its key is in an object now
  world.clock.advance(std::chrono::hours(24));
  ASSERT_TRUE(journal->trim(2).ok());
  EXPECT_THAT(list_object_journals(store, k_prefix).value(), SizeIs(2));  // clocks may differ
  world.clock.advance(std::chrono::hours(2));
  ASSERT_TRUE(journal->trim(2).ok());
  EXPECT_THAT(list_object_journals(store, k_prefix).value(), ElementsAre(journal->id()));
}

TEST_F(Trimming, who_opens_meanwhile_finds_the_keys_where_they_are_then) {
  const auto journal = open();
  int appended = 0;
  const auto append_and_trim = [&] {
    add(*journal, "payload", "k" + std::to_string(appended++));
    ASSERT_TRUE(journal->trim(journal->next()).ok());
  };
  for (int i = 0; i < 3; ++i) append_and_trim();
  int calls = 0;
  BusyStore busy(store, [&] {
    ++calls;
    if (calls == 2 || calls == 4) append_and_trim();  // behind each list
  });
  const auto next = world.open(busy);
  ASSERT_TRUE(next.ok()) << next.error().message;
  for (int i = 0; i < appended; ++i) {
    EXPECT_TRUE((*next)->append("payload", "k" + std::to_string(i))->replayed) << i;
  }
  calls = 0;
  world.limits.open_attempts_max = 1;
  EXPECT_EQ(world.open(busy).error().code, Code::not_found);
}

TEST_F(Trimming, a_record_is_not_trimmed_by_the_next_one) {
  const auto journal = open();
  add(*journal, "a");
  add(*journal, "b");
  ASSERT_TRUE(journal->trim(1).ok());
  EXPECT_EQ(journal->first(), 1U);
  EXPECT_THAT(read_payloads(store, journal->id()), ElementsAre("a", "b"));
}

// Damage -------------------------------------------------------------------------------------

TEST_F(Damage, every_flipped_bit_before_the_end_is_named_and_at_the_end_looks_torn) {
  const auto journal = open();
  for (int i = 0; i < 3; ++i) add(*journal, "payload", "k" + std::to_string(i));
  for (const std::uint64_t ordinal : {2, 3}) {
    const std::string damaged = key(*journal, ordinal);
    const std::string whole = store.get(damaged).value();
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      store.damage(damaged, flipped);
      const bool is_version = at == 7;
      if (ordinal == 2 || is_version) {
        const Error error = error_of_reading(journal->id());
        EXPECT_EQ(error.code, is_version ? Code::unsupported : Code::corrupt) << at;
        EXPECT_THAT(error.message, HasSubstr(damaged));
        EXPECT_THAT(world.open(store).error().message, HasSubstr(damaged));
        EXPECT_FALSE(journal->read(1, [](const JournalRecord&) { return true; }).ok());
      } else {
        EXPECT_EQ(end_of(store, journal->id()).next, 3U);
        EXPECT_EQ(end_of(store, journal->id()).kind, ChainEnd::Kind::torn);
        EXPECT_TRUE(world.open(store).ok());
      }
    }
    store.damage(damaged, whole);
  }
}

TEST_F(Damage, behind_a_seal_the_last_group_is_not_taken_for_torn) {
  const auto journal = open();
  add(*journal, "a");
  add(*journal, "b");
  ASSERT_TRUE(world.seal(store, journal->id()).ok());
  store.damage(key(*journal, 2), "rubbish");
  EXPECT_EQ(error_of_reading(journal->id()).code, Code::corrupt);
}

TEST_F(Damage, a_missing_object_is_named) {
  const auto journal = open();
  for (int i = 0; i < 4; ++i) add(*journal, "payload");
  ASSERT_TRUE(store.remove(key(*journal, 2)).ok());
  EXPECT_THAT(error_of_reading(journal->id()).message, HasSubstr("objects 2 to 2"));
  EXPECT_EQ(world.open(store).error().code, Code::corrupt);
}

TEST_F(Damage, an_object_in_anothers_place_is_not_read) {
  const auto journal = open();
  const auto other = open();
  for (int i = 0; i < 3; ++i) add(*journal, "payload");
  for (int i = 0; i < 3; ++i) add(*other, "payload");
  store.damage(key(*journal, 2), store.get(key(*other, 2)).value());
  EXPECT_THAT(error_of_reading(journal->id()).message, HasSubstr("another journal"));
  store.damage(key(*other, 2), store.get(key(*other, 1)).value());
  EXPECT_EQ(error_of_reading(other->id()).code, Code::corrupt);
}

TEST_F(Damage, keys_that_are_not_whole_are_named) {
  const auto journal = open();
  add(*journal, "a", "k");
  add(*journal, "b");
  ASSERT_TRUE(journal->trim(2).ok());
  const std::string keys = keys_of_store().back();
  ASSERT_THAT(keys, HasSubstr("/keys-"));
  std::string bytes = store.get(keys).value();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  store.damage(keys, bytes);
  const auto opened = world.open(store);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::corrupt);
  EXPECT_THAT(opened.error().message, HasSubstr(keys));
}

}  // namespace
}  // namespace bl::lake
