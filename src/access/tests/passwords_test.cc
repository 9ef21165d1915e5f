#include "access/passwords.h"

#include <gtest/gtest.h>

namespace bl::access {
namespace {

// python3 -c "import hashlib; print(hashlib.pbkdf2_hmac('sha256', b'correct horse',
// b'AbCdEfGh12345678', 260000).hex())"
constexpr const char* k_of_python =
    "pbkdf2:sha256:260000$AbCdEfGh12345678$"
    "f8e5ced8f61d98bc3265893dcfaed86153f0b62ee9482076acfccea507826513";

TEST(Passwords, a_hash_that_python_made_is_known) {
  EXPECT_TRUE(password_matches(k_of_python, "correct horse", 1));
  EXPECT_FALSE(password_matches(k_of_python, "correct horsf", 1));
  EXPECT_FALSE(password_matches(k_of_python, "", 1));
}

TEST(Passwords, ours_have_conbenchs_format_and_fit_its_column) {
  SeededRandom random(1);
  const std::string kept = hash_password("secret", random, k_password_iterations);
  EXPECT_EQ(kept.size(), 102u);
  EXPECT_EQ(kept.substr(0, 21), "pbkdf2:sha256:260000$");
  EXPECT_EQ(kept.find('$', 21), 37u);
  EXPECT_TRUE(password_matches(kept, "secret", k_password_iterations));
  EXPECT_NE(kept, hash_password("secret", random, k_password_iterations));
}

TEST(Passwords, any_count_of_iterations_is_checked_up_to_a_limit) {
  SeededRandom random(1);
  for (const std::int64_t count : {1, 150'000, 600'000}) {
    EXPECT_TRUE(password_matches(hash_password("p", random, count), "p", 1)) << count;
  }
  std::string endless = hash_password("p", random, 1);
  endless.replace(endless.find(":1$"), 3, ":5000001$");
  EXPECT_FALSE(password_matches(endless, "p", 1));
}

TEST(Passwords, what_is_no_such_hash_matches_nothing) {
  SeededRandom random(1);
  const std::string good = hash_password("p", random, 10);
  const std::string hex = good.substr(good.rfind('$') + 1);
  for (const std::string& kept :
       {std::string(), std::string("p"), std::string("pbkdf2:sha256:10$salt"),
        std::string("pbkdf2:sha256:$salt$") + hex, std::string("pbkdf2:sha256:0$salt$") + hex,
        std::string("pbkdf2:sha256:-10$salt$") + hex, std::string("pbkdf2:sha256:10$$") + hex,
        std::string("pbkdf2:sha1:10$salt$") + hex, std::string("scrypt:32768:8:1$salt$") + hex,
        good.substr(0, good.size() - 1), good + "0", std::string("plain$$p"),
        std::string("pbkdf2:sha256:99999999999999999999$salt$") + hex}) {
    EXPECT_FALSE(password_matches(kept, "p", 1)) << kept;
    EXPECT_FALSE(password_matches(kept, "", 1)) << kept;
  }
}

}  // namespace
}  // namespace bl::access
