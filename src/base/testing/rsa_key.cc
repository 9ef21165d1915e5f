#include "base/testing/rsa_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "base/check.h"

namespace bl::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

}  // namespace

std::string make_rsa_key_pem() {
  const Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const Memory out(BIO_new(BIO_s_mem()), BIO_free);
  BL_CHECK(key != nullptr && PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0,
                                                      nullptr, nullptr) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

bool rs256_verifies(const std::string& private_key_pem, const std::string& message,
                    const std::string& signature) {
  const Memory in(BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size())),
                  BIO_free);
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  return EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                          message.size()) == 1;
}

}  // namespace bl::testing
