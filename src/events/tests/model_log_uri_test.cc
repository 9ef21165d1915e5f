// Where a log is: URIs that are taken, and what is said of others.
#include <gtest/gtest.h>

#include "events/log_uri.h"

namespace bl::events {
namespace {

using Backend = LogUri::Backend;
using Mode = LogUri::Mode;

LogUri parsed(std::string_view text) {
  auto uri = parse_log_uri(text);
  EXPECT_TRUE(uri.ok()) << uri.error().message;
  return uri.ok() ? *uri : LogUri{};
}

std::string refused(std::string_view text, Code code = Code::invalid) {
  const auto uri = parse_log_uri(text);
  if (uri.ok()) return "";
  EXPECT_EQ(uri.error().code, code);
  return uri.error().message;
}

TEST(LogUri, SqliteNamesAFile) {
  const LogUri absolute =
      parsed("sqlite:///var/log/events.db?strict=1&shared=1&synchronous=normal");
  EXPECT_EQ(absolute.backend, Backend::sqlite);
  EXPECT_EQ(absolute.path, "/var/log/events.db");
  EXPECT_EQ(absolute.database, "sqlite:///var/log/events.db");
  EXPECT_TRUE(absolute.is_strict && absolute.is_shared && !absolute.is_synchronous);
  EXPECT_EQ(parsed("SQLite://a/b.db").path, "a/b.db");
  EXPECT_EQ(parsed("sqlite::memory:").path, ":memory:");
  EXPECT_EQ(parsed("sqlite://a.db?mode=ro").mode, Mode::read);
  EXPECT_EQ(parsed("sqlite://a.db?mode=rwc").mode, Mode::normal);
  EXPECT_NE(refused("sqlite:///folder/"), "");
}

TEST(LogUri, PostgresKeepsTheDriversParameters) {
  const LogUri uri =
      parsed("postgresql://me:pw@host:5433/db?sslmode=require&strict=1&mode=ro&a=b%20c");
  EXPECT_EQ(uri.backend, Backend::postgres);
  EXPECT_EQ(uri.database, "postgresql://me:pw@host:5433/db?sslmode=require&a=b%20c");
  EXPECT_TRUE(uri.is_strict);
  EXPECT_EQ(uri.mode, Mode::read);
  EXPECT_EQ(uri.shown.find("pw"), std::string::npos) << uri.shown;
  EXPECT_EQ(parsed("postgres://h/d?strict=0").database, "postgres://h/d");
}

TEST(LogUri, DeltaNamesAFolder) {
  const LogUri uri =
      parsed("delta:///data/a%20b/?flush_ms=50&flush_events=7&mode=direct&checkpoint_interval=20");
  EXPECT_EQ(uri.backend, Backend::delta);
  EXPECT_EQ(uri.path, "/data/a b");
  EXPECT_EQ(uri.mode, Mode::direct);
  EXPECT_EQ(uri.flush_every.count(), 50);
  EXPECT_EQ(uri.flush_events, 7);
  EXPECT_EQ(uri.checkpoint_interval, 20);
  EXPECT_EQ(parsed("delta:///x").checkpoint_interval, std::nullopt);
  EXPECT_EQ(parsed("delta:///x?mode=wal").mode, Mode::normal);
  EXPECT_NE(refused("delta://relative/path"), "");
  EXPECT_NE(refused("delta:///"), "");
}

TEST(LogUri, DeltaOnS3NamesABucketAndAPlace) {
  const LogUri uri = parsed(
      "delta+s3://lake/logs/events/?endpoint=http%3A%2F%2F127.0.0.1%3A9000&region=eu-west-1"
      "&path_style=1&allow_http=1");
  EXPECT_EQ(uri.backend, Backend::delta);
  EXPECT_EQ(uri.bucket, "lake");
  EXPECT_EQ(uri.path, "logs/events");
  EXPECT_EQ(uri.endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(uri.region, "eu-west-1");
  EXPECT_TRUE(uri.path_style && uri.allow_http);
  EXPECT_NE(refused("delta+s3://lake"), "");
  EXPECT_NE(refused("delta+s3:///path"), "");
  EXPECT_EQ(refused("delta+s3://key:secret@lake/path").find("secret@"), std::string::npos);
}

TEST(LogUri, OthersAreRefusedByName) {
  EXPECT_NE(refused("delta+azure://container/path", Code::unsupported).find("delta+azure"),
            std::string::npos);
  EXPECT_NE(refused("delta+gs://bucket/path", Code::unsupported).find("delta+gs"),
            std::string::npos);
  EXPECT_NE(refused("mysql://host/db").find("sqlite://FILE"), std::string::npos);
  EXPECT_NE(refused("/var/log/events.db"), "");
  EXPECT_NE(refused(""), "");
}

TEST(LogUri, ParametersAreThoseOfTheScheme) {
  const std::string said = refused("sqlite://a.db?flush_ms=5");
  EXPECT_NE(said.find("mode, shared, synchronous, strict"), std::string::npos) << said;
  EXPECT_NE(refused("delta:///x?endpoint=a"), "");
  EXPECT_NE(refused("delta:///x?flush_ms=0"), "");
  EXPECT_NE(refused("delta:///x?flush_ms=1s"), "");
  EXPECT_NE(refused("delta:///x?mode=rwc"), "");
  EXPECT_NE(refused("sqlite://a.db?mode=direct"), "");
  EXPECT_NE(refused("sqlite://a.db?strict=yes"), "");
  EXPECT_NE(refused("sqlite://a.db?strict=1&strict=0"), "");
  EXPECT_NE(refused("sqlite://a.db?synchronous=off"), "");
}

}  // namespace
}  // namespace bl::events
