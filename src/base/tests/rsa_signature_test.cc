#include "base/rsa_signature.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

namespace bl {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string pem_of(EVP_PKEY* key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

bool verifies(EVP_PKEY* key, const std::string& message, const std::string& signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

TEST(RsaSignature, the_public_half_verifies_it) {
  const Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const auto signature = sign_rs256(pem_of(key.get()), "a message");
  ASSERT_TRUE(signature.ok());
  EXPECT_TRUE(verifies(key.get(), "a message", *signature));
  EXPECT_FALSE(verifies(key.get(), "another", *signature));
}

TEST(RsaSignature, what_is_no_rsa_key_is_refused_without_being_quoted) {
  const Key curve(EVP_EC_gen("P-256"), EVP_PKEY_free);
  for (const std::string& pem : {std::string("secret text"), std::string(), pem_of(curve.get())}) {
    const auto refused = sign_rs256(pem, "m");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace bl
