// Logs that are damaged, hostile or too large: a named error, never a wrong answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/delta/deletions.h"
#include "lake/delta/names.h"
#include "lake/delta/paths.h"
#include "lake/tests/delta_world.h"

namespace bl::lake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing;

constexpr const char* k_protocol = R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})";
constexpr const char* k_metadata =
    R"({"metaData":{"id":"i","format":{"provider":"parquet","options":{}},"schemaString":)"
    R"("{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,)"
    R"(\"metadata\":{}}]}","partitionColumns":[],"configuration":{}}})";

std::string add(const std::string& path, const std::string& more = "") {
  return R"({"add":{"path":")" + path +
         R"(","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true)" + more + "}}";
}
std::string remove(const std::string& path) {
  return R"({"remove":{"path":")" + path + R"(","deletionTimestamp":1,"dataChange":true}})";
}

class ADamagedLog : public ::testing::Test {
 protected:
  void commit(int version, std::initializer_list<std::string> lines) {
    std::string text;
    for (const auto& line : lines) {
      text += line;
      text += '\n';
    }
    BL_CHECK(setting_.memory.put_if_absent(commit_key(version), text).ok());
  }
  void begin() { commit(0, {k_protocol, k_metadata}); }
  Result<std::vector<std::string>> open(const DeltaLimits& limits = {}) {
    BL_TRY(const auto log, DeltaLog::open(setting_.world(), "t/", limits));
    return paths_of(*log->snapshot());
  }
  /// One line behind a good beginning.
  std::string with_line(const std::string& line) {
    (void)setting_.memory.remove(commit_key(0));
    (void)setting_.memory.remove(commit_key(1));
    begin();
    commit(1, {line});
    const auto opened = open();
    return opened.ok() ? "ok" : code_of(opened) + ": " + message_of(opened);
  }

  DeltaSetting setting_;
};

TEST_F(ADamagedLog, names_the_version_that_is_missing) {
  begin();
  commit(2, {add("a")});
  EXPECT_EQ(message_of(open()), "the log has no version 1, though it has version 2");
  ASSERT_TRUE(setting_.memory.remove(commit_key(0)).ok());
  EXPECT_THAT(message_of(open()), HasSubstr("no version 0"));
}

TEST_F(ADamagedLog, names_the_commit_and_the_line) {
  begin();
  commit(1, {add("a"), R"({"add":{"path":"b","partition)"});
  EXPECT_EQ(code_of(open()), "corrupt");
  EXPECT_THAT(message_of(open()), HasSubstr("00000000000000000001.json: line 2: a line is not"));
}

TEST_F(ADamagedLog, takes_no_commit_without_bytes) {
  begin();
  ASSERT_TRUE(setting_.memory.put_if_absent(commit_key(1), "").ok());
  EXPECT_THAT(message_of(open()), HasSubstr("no action, as after a power cut"));
}

TEST_F(ADamagedLog, takes_what_strict_readers_take) {
  begin();
  ASSERT_TRUE(setting_.memory
                  .put_if_absent(commit_key(1), "\r\n  " + add("a%20b") +
                                                    "\r\n\n{\"unknown\":{\"x\":1}}\n" +
                                                    R"({"commitInfo":{"timestamp":"odd"}})")
                  .ok());
  commit(2, {add("a%20b", R"(,"stats":{"numRecords":7},"tags":null,"deletionVector":null)")});
  EXPECT_THAT(open().value(), ElementsAre("a b")) << "one file, named twice";
}

TEST_F(ADamagedLog, refuses_actions_that_lack_what_they_need) {
  EXPECT_EQ(with_line(add("a")), "ok");
  EXPECT_THAT(with_line(R"({"add":{"path":"a","partitionValues":{},"size":1,"dataChange":true}})"),
              HasSubstr("lacks: modificationTime"));
  EXPECT_THAT(with_line(R"({"add":{"path":"a","size":1,"modificationTime":1,"dataChange":true}})"),
              HasSubstr("lacks: partitionValues"));
  EXPECT_THAT(with_line(R"({"add":7})"), HasSubstr("corrupt"));
  EXPECT_THAT(with_line(R"({"txn":{"appId":"a","version":"1"}})"), HasSubstr("needs an integer"));
  EXPECT_THAT(with_line(R"({"txn":{"appId":"a","version":1.5}})"), HasSubstr("needs an integer"));
  EXPECT_THAT(with_line(add("a", R"(,"tags":[])")), HasSubstr("needs an object"));
  EXPECT_THAT(with_line("[1]"), HasSubstr("not one action"));
  EXPECT_THAT(with_line(R"({"add":{},"remove":{}})"), HasSubstr("not one action"));
  EXPECT_THAT(with_line(R"({"protocol":{"minReaderVersion":-1,"minWriterVersion":2}})"),
              HasSubstr("no such"));
}

TEST_F(ADamagedLog, refuses_actions_that_contradict_each_other) {
  begin();
  commit(1, {add("a"), add("a")});
  EXPECT_THAT(message_of(open()), HasSubstr("says twice what may be said once: file a"));
  ASSERT_TRUE(setting_.memory.remove(commit_key(1)).ok());
  commit(1, {add("a"), remove("a")});
  EXPECT_EQ(code_of(open()), "corrupt");
  ASSERT_TRUE(setting_.memory.remove(commit_key(1)).ok());
  commit(1, {k_protocol, k_protocol});
  EXPECT_EQ(code_of(open()), "corrupt");
}

TEST_F(ADamagedLog, refuses_files_outside_the_table) {
  EXPECT_THAT(with_line(add("/etc/passwd")), HasSubstr("unsupported: "));
  EXPECT_THAT(with_line(add("file:///etc/passwd")), HasSubstr("outside the table's folder"));
  EXPECT_THAT(with_line(add("s3://other/x")), HasSubstr("outside the table's folder"));
  EXPECT_THAT(with_line(add("https://host/x")), HasSubstr("outside the table's folder"));
  EXPECT_THAT(with_line(add("../../etc/passwd")), HasSubstr("not one below the table"));
  EXPECT_THAT(with_line(add("%2e%2e/x")), HasSubstr("not one below the table"));
  EXPECT_THAT(with_line(add("a/./b")), HasSubstr("not one below the table"));
  EXPECT_THAT(with_line(add("a%00b")), HasSubstr("broken escape"));
  EXPECT_THAT(with_line(add("a%0Ab")), HasSubstr("control character"));
  EXPECT_THAT(with_line(add("a%zz")), HasSubstr("broken escape"));
  EXPECT_THAT(with_line(add("%ff")), HasSubstr("not UTF-8"));
}

TEST_F(ADamagedLog, refuses_features_by_their_names) {
  const auto protocol = [&](const std::string& text) {
    return with_line(R"({"protocol":{)" + text + "}}");
  };
  EXPECT_EQ(protocol(R"("minReaderVersion":99,"minWriterVersion":7)"),
            "unsupported: not supported: Delta's reader version 99");
  EXPECT_EQ(protocol(R"("minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["variantType",)"
                     R"("timestampNtz","later"],"writerFeatures":["later"])"),
            "unsupported: not supported: Delta's reader features: variantType, later");
  EXPECT_THAT(protocol(R"("minReaderVersion":2,"minWriterVersion":7,"readerFeatures":["x"])"),
              HasSubstr("contradict"));
  EXPECT_EQ(protocol(R"("minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["later"])"),
            "ok");
}

TEST_F(ADamagedLog, is_written_only_as_its_writers_must) {
  const auto refusal = [&](const std::string& line) {
    EXPECT_EQ(with_line(line), "ok");
    const auto log = DeltaLog::open(setting_.world(), "t/").value();
    return message_of(log->append(append_of("mine.parquet")));
  };
  const auto writer = [&](const std::string& features) {
    return refusal(R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":[)" +
                   features + "]}}");
  };
  EXPECT_EQ(writer(R"("appendOnly","invariants")"), "ok");
  EXPECT_EQ(writer(R"("inCommitTimestamp","rowTracking")"),
            "not supported: writing a Delta table with writer features: inCommitTimestamp, "
            "rowTracking");
  std::string metadata = k_metadata;
  metadata.replace(metadata.find("configuration\":{}"), 17,
                   R"(configuration":{"delta.constraints.positive":"id > 0"})");
  EXPECT_THAT(refusal(metadata), HasSubstr("CHECK constraint: delta.constraints.positive"));
  metadata = k_metadata;
  metadata.replace(metadata.find("\\\"metadata\\\":{}"), 15,
                   R"(\"metadata\":{\"delta.invariants\":\"x\"})");
  EXPECT_THAT(refusal(metadata), HasSubstr("column invariants"));
}

TEST_F(ADamagedLog, with_a_broken_checkpoint_is_read_from_its_commits) {
  begin();
  commit(1, {add("a")});
  ASSERT_TRUE(DeltaLog::open(setting_.world(), "t/").value()->checkpoint().ok());
  commit(2, {add("b")});
  const std::string checkpoint = "t/_delta_log/00000000000000000001.checkpoint.parquet";
  const std::string whole = setting_.memory.get(checkpoint).value();
  for (const auto& bytes :
       {whole.substr(0, whole.size() / 2), std::string("PAR1"), std::string()}) {
    setting_.memory.damage(checkpoint, bytes);
    EXPECT_THAT(open().value(), ElementsAre("a", "b"));
  }
  ASSERT_TRUE(setting_.memory.remove(commit_key(0)).ok());
  EXPECT_THAT(message_of(open()), HasSubstr("the checkpoint of version 1"));
}

TEST_F(ADamagedLog, does_not_need_its_pointer) {
  begin();
  commit(1, {add("a")});
  for (const char* hint : {"", "{", "{\"version\":-1}", "{\"version\":1}", "{\"version\":77}",
                           "{\"version\":\"x\"}"}) {
    ASSERT_TRUE(setting_.memory.replace("t/_delta_log/_last_checkpoint", hint).ok());
    EXPECT_THAT(open().value(), ElementsAre("a")) << hint;
  }
}

TEST_F(ADamagedLog, passes_over_foreign_names) {
  begin();
  for (const char* name :
       {"0.json", "00000000000000000001.json.tmp", "x", "_x", "00000000000000000005.crc",
        "99999999999999999999.json", "00000000000000000000.00000000000000000009.compacted.json",
        "00000000000000000009.checkpoint.0000000001.0000000002.parquet"}) {
    ASSERT_TRUE(setting_.memory.put_if_absent(std::string("t/_delta_log/") + name, "x").ok());
  }
  EXPECT_THAT(open().value(), ::testing::IsEmpty());
}

TEST_F(ADamagedLog, is_read_within_limits) {
  begin();
  commit(1, {add("a"), add("b"), add("c")});
  commit(2, {add("d")});
  DeltaLimits limits;
  limits.files_max = 3;
  EXPECT_EQ(code_of(open(limits)), "too_large");
  limits = {};
  limits.tail_commits_max = 2;
  EXPECT_THAT(message_of(open(limits)), HasSubstr("too many commits"));
  limits = {};
  limits.log_objects_max = 2;
  EXPECT_THAT(message_of(open(limits)), HasSubstr("too many objects"));
  limits = {};
  limits.commit_bytes_max = 100;
  EXPECT_THAT(message_of(open(limits)), HasSubstr("more than 100 bytes"));
  limits = {};
  limits.text_bytes_max = 60;
  EXPECT_EQ(code_of(open(limits)), "corrupt");
}

TEST(APath, is_one_however_it_is_written) {
  const auto canonical = [](const char* path) {
    return delta::canonical_path(path, "/data/t/").value();
  };
  EXPECT_EQ(canonical("a%20b"), "a b");
  EXPECT_EQ(canonical("c2=+%20%253D/x"), "c2=+ %3D/x");
  EXPECT_EQ(canonical("/data/t/a"), "a");
  EXPECT_EQ(canonical("file:///data/t/a"), "a");
  EXPECT_EQ(canonical("file:/data/t/a"), "a");
  EXPECT_EQ(canonical("s3a://b/k"), "s3://b/k");
  EXPECT_EQ(canonical("a:b/c"), "a:b/c") << "one letter is no scheme";
  EXPECT_EQ(delta::canonical_path("s3a://b/t/k", "s3://b/t/").value(), "k");
}

TEST(ADeletionVector, in_a_damaged_form_is_refused) {
  EXPECT_EQ(delta::decode_z85("HelloWorld").value(), "\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B");
  EXPECT_EQ(code_of(delta::decode_z85("Hell")), "corrupt");
  EXPECT_EQ(code_of(delta::decode_z85("Hell\"")), "corrupt");
  EXPECT_EQ(code_of(delta::decode_z85("#####")), "corrupt") << "over 32 bits";
  DeltaDeletions deletions{"u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6, true};
  EXPECT_EQ(delta::deletions_path(deletions, "").value(),
            "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
  EXPECT_EQ(code_of(delta::deleted_rows(deletions, "too short")), "corrupt");
  deletions.storage = "p";
  deletions.place = "file:///etc/x";
  EXPECT_EQ(code_of(delta::deletions_path(deletions, "")), "unsupported");
  deletions.storage = "z";
  EXPECT_EQ(code_of(delta::deletions_path(deletions, "")), "corrupt");
  // Within the text: rows 3, 4, 7, 11, 18, 29; and the same in a format of older days.
  const DeltaDeletions inside{
      "i", "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", 0, 44, 6, false};
  const DeltaDeletions older{"i",  "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", 0, 40, 6,
                             false};
  EXPECT_EQ(code_of(delta::deleted_rows(older, "")), "unsupported");
  EXPECT_THAT(delta::deleted_rows(inside, "").value(), ElementsAre(3, 4, 7, 11, 18, 29));
  DeltaDeletions other = inside;
  other.cardinality = 5;
  EXPECT_THAT(message_of(delta::deleted_rows(other, "")),
              HasSubstr("6 rows, where the log says 5"));
  other.size = 4;
  EXPECT_EQ(code_of(delta::deleted_rows(other, "")), "corrupt");
  other.size = 400;
  EXPECT_EQ(code_of(delta::deleted_rows(other, "")), "corrupt");
}

}  // namespace
}  // namespace bl::lake
