#include "results/commands/tally.h"

#include <gtest/gtest.h>

#include "results/commands/reading.h"

namespace bl::results {
namespace {

/// A stream that ends up in a string.
class Stream {
 public:
  Stream() : file(open_memstream(&text_, &size_)) {}
  ~Stream() {
    std::fclose(file);
    std::free(text_);  // NOLINT: the stream's own buffer
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  std::string text() {
    std::fflush(file);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;

 public:
  std::FILE* file;
};

class TallyTest : public testing::Test {
 protected:
  static SubmitOutcome stored() {
    return {.index = 0, .place = "a.json", .id = "i", .run_id = "r", .history_fingerprint = "f"};
  }
  static SubmitOutcome failed(std::uint64_t index) {
    SubmitOutcome outcome{.index = index, .place = "a.json"};
    outcome.error = Error{Code::invalid,
                          "cannot be accepted: /unit: not one of B",
                          {{"/unit", "not one of B", "\"x\""}}};
    return outcome;
  }

  Stream out, err;
  CommandIo io{.out = out.file, .err = err.file};
};

TEST_F(TallyTest, every_document_is_one_json_line_on_stdout) {
  Tally tally(io, {});
  tally.add(stored());
  tally.add(failed(1));
  EXPECT_EQ(out.text(),
            R"({"index":0,"file":"a.json","status":"stored","id":"i","run_id":"r",)"
            R"("history_fingerprint":"f"})"
            "\n"
            R"({"index":1,"file":"a.json","status":"failed","code":"invalid",)"
            R"("error":"cannot be accepted: /unit: not one of B","errors":[{"location":"/unit",)"
            R"("message":"not one of B"}]})"
            "\n");
  EXPECT_NE(err.text().find("a.json: cannot be accepted"), std::string::npos) << err.text();
  EXPECT_NE(err.text().find("/unit: not one of B"), std::string::npos) << err.text();
}

TEST_F(TallyTest, what_is_not_shown_is_counted) {
  Tally tally(io, {.print_stored = false, .failures_shown_max = 2});
  for (std::uint64_t i = 0; i < 1'500; ++i) tally.add(failed(i));
  tally.add(stored());
  tally.add_skipped({{"p1", "why"}, {"p2", "why"}, {"p3", "why"}});
  EXPECT_EQ(tally.summary(), "1 stored, 1,500 failed, 3 skipped");
  EXPECT_EQ(out.text(), "");
  std::size_t shown = 0;
  for (std::size_t at = 0; (at = err.text().find("cannot be accepted", at)) != std::string::npos;
       ++at) {
    ++shown;
  }
  EXPECT_EQ(shown, 2u);
  EXPECT_NE(err.text().find("skipped p2: why"), std::string::npos);
  EXPECT_EQ(err.text().find("p3"), std::string::npos);
}

TEST(Reading, a_query_holds_what_is_there_encoded) {
  EXPECT_EQ(query_of({}), "");
  EXPECT_EQ(query_of({{"q", ""}, {"cursor", ""}}), "");
  EXPECT_EQ(query_of({{"q", "a b&c=d/é"}, {"status", ""}, {"page_size", "5"}}),
            "?q=a%20b%26c%3Dd%2F%C3%A9&page_size=5");
}

TEST(Reading, members_of_another_kind_are_absent) {
  const json::Value object = json::parse(R"({"text":"x","number":1.5,"null":null})").value();
  EXPECT_EQ(text_at(object, "text"), "x");
  EXPECT_EQ(text_at(object, "number"), "");
  EXPECT_EQ(text_at(object, "null"), "");
  EXPECT_EQ(text_at(object, "none"), "");
  EXPECT_EQ(number_at(object, "number"), 1.5);
  EXPECT_EQ(number_at(object, "text"), std::nullopt);
  EXPECT_EQ(number_at(object, "null"), std::nullopt);
}

}  // namespace
}  // namespace bl::results
