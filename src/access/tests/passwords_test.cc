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
  EXPECT_TRUE(check_password(k_of_python, "correct horse", 1).matches);
  EXPECT_FALSE(check_password(k_of_python, "correct horsf", 1).matches);
  EXPECT_FALSE(check_password(k_of_python, "", 1).matches);
}

TEST(Passwords, ours_have_conbenchs_format_and_fit_its_column) {
  SeededRandom random(1);
  const std::string kept = hash_password("secret", random, k_password_iterations);
  EXPECT_EQ(kept.size(), 102u);
  EXPECT_EQ(kept.substr(0, 21), "pbkdf2:sha256:260000$");
  EXPECT_EQ(kept.find('$', 21), 37u);
  EXPECT_TRUE(check_password(kept, "secret", k_password_iterations).matches);
  EXPECT_NE(kept, hash_password("secret", random, k_password_iterations));
}

TEST(Passwords, any_count_of_iterations_is_checked_up_to_a_limit) {
  SeededRandom random(1);
  for (const std::int64_t count : {1, 150'000, 600'000}) {
    EXPECT_TRUE(check_password(hash_password("p", random, count), "p", 1).matches) << count;
  }
  std::string endless = hash_password("p", random, 1);
  endless.replace(endless.find(":1$"), 3, ":5000001$");
  EXPECT_FALSE(check_password(endless, "p", 1).matches);
}

TEST(Passwords, a_check_costs_the_same_for_those_who_are_unknown_or_have_an_older_hash) {
  SeededRandom random(1);
  const auto cost = [](std::string_view kept) {
    return check_password(kept, "wrong", 100'000).iterations;
  };
  EXPECT_EQ(cost(hash_password("p", random, 100'000)), 100'000);
  EXPECT_EQ(cost(hash_password("p", random, 25'000)), 100'000);
  EXPECT_EQ(cost(""), 100'000);
  EXPECT_EQ(cost("not a hash"), 100'000);
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
    EXPECT_FALSE(check_password(kept, "p", 1).matches) << kept;
    EXPECT_FALSE(check_password(kept, "", 1).matches) << kept;
  }
}

}  // namespace
}  // namespace bl::access
