#include "net/tests/test_certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <functional>

namespace bl::net::testing {
namespace {

void replace(const std::string& path, const std::function<int(BIO*)>& content) {
  const std::string fresh = path + ".new";
  BIO* file = BIO_new_file(fresh.c_str(), "w");
  BL_CHECK(file != nullptr && content(file) == 1);
  BIO_free(file);
  std::filesystem::rename(fresh, path);
}

}  // namespace

TestCertificate::TestCertificate(const CertificateWish& wish) {
  options = {folder_.at("certificate.pem"), folder_.at("key.pem")};
  renew(wish);
}

void TestCertificate::renew(const CertificateWish& wish) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wish.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wish.expires_s);
  X509_set_version(certificate, 2);  // X.509 v3
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("benchlake test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, wish.alternative_names.c_str());
  X509_add_ext(certificate, names, -1);
  BL_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);
  replace(options.certificate_file, [&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
  replace(options.key_file, [&](BIO* to) {
    return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_EXTENSION_free(names);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

}  // namespace bl::net::testing
