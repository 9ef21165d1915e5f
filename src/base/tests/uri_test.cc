#include "base/uri.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace bl {
namespace {

Uri read(std::string_view text) {
  auto uri = parse_uri(text);
  EXPECT_TRUE(uri.ok()) << text << ": " << (uri.ok() ? "" : uri.error().message);
  return uri.ok() ? std::move(*uri) : Uri();
}

TEST(Uri, every_part_is_decoded) {
  const Uri uri =
      read("Postgres://us%40er:p%3Aw:x@Db.example:5432/my%20db?sslmode=require&a=b%26c");
  EXPECT_EQ(uri.scheme, "postgres");
  EXPECT_EQ(uri.user, "us@er");
  EXPECT_EQ(uri.password, "p:w:x");
  EXPECT_EQ(uri.host, "Db.example");
  EXPECT_EQ(uri.port, "5432");
  EXPECT_EQ(uri.path, "/my db");
  EXPECT_EQ(uri.query, (QueryPairs{{"sslmode", "require"}, {"a", "b&c"}}));
  EXPECT_TRUE(uri.has_authority);
}

TEST(Uri, postgresql_is_postgres) {
  EXPECT_EQ(read("postgresql://h/db").scheme, "postgres");
}

TEST(Uri, sqlite_paths_are_absolute_relative_or_memory) {
  EXPECT_EQ(read("sqlite:///abs.db").path, "/abs.db");
  EXPECT_EQ(read("sqlite://rel.db").path, "rel.db");
  EXPECT_EQ(read("sqlite://a/b.db").path, "a/b.db");
  EXPECT_EQ(read("sqlite::memory:").path, ":memory:");
  EXPECT_EQ(read("SQLITE:///a%20b.db?mode=ro").path, "/a b.db");
  EXPECT_EQ(read("sqlite://a/b.db").host, "");
  EXPECT_FALSE(read("sqlite://a/b.db").has_authority);
  EXPECT_FALSE(parse_uri("sqlite://").ok());
  EXPECT_FALSE(parse_uri("sqlite:?mode=ro").ok());
}

TEST(Uri, delta_wants_an_absolute_path_without_authority) {
  EXPECT_EQ(read("delta:///abs/path").path, "/abs/path");
  EXPECT_EQ(read("delta+s3://bucket/path").host, "bucket");
  const auto relative = parse_uri("delta://relative/path");
  ASSERT_FALSE(relative.ok());
  EXPECT_EQ(relative.error().code, Code::invalid);
  EXPECT_TRUE(relative.error().message.ends_with("delta:///var/log: delta://relative/path"))
      << relative.error().message;
  EXPECT_FALSE(parse_uri("delta:relative").ok());
}

TEST(Uri, hosts_may_be_addresses_and_sockets) {
  EXPECT_EQ(read("http://[::1]:8080/x").host, "::1");
  EXPECT_EQ(read("http://[::1]:8080/x").port, "8080");
  EXPECT_EQ(read("http://[2001:DB8::1]").host, "2001:db8::1");
  EXPECT_EQ(read("postgres://%2Fvar%2Frun/db").host, "/var/run");
  EXPECT_EQ(read("http://h:/").port, "");
  EXPECT_EQ(read("postgres:///db").host, "");
}

TEST(Uri, broken_texts_are_invalid) {
  for (const char* text : {"",
                           "path",
                           "/abs/path",
                           ":x",
                           "1a://h",
                           "a b://h",
                           "http://h:99999",
                           "http://h:8x",
                           "http://h:1:2",
                           "http://[::1",
                           "http://[::1]x",
                           "http://[v1.a]",
                           "http://[]",
                           "http://h/a b",
                           "http://h/%",
                           "http://h/%4",
                           "http://h/%zz",
                           "http://h/%00",
                           "http://h/#f",
                           "http://h/é",
                           "http://h/<x>",
                           "http://a@b@c/",
                           "http://h/?a=%zz",
                           "http://h/?a=b c",
                           "http://h\n/",
                           "http://h/\x01"}) {
    EXPECT_FALSE(parse_uri(text).ok()) << text;
  }
}

TEST(Uri, no_error_and_no_log_shows_a_password) {
  for (const char* text :
       {"postgres://u:s3cret@h:port/db", "postgres://u:s3cret@h/d b", "postgres://u:s3%cret@h/db",
        "postgres://u:s3/cret@h/db", "postgres://u:s3?cret@h/db", "postgres://u:s3#cret@h/db",
        "postgres:u:s3cret@h x", "postgres://u:s3@cret@h/ ", "postgres://h/d b?password=s3cret",
        "postgres://h/db?password=%zzs3cret"}) {
    const auto uri = parse_uri(text);
    ASSERT_FALSE(uri.ok()) << text;
    EXPECT_EQ(uri.error().message.find("s3"), std::string::npos) << uri.error().message;
    EXPECT_EQ(uri.error().message.find("cret"), std::string::npos) << uri.error().message;
  }
  const Uri uri = read("postgres://u:s3cret@h/db?sslPassword=s3cret&auth_token=s3cret&a=b");
  EXPECT_EQ(uri.redacted(), "postgres://u@h/db?sslPassword=&auth_token=&a=b");
}

TEST(Uri, redacted_keeps_the_rest) {
  for (const char* text : {"sqlite:///abs.db", "sqlite://a/b.db?mode=ro", "sqlite::memory:",
                           "delta:///a%20b", "http://[::1]:80/x?a=1&a=2", "postgres://%2Frun/db"}) {
    EXPECT_EQ(read(text).redacted(), text);
  }
}

TEST(PercentCoding, decodes_what_is_well_formed) {
  EXPECT_EQ(percent_decode("a%20b%2f+").value(), "a b/+");
  EXPECT_EQ(percent_decode("a+b", true).value(), "a b");
  EXPECT_EQ(percent_decode("%C3%a9").value(), "é");
  for (const char* bad : {"%", "%4", "%zz", "a%", "%00", "%2"}) {
    EXPECT_FALSE(percent_decode(bad).ok()) << bad;
  }
  EXPECT_EQ(percent_decode("x%zz").error().message, "broken percent escape: x%zz");
}

TEST(PercentCoding, encodes_all_but_the_unreserved) {
  EXPECT_EQ(percent_encode("aZ0-._~ /+é"), "aZ0-._~%20%2F%2B%C3%A9");
  EXPECT_EQ(percent_encode_path("/a b/c"), "/a%20b/c");
}

RC_GTEST_PROP(PercentCoding, what_was_encoded_decodes, (std::string text)) {
  RC_PRE(text.find('\0') == std::string::npos);
  RC_ASSERT(percent_decode(percent_encode(text)).value() == text);
  RC_ASSERT(percent_decode(percent_encode(text), true).value() == text);
  RC_ASSERT(percent_decode(percent_encode_path(text)).value() == text);
}

TEST(Query, pairs_stay_in_order) {
  EXPECT_EQ(
      parse_query("b=1&a=x%20y&b=p+q&&c&=d&e=f=g").value(),
      (QueryPairs{{"b", "1"}, {"a", "x y"}, {"b", "p q"}, {"c", ""}, {"", "d"}, {"e", "f=g"}}));
  EXPECT_TRUE(parse_query("")->empty());
  EXPECT_TRUE(parse_query("&&&")->empty());
}

TEST(Query, broken_ones_are_invalid) {
  for (const char* bad : {"a=%", "%zz=1", "a=%00", "a=%ff", "%c3=x"}) {
    const auto pairs = parse_query(bad);
    ASSERT_FALSE(pairs.ok()) << bad;
    EXPECT_EQ(pairs.error().code, Code::invalid);
  }
}

TEST(Query, the_number_of_pairs_is_limited) {
  std::string query;
  for (std::size_t i = 0; i < k_query_pairs_max; ++i) query += "a=1&";
  EXPECT_EQ(parse_query(query)->size(), k_query_pairs_max);
  EXPECT_FALSE(parse_query(query + "a=1").ok());
}

RC_GTEST_PROP(Uri, redacted_text_parses_to_the_same_uri, ()) {
  const auto word = [] {
    return *rc::gen::container<std::string>(rc::gen::elementOf(std::string("aZ0 /:@?#%[]&=+~")));
  };
  Uri uri;
  uri.scheme = "s3";
  uri.has_authority = true;
  uri.user = word();
  uri.host = word();
  uri.path = "/" + word();
  uri.query = {{word() + "k", word()}, {"k", word()}};
  const auto back = parse_uri(uri.redacted());
  RC_ASSERT(back.ok());
  RC_ASSERT(*back == uri);
}

}  // namespace
}  // namespace bl
