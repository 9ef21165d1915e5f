#include "advice/markdown.h"

#include <gmock/gmock.h>

#include "advice/tests/made_reports.h"

namespace bl::advice {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(CommentMarkdown, a_slowdown_in_one_line_with_its_commit) {
  const std::string text = to_markdown(comment_of(report_of({slower("parse", 6.1, 0.975)})));
  EXPECT_THAT(text, HasSubstr("- **parse** slower by 6.1 % (+4.1 % to +8.1 %) since `a1b2c3d` "
                              "“parse&#58; read twice” (Ada), 97 % sure\n"));
  EXPECT_THAT(text, HasSubstr("```sh\nbenchlake check --against " + k_base + " -- CMD\n```"));
}

TEST(CommentMarkdown, links_are_absolute_or_not_there) {
  const Comment comment = comment_of(report_of({slower("parse", 6.1, 0.975)}));
  EXPECT_THAT(to_markdown(comment), Not(HasSubstr("](")));
  EXPECT_THAT(to_markdown(comment, {.base_url = "https://b.example"}),
              HasSubstr("[page](https://b.example/comment?repository="));
}

TEST(CommentMarkdown, no_text_of_others_becomes_markup_or_a_mention) {
  ChangeReport report = report_of({slower("x](http://evil) @team <img>", 6, 0.999)});
  report.commits[0].subject = "fix #12 `rm` @everyone";
  report.rows[0].command = "echo ```; rm";
  const std::string text = to_markdown(comment_of(report));
  EXPECT_THAT(text, Not(HasSubstr("](http:")));
  EXPECT_THAT(text, Not(HasSubstr("@team")));
  EXPECT_THAT(text, Not(HasSubstr("<img>")));
  EXPECT_THAT(text, HasSubstr("````sh\n"));  // the fence is longer than what it holds
}

TEST(CommentMarkdown, a_long_comment_is_cut_at_a_line) {
  std::vector<JudgedRow> rows;
  for (int i = 0; i < 300; ++i) {
    rows.push_back(slower("b" + std::to_string(i), 6, 0.9999));
    rows.back().since_sha = "commit " + std::to_string(i);
  }
  const Comment comment = comment_of(report_of(rows));
  EXPECT_THAT(to_markdown(comment), HasSubstr("- and 280 more\n"));
  const std::string cut = to_markdown(comment, {.findings_max = 300, .bytes_max = 2'000});
  EXPECT_LT(cut.size(), 2'100u);
  EXPECT_THAT(cut, HasSubstr("\n(cut: the page has the rest)\n"));
}

}  // namespace
}  // namespace bl::advice
