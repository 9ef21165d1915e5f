#include "ops/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "net/server_address.h"
#include "ops/tests/sqlite_place.h"

/// What doctor says of installations in which one thing is wrong.
namespace bl::ops {
namespace {

using Severity = Finding::Severity;
using ::testing::HasSubstr;
using testing::k_notes;
using testing::SqlitePlace;

class Doctor : public ::testing::Test {
 protected:
  Doctor() {
    setting_.data_folder = store_.data();
    setting_.place = store_.place();
    setting_.connections_max = 10;
    std::filesystem::permissions(store_.data(), std::filesystem::perms::owner_all);
  }
  std::vector<Finding> diagnose() {
    return ops::diagnose({setting_, migrations_, facts_, "1.2.3"}, *disk_, store_.clock);
  }
  /// The worst finding of a check: "error: what -> remedy"; empty when there is none.
  std::string finding(const std::string& check) {
    const auto findings = diagnose();
    const Finding* worst = nullptr;
    for (const Finding& one : findings) {
      if (one.check == check && (worst == nullptr || one.severity > worst->severity)) worst = &one;
    }
    if (worst == nullptr) return "";
    std::string words = name_of(worst->severity);
    words.append(": ").append(worst->what);
    if (!worst->remedy.empty()) words.append(" -> ").append(worst->remedy);
    return words;
  }

  SqlitePlace store_;
  ServerSetting setting_;
  std::vector<store::Migration> migrations_ = {k_notes};
  std::vector<StoredFact> told_;
  StoredFacts facts_ = [this](store::Database&) { return told_; };
  std::unique_ptr<Disk> disk_ = make_real_disk();
};

TEST_F(Doctor, finds_nothing_wrong_with_a_good_store_and_changes_nothing) {
  store_.write_notes(3);
  const auto before = disk_->list(store_.data()).value();
  const auto findings = diagnose();
  for (const Finding& one : findings) {
    const bool is_about_the_machine = one.check == "disk_space";
    EXPECT_TRUE(is_about_the_machine || one.severity == Severity::fine) << one.check << one.what;
  }
  EXPECT_EQ(disk_->list(store_.data()).value(), before);
  EXPECT_THAT(finding("integrity"), HasSubstr("fine: the database is sound"));
  EXPECT_THAT(finding("schema"), HasSubstr("fine: 1 migrations"));
}

TEST_F(Doctor, whatever_is_not_fine_has_a_remedy) {
  setting_.data_folder = store_.folder.at("none");
  setting_.warnings = {"BENCHLAKE_SORE is no setting"};
  for (const Finding& one : diagnose())
    EXPECT_EQ(one.remedy.empty(), one.severity == Severity::fine) << one.check << one.what;
}

TEST_F(Doctor, an_installation_that_is_not_there_yet_is_no_error) {
  setting_.data_folder = store_.folder.at("none");
  setting_.place = place_of("sqlite://" + store_.folder.at("none/benchlake.db"), {}).value();
  EXPECT_EQ(worst_of(diagnose()), Severity::note);
  EXPECT_THAT(finding("store"), HasSubstr("there is no store yet"));
}

TEST_F(Doctor, a_damaged_store_is_an_error) {
  store_.write_notes(200, std::string(1000, 'x'));
  {
    std::fstream file(store_.file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20 * 4096);
    const std::string garbage(8192, '\x5a');
    file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
  }
  EXPECT_THAT(finding("integrity"), HasSubstr("error: the database is damaged"));
  EXPECT_THAT(finding("integrity"), HasSubstr("benchlake restore"));
}

TEST_F(Doctor, a_schema_that_is_older_newer_or_another_is_told_apart) {
  store_.write_notes(1);
  migrations_ = {k_notes, {2, "more", "CREATE TABLE more (id INTEGER)", ""}};
  EXPECT_THAT(finding("schema"), HasSubstr("warning: 1 of 2 migrations are missing"));
  EXPECT_THAT(finding("schema"), HasSubstr("benchlake migrate"));
  migrations_ = {};
  EXPECT_THAT(finding("schema"), HasSubstr("the store is newer"));
  migrations_ = {{1, "notes", "CREATE TABLE other (id INTEGER)", ""}};
  EXPECT_THAT(finding("schema"), HasSubstr("error: migration 1 notes was applied with another"));
}

TEST_F(Doctor, secrets_that_others_may_read_are_errors) {
  store_.write_notes(1);
  const std::string token = store_.data() + "/operator.token";
  std::ofstream(token) << "secret";
  chmod(token.c_str(), 0644);
  EXPECT_THAT(finding("secrets"), HasSubstr("error: others may read a secret (mode 0644)"));
  chmod(token.c_str(), 0600);
  EXPECT_EQ(finding("secrets"), "");
  chmod(store_.data().c_str(), 0777);
  EXPECT_THAT(finding("data_folder"), HasSubstr("chmod go-w"));
}

TEST_F(Doctor, a_server_that_was_killed_leaves_a_stale_address) {
  store_.write_notes(1);
  ASSERT_TRUE(net::write_server_file(*disk_, store_.data(), {"http://127.0.0.1:1", "t", {}}).ok());
  EXPECT_THAT(finding("server"), HasSubstr("warning: it tells of a server that is gone"));
}

TEST_F(Doctor, a_server_that_holds_the_folder_and_does_not_answer_is_an_error) {
  store_.write_notes(1);
  const auto lock = disk_->lock(store_.data() + "/server.lock", "pid 1 since today");
  EXPECT_THAT(finding("server"), HasSubstr("warning: something holds the folder"));
  EXPECT_THAT(finding("server"), HasSubstr("pid 1 since today"));
  ASSERT_TRUE(net::write_server_file(*disk_, store_.data(), {"http://127.0.0.1:1", "t", {}}).ok());
  EXPECT_THAT(finding("server"),
              HasSubstr("error: the server (pid 1 since today) does not answer"));
}

TEST_F(Doctor, what_a_restore_left_is_shown) {
  store_.write_notes(1);
  std::ofstream(store_.file() + ".restoring") << "x";
  EXPECT_THAT(finding("left_overs"), HasSubstr("a restore that was killed left it"));
  std::filesystem::remove(store_.file() + ".restoring");
  std::ofstream(store_.file() + ".replaced-20260101T000000") << "x";
  EXPECT_THAT(finding("left_overs"), HasSubstr("note: 1 B: the store that a restore replaced"));
}

TEST_F(Doctor, facts_become_findings) {
  store_.write_notes(1);
  const std::int64_t now = store_.clock.now().micros / 1'000'000;
  told_ = {{"unknown_commits", "", 3}, {"stale_series", "", 2}, {"newest_change_s", "", now}};
  EXPECT_THAT(finding("commits"), HasSubstr("warning: 3 commits are unknown"));
  EXPECT_THAT(finding("series"), HasSubstr("note: 2 series wait"));
  EXPECT_EQ(finding("clock"), "");
  told_ = {{"changed_units", "", 1}, {"machines_with_other_keys", "", 4}};
  EXPECT_THAT(finding("units"), HasSubstr("warning: 1 units are set in another direction"));
  EXPECT_THAT(finding("hardware_keys"), HasSubstr("note: 4 machines keep a hash of other keys"));
  told_ = {{"failed_alert_messages", "", 2}, {"abandoned_jobs", "", 1}};
  EXPECT_THAT(finding("alerts"), HasSubstr("warning: 2 messages of alerts failed for good"));
  EXPECT_THAT(finding("jobs"), HasSubstr("warning: 1 background jobs were left by a server"));
  told_ = {{"newest_change_s", "", now + 7200}};
  EXPECT_THAT(finding("clock"), HasSubstr("error: the store holds changes from the future"));
}

TEST_F(Doctor, a_certificate_that_cannot_be_used_is_an_error) {
  setting_.tls = net::TlsOptions{store_.folder.at("none.pem"), store_.folder.at("none.key")};
  EXPECT_THAT(finding("certificate"), HasSubstr("error: the TLS certificate cannot be read"));
}

TEST_F(Doctor, open_files_that_do_not_suffice_are_a_warning) {
  setting_.connections_max = 1'000'000'000;
  EXPECT_THAT(finding("open_files"), HasSubstr("LimitNOFILE"));
}

}  // namespace
}  // namespace bl::ops
