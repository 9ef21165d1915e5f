#include "net/served_certificate.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace bl::net {
namespace {

Counter reload_counter(Metrics& metrics, const char* outcome) {
  return metrics.counter("bl_tls_reloads_total",
                         "Times that the certificate was read again while serving.",
                         {{"outcome", outcome}});
}

std::string identity_of(const std::string& path) {
  struct stat facts{};
  if (stat(path.c_str(), &facts) != 0) return "none";
  return fmt::format("{}:{}:{}:{}.{:09}", facts.st_dev, facts.st_ino, facts.st_size,
                     facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
}

}  // namespace

Result<std::unique_ptr<ServedCertificate>> ServedCertificate::load(const TlsOptions& options,
                                                                   Log& log, Metrics& metrics) {
  auto loaded = std::unique_ptr<ServedCertificate>(new ServedCertificate(options, log, metrics));
  loaded->identity_ = loaded->identity_of_files();
  BL_TRY(std::shared_ptr<TlsContext> context, TlsContext::load(options));
  loaded->serve(std::move(context));
  return loaded;
}

ServedCertificate::ServedCertificate(TlsOptions options, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      log_(log),
      expires_(metrics.gauge("bl_tls_certificate_expires_timestamp_seconds",
                             "When the certificate that is served ends, in seconds since 1970.")),
      reloads_(reload_counter(metrics, "ok")),
      reloads_failed_(reload_counter(metrics, "failed")) {}

std::string ServedCertificate::identity_of_files() const {
  return identity_of(options_.certificate_file) + " " + identity_of(options_.key_file);
}

std::shared_ptr<TlsContext> ServedCertificate::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void ServedCertificate::serve(std::shared_ptr<TlsContext> context) {
  expires_.set(static_cast<double>(context->facts().expires_at.micros) / 1e6);
  const std::lock_guard lock(mutex_);
  current_ = std::move(context);
}

Result<bool> ServedCertificate::reload(Server::Reload when, Timestamp now) {
  std::string identity = identity_of_files();
  if (when == Server::Reload::when_changed && identity == identity_) return false;
  identity_ = std::move(identity);
  Result<std::unique_ptr<TlsContext>> loaded = TlsContext::load(options_);
  if (loaded.ok() && (*loaded)->facts().expires_at <= now) {
    loaded = Error(Code::invalid, "the new TLS certificate has expired at " +
                                      to_rfc3339((*loaded)->facts().expires_at) + ": " +
                                      options_.certificate_file);
  }
  if (!loaded.ok()) {
    reloads_failed_.add();
    log_.error("tls_certificate_kept", {{"error", loaded.error().message}});
    return std::move(loaded).error();
  }
  reloads_.add();
  log_.info("tls_certificate_loaded", {{"expires_at", to_rfc3339((*loaded)->facts().expires_at)}});
  serve(std::move(loaded).value());
  return true;
}

}  // namespace bl::net
