#include "access/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/tests/test_keys.h"

namespace bl::access {
namespace {

using testing::base64url_of;
using ::testing::HasSubstr;
using testing::key_set;
using testing::TestKey;

constexpr Timestamp k_now{1'722'513'600'000'000};
const ClaimRules k_rules{
    .issuer = "https://issuer.example", .client_id = "us", .nonce = "n-1", .now = k_now};

json::Value claims_with(std::string_view name, json::Value value) {
  json::Value claims =
      json::parse(R"({"iss":"https://issuer.example","aud":"us","sub":"7","nonce":"n-1",
                      "iat":1722513590,"exp":1722514200})")
          .value();
  claims.set(std::string(name), std::move(value));
  return claims;
}

json::Value claims_without(std::string_view name) {
  json::Value claims = claims_with("x", json::Value());
  std::erase_if(claims.members(), [&](const json::Member& m) { return m.first == name; });
  return claims;
}

class SignatureTest : public ::testing::Test {
 protected:
  // Made once: large primes take their time.
  static inline const TestKey rsa_ = TestKey::rsa("r1");
  static inline const TestKey ec_ = TestKey::p256("e1");
  static inline const TestKey other_rsa_ = TestKey::rsa("r1");
  const SigningKeys keys_ = SigningKeys::parse(key_set({rsa_.document(), ec_.document()})).value();
  const std::string payload_ = R"({"sub":"7"})";
};

TEST_F(SignatureTest, a_token_of_the_issuers_keys_gives_its_claims) {
  for (const TestKey* key : {&rsa_, &ec_}) {
    auto claims = keys_.verify(key->sign(payload_));
    ASSERT_TRUE(claims.ok()) << claims.error().message;
    EXPECT_EQ(claims->find("sub")->as_string(), "7");
  }
}

TEST_F(SignatureTest, a_token_that_does_not_name_its_key_is_tried_with_all) {
  EXPECT_TRUE(keys_.verify(rsa_.sign(payload_, "")).ok());
  EXPECT_EQ(keys_.verify(other_rsa_.sign(payload_, "")).error().code, Code::not_found);
}

TEST_F(SignatureTest, a_key_that_is_not_in_the_set_is_not_found_so_that_a_new_set_is_read) {
  EXPECT_EQ(keys_.verify(other_rsa_.sign(payload_, "r2")).error().code, Code::not_found);
}

TEST_F(SignatureTest, another_key_of_the_same_name_is_refused) {
  auto claims = keys_.verify(other_rsa_.sign(payload_));
  ASSERT_FALSE(claims.ok());
  EXPECT_EQ(claims.error().code, Code::invalid);
  EXPECT_THAT(claims.error().message, HasSubstr("signature"));
}

TEST_F(SignatureTest, no_bit_of_a_token_may_change) {
  const std::string token = rsa_.sign(payload_);
  for (std::size_t at = 0; at < token.size(); at += 7) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(keys_.verify(changed).ok()) << at;
  }
}

TEST_F(SignatureTest, none_and_shared_secrets_are_refused_whatever_the_signature) {
  for (const char* alg :
       {"none", "None", "HS256", "HS512", "RS512", "PS256", "ES384", "EdDSA", ""}) {
    std::string header = R"({"alg":")";
    header.append(alg).append(R"(","kid":"r1"})");
    std::string token = base64url_of(header);
    token.append(".").append(base64url_of(payload_)).append(".");
    for (const std::string& signature : {std::string(), base64url_of("signature")}) {
      auto claims = keys_.verify(token + signature);
      ASSERT_FALSE(claims.ok()) << alg;
      EXPECT_THAT(claims.error().message, HasSubstr("RS256 or ES256"));
    }
  }
}

TEST_F(SignatureTest, a_key_signs_by_its_own_algorithm_alone) {
  // The header says ES256 of an RSA key's name.
  std::string token = base64url_of(R"({"alg":"ES256","kid":"r1"})");
  token.append(".")
      .append(base64url_of(payload_))
      .append(".")
      .append(base64url_of(std::string(64, 'x')));
  EXPECT_FALSE(keys_.verify(token).ok());
}

TEST_F(SignatureTest, what_is_no_token_is_refused) {
  std::string crit = base64url_of(R"({"alg":"RS256","kid":"r1","crit":["b64"],"b64":false})");
  crit.append(".e30.AAAA");
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"),
        std::string("a.b.c"), std::string("a.b.c.d"), std::string("!.!.!"), crit,
        std::string(100'000, 'a'), base64url_of("[]") + ".e30.AAAA", std::string("a\0.b.c", 6)}) {
    auto claims = keys_.verify(text);
    ASSERT_FALSE(claims.ok());
    EXPECT_EQ(claims.error().code, Code::invalid);
  }
}

TEST_F(SignatureTest, keys_that_may_not_sign_are_left_out) {
  const auto size_of = [](const std::string& key) {
    return SigningKeys::parse(key_set({key})).value().size();
  };
  const auto with = [&](std::string_view name, std::string_view value) {
    json::Value key = json::parse(rsa_.document()).value();
    key.set(std::string(name), json::Value::string(std::string(value)));
    return json::to_text(key);
  };
  EXPECT_EQ(size_of(rsa_.document()), 1u);
  EXPECT_EQ(size_of(with("use", "sig")), 1u);
  EXPECT_EQ(size_of(with("use", "enc")), 0u);
  EXPECT_EQ(size_of(with("alg", "RS256")), 1u);
  EXPECT_EQ(size_of(with("alg", "PS256")), 0u);
  EXPECT_EQ(size_of(TestKey::rsa("weak", 1'024).document()), 0u);
  EXPECT_EQ(size_of(R"({"kty":"oct","kid":"s","k":"c2VjcmV0"})"), 0u);
  EXPECT_EQ(size_of(R"({"kty":"RSA","kid":"broken","n":"AA"})"), 0u);
  EXPECT_EQ(size_of(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})"), 0u);
  EXPECT_EQ(size_of("7"), 0u);
}

TEST(SigningKeys, what_is_no_key_set_is_malformed) {
  for (const char* text : {"", "<html>", "[]", "{}", R"({"keys":{}})", R"({"keys":"x"})"}) {
    EXPECT_EQ(SigningKeys::parse(text).error().code, Code::malformed) << text;
  }
}

TEST(Claims, what_says_all_that_it_must_is_fine) {
  EXPECT_TRUE(check_claims(claims_without("x"), k_rules).ok());
  EXPECT_TRUE(check_claims(claims_with("azp", json::Value::string("us")), k_rules).ok());
  EXPECT_TRUE(check_claims(claims_with("aud", json::parse(R"(["us"])").value()), k_rules).ok());
}

TEST(Claims, each_claim_that_is_missing_or_wrong_is_named) {
  const auto refused = [](const json::Value& claims, const char* name) {
    auto checked = check_claims(claims, k_rules);
    ASSERT_FALSE(checked.ok()) << name;
    EXPECT_EQ(checked.error().code, Code::invalid);
    EXPECT_THAT(checked.error().message, HasSubstr(std::string("(") + name + ")"));
  };
  for (const char* name : {"iss", "aud", "sub", "nonce", "iat", "exp"}) {
    refused(claims_without(name), name);
    refused(claims_with(name, json::Value()), name);
    refused(claims_with(name, json::Value::object()), name);
  }
  refused(claims_with("iss", json::Value::string("https://issuer.example/")), "iss");
  refused(claims_with("aud", json::Value::string("them")), "aud");
  refused(claims_with("aud", json::Value::array()), "aud");
  refused(claims_with("aud", json::parse(R"(["us","them"])").value()), "azp");
  refused(claims_with("azp", json::Value::string("them")), "azp");
  refused(claims_with("azp", json::Value::number(std::int64_t{7})), "azp");
  refused(claims_with("nonce", json::Value::string("n-2")), "nonce");
  refused(claims_with("sub", json::Value::string("")), "sub");
  refused(claims_with("exp", json::Value::string("1722514200")), "exp");
}

TEST(Claims, times_may_differ_by_the_leeway_and_no_more) {
  const std::int64_t now = k_now.micros / 1'000'000;
  const auto at = [&](const char* name, std::int64_t seconds) {
    return check_claims(claims_with(name, json::Value::number(now + seconds)), k_rules).ok();
  };
  EXPECT_TRUE(at("exp", -59));
  EXPECT_FALSE(at("exp", -60));
  EXPECT_TRUE(at("iat", 60));
  EXPECT_FALSE(at("iat", 61));
  EXPECT_TRUE(at("iat", -3'660));
  EXPECT_FALSE(at("iat", -3'661));
  EXPECT_TRUE(at("nbf", 60));
  EXPECT_FALSE(at("nbf", 61));
}

TEST(Claims, without_a_nonce_of_ours_nothing_is_fine) {
  ClaimRules rules = k_rules;
  rules.nonce.clear();
  EXPECT_FALSE(check_claims(claims_with("nonce", json::Value::string("")), rules).ok());
}

}  // namespace
}  // namespace bl::access
