#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/commands.h"
#include "ops/tests/sqlite_place.h"

/// The command `migrate`, as an operator calls it.
namespace bl::ops {
namespace {

using ::testing::HasSubstr;
using testing::k_notes;
using testing::SqlitePlace;

class Migrate : public ::testing::Test {
 protected:
  struct Ran {
    int exit_code = 0;
    std::string out, err;
  };
  Ran run(std::vector<store::Migration> migrations, std::vector<std::string> options = {}) {
    CommandPorts ports;
    ports.setting = [this](const Arguments&, const CommandIo&) -> Result<ServerSetting> {
      ServerSetting setting;
      setting.data_folder = store_.data();
      setting.place = store_.place();
      return setting;
    };
    ports.migrations = std::move(migrations);
    CommandIo io{.in = stdin, .out = std::tmpfile(), .err = std::tmpfile(), .environment = {}};
    options.insert(options.begin(), "migrate");
    const int exit_code = run_command_line("benchlake", "1", commands(ports), options, io);
    return {exit_code, text_of(io.out), text_of(io.err)};
  }
  static std::string text_of(std::FILE* file) {
    std::rewind(file);
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    return text;
  }

  SqlitePlace store_;
};

TEST_F(Migrate, applies_what_is_missing_and_a_dry_run_only_says_so) {
  store_.write_notes(1);
  const store::Migration more{2, "more", "CREATE TABLE more (id INTEGER)", ""};
  const Ran dry = run({k_notes, more}, {"--dry-run"});
  EXPECT_EQ(dry.exit_code, 0);
  EXPECT_EQ(dry.err, "dry run: 1 migrations would be applied\n");
  EXPECT_EQ(run({k_notes, more}).err, "1 migrations applied\n");
  EXPECT_EQ(run({k_notes, more}).err, "the schema is up to date\n");
}

TEST_F(Migrate, a_dry_run_on_a_store_that_would_be_refused_says_that) {
  store_.write_notes(1);
  const store::Migration other{1, "notes", "CREATE TABLE note (id INTEGER)", ""};
  const store::Migration more{2, "more", "CREATE TABLE more (id INTEGER)", ""};
  const Ran changed = run({other, more}, {"--dry-run"});
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_THAT(changed.err, HasSubstr("would refuse the store; migration 1 notes is changed"));
  EXPECT_EQ(run({other, more}).exit_code, 2);
  ASSERT_EQ(run({k_notes, more}).exit_code, 0);
  const Ran newer = run({k_notes}, {"--dry-run", "--json"});
  EXPECT_EQ(newer.exit_code, 1);
  EXPECT_THAT(newer.err, HasSubstr("migration 2 more is unknown"));
  EXPECT_THAT(newer.out, HasSubstr(R"({"number":2,"name":"more","state":"unknown"})"));
}

}  // namespace
}  // namespace bl::ops
