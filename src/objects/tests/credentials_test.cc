#include "objects/s3/credentials.h"

#include <gtest/gtest.h>

#include "objects/tests/world.h"

namespace bl::objects {
namespace {

using testing::code_of;

constexpr const char* k_file =
    "# comment\n; another\n[other]\naws_access_key_id = OTHER\naws_secret_access_key = other\n\n"
    "[default]\r\naws_access_key_id=AKID\r\naws_secret_access_key = se/cr+et=\nregion = x\n"
    "s3 =\n  aws_access_key_id = nested\n[ dev ]\naws_access_key_id = DEV\n"
    "aws_secret_access_key = dev\naws_session_token = token==\n[empty]\n";

TEST(CredentialsFile, gives_the_section_that_was_asked_for) {
  const Credentials credentials = read_credentials_file(k_file, "default").value();
  EXPECT_EQ(credentials.access_key_id, "AKID");
  EXPECT_EQ(credentials.secret_access_key.reveal(), "se/cr+et=");
  EXPECT_TRUE(credentials.session_token.empty());
  EXPECT_EQ(read_credentials_file(k_file, "dev")->session_token.reveal(), "token==");
}

TEST(CredentialsFile, names_the_line_and_never_its_text) {
  const auto message = [](std::string_view text, std::string_view profile = "default") {
    const auto read = read_credentials_file(text, profile);
    return read.ok() ? std::string("ok") : read.error().message;
  };
  EXPECT_EQ(message(k_file, "none"), "no such section in the credentials file: [none]");
  EXPECT_EQ(message(k_file, "empty"),
            "no access key id for S3 in the credentials file's section [empty]");
  EXPECT_EQ(message("[default]\naws_access_key_id = A\n"),
            "no secret access key for S3 in the credentials file's section [default]");
  EXPECT_EQ(message("[default]\nsecret-words\n"),
            "a credentials file with a line that is neither a section nor KEY = VALUE, line 2");
  EXPECT_EQ(message("[default\n"),
            "a credentials file with a section that does not end in ], line 1");
  EXPECT_EQ(message("[default]\naws_access_key_id = A\naws_secret_access_key = a b\n"),
            "credentials for S3 with blanks or control characters in the credentials file's "
            "section [default]");
}

struct Source {
  testing::TestWorld world;

  void write(const std::string& path, const std::string& text) {
    BL_CHECK(world.disk.make_folder(path.substr(0, path.rfind('/'))).ok());
    BL_CHECK(write_file_atomically(world.disk, path, text, FileMode::secret).ok());
  }
  Result<std::unique_ptr<CredentialSource>> open(std::map<std::string, std::string> variables) {
    return CredentialSource::open(variables, world.disk);
  }
};

std::string file_of(const std::string& id) {
  std::string text = "[default]\naws_access_key_id = ";
  return text.append(id).append("\naws_secret_access_key = secret\n");
}

TEST(CredentialSource, prefers_the_environment_then_the_named_file_then_the_one_at_home) {
  Source source;
  source.write("/home/.aws/credentials", file_of("HOME"));
  source.write("/etc/own",
               file_of("NAMED") + "[dev]\naws_access_key_id=DEV\naws_secret_access_key=x");
  const auto id = [&](std::map<std::string, std::string> variables) {
    auto opened = source.open(std::move(variables));
    return opened.ok() ? (*opened)->current().access_key_id : opened.error().message;
  };
  EXPECT_EQ(id({{"HOME", "/home"}}), "HOME");
  EXPECT_EQ(id({{"HOME", "/home"}, {"AWS_SHARED_CREDENTIALS_FILE", "/etc/own"}}), "NAMED");
  EXPECT_EQ(id({{"AWS_SHARED_CREDENTIALS_FILE", "/etc/own"}, {"AWS_PROFILE", "dev"}}), "DEV");
  EXPECT_EQ(id({{"HOME", "/home"}, {"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "x"}}),
            "ENV");
  EXPECT_EQ(id({{"HOME", "/home"}, {"AWS_ACCESS_KEY_ID", "ENV"}}),
            "no secret access key for S3 in the environment (AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY)");
  EXPECT_TRUE(id({}).starts_with("no credentials for S3: set AWS_ACCESS_KEY_ID and"));
  EXPECT_TRUE(
      id({{"HOME", "/nobody"}}).starts_with("no credentials for S3: set AWS_ACCESS_KEY_ID"));
  EXPECT_EQ(code_of(source.open({})), "unauthenticated");
}

TEST(CredentialSource, reads_the_file_again_when_what_was_in_it_is_over) {
  Source source;
  source.write("/home/.aws/credentials", file_of("OLD"));
  const auto opened = source.open({{"HOME", "/home"}}).value();
  const Credentials old = opened->current();
  EXPECT_FALSE(opened->renew(old));  // the same as before
  source.write("/home/.aws/credentials", file_of("NEW"));
  EXPECT_TRUE(opened->renew(old));
  EXPECT_EQ(opened->current().access_key_id, "NEW");
  EXPECT_TRUE(opened->renew(old));  // somebody else has renewed them
  source.write("/home/.aws/credentials", "broken");
  EXPECT_FALSE(opened->renew(opened->current()));
  EXPECT_EQ(opened->current().access_key_id, "NEW");
}

TEST(CredentialSource, of_the_environment_is_fixed) {
  Source source;
  const auto opened = source.open(testing::S3Server::any_credentials()).value();
  EXPECT_FALSE(opened->renew(opened->current()));
}

}  // namespace
}  // namespace bl::objects
