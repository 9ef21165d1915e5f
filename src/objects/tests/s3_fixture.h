#pragma once

#include <memory>
#include <string>

#include "objects/open.h"
#include "objects/tests/s3_proxy.h"
#include "objects/tests/world.h"

namespace bl::objects::testing {

/// A bucket of its own on the real server, reached through a proxy, and directly for looking on.
struct S3Behind {
  TestWorld world;
  S3Server& server = S3Server::shared();
  std::string bucket = server.create_bucket();
  S3Proxy proxy{server.port()};
  OpenOptions options = default_options();
  std::unique_ptr<ObjectStore> store = open(proxy.port());
  TestWorld other_world{8};
  std::unique_ptr<ObjectStore> direct = open_in(other_world, server.port());

  static OpenOptions default_options() {
    OpenOptions options;
    options.s3.attempt_timeout = std::chrono::seconds(30);
    options.s3.multipart_bytes_min = 3'000;
    options.s3.part_bytes = 2'000;
    options.limits.get_bytes_max = 32u << 20;
    return options;
  }
  std::unique_ptr<ObjectStore> open(std::uint16_t port) { return open_in(world, port); }
  std::unique_ptr<ObjectStore> open_in(TestWorld& of, std::uint16_t port) {
    auto opened = open_store(S3Server::uri(bucket, "lake", port), S3Server::any_credentials(),
                             of.world(), options);
    BL_CHECK(opened.ok());
    return std::move(opened).value();
  }
  /// The n-th request meets a fate, the others pass.
  void fate_at(std::uint64_t number, S3Fate fate) {
    proxy.set_plan([=](const S3Call& call) { return call.number == number ? fate : S3Fate{}; });
  }
  void fate_from(std::uint64_t number, S3Fate fate) {
    proxy.set_plan([=](const S3Call& call) { return call.number >= number ? fate : S3Fate{}; });
  }
  double looked_up(const char* outcome) const {
    return world.metric("bl_objects_s3_looked_up_total", {{"outcome", outcome}});
  }
};

}  // namespace bl::objects::testing
