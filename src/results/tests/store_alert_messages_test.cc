#include <thread>

#include "results/tests/alert_fixture.h"

// Messages of alerts over a real store: told at least once.

namespace bl::results {
namespace {

using namespace std::chrono_literals;
using testing::Alerts;

TEST_F(Alerts, a_message_is_sent_once_and_noted) {
  const auto deliverer = make_deliverer();
  const AlertRule made = open_one();
  deliverer->work();
  deliverer->work();
  ASSERT_EQ(box.sent.size(), 1u);
  EXPECT_EQ(box.sent[0].channel, "webhook");
  EXPECT_EQ(box.sent[0].target, hook.target);
  EXPECT_EQ(box.sent[0].attempt, 1);
  EXPECT_EQ(box.sent[0].rule_name, "main");
  EXPECT_EQ(encode_alert_event(box.sent[0].event),
            encode_alert_event(alerts.events(made.id, 1)->front()));
  const auto noted = alerts.deliveries("delivered", {}, 10).value();
  ASSERT_EQ(noted.size(), 1u);
  EXPECT_EQ(noted[0].delivered_at, fixture.clock.now());
  EXPECT_EQ(noted[0].id, box.sent[0].id);
}

TEST_F(Alerts, a_message_that_is_not_taken_is_sent_again_with_growing_pauses_and_then_fails) {
  const auto deliverer = make_deliverer({.retry_after = 10s, .pause_max = 40s, .attempts_max = 5});
  open_one();
  box.fails_with = Error{Code::unavailable, "no"};
  std::vector<int> sent_at;
  for (int second = 0; second < 300; ++second) {
    const std::size_t before = box.sent.size();
    deliverer->work();
    if (box.sent.size() > before) sent_at.push_back(second);
    fixture.clock.advance(1s);
  }
  EXPECT_EQ(sent_at, (std::vector<int>{0, 10, 30, 70, 110}));
  for (const AlertDelivery& one : box.sent) EXPECT_EQ(one.id, box.sent[0].id);
  const auto failed = alerts.deliveries("failed", {}, 10).value();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].attempts, 5);
  EXPECT_EQ(failed[0].last_error, "no");
}

// What a SIGKILL between two steps leaves in the store, step by step.
TEST_F(Alerts, whoever_dies_between_two_steps_loses_no_message) {
  const AlertTarget target = hook;
  const AlertDeliveryLimits limits{.retry_after = 60s};
  open_one();  // died after the event: the message is there
  const auto claimed = alerts.claim(target, fixture.clock.now() + limits.retry_after).value();
  ASSERT_TRUE(claimed);  // died after the claim, or after it was sent: both look like this
  const auto next_server = make_deliverer(limits);
  next_server->work();
  EXPECT_TRUE(box.sent.empty()) << "the claim holds";
  fixture.clock.advance(60s);
  next_server->work();
  ASSERT_EQ(box.sent.size(), 1u);
  EXPECT_EQ(box.sent[0].id, claimed->id) << "the same id: who got it twice can tell";
  EXPECT_EQ(statuses(), "delivered ");
  // The dead one was not dead, only slow: what it says now does not count.
  EXPECT_FALSE(alerts.not_delivered(*claimed, "late", fixture.clock.now()).value());
  EXPECT_FALSE(alerts.delivered(*claimed).value());
  EXPECT_EQ(statuses(), "delivered ");
}

TEST_F(Alerts, a_message_has_one_sender_at_a_time) {
  for (int i = 0; i < 5; ++i) open_one();
  std::vector<std::thread> servers;
  std::mutex mutex;
  std::vector<std::string> claimed;
  for (int i = 0; i < 4; ++i) {
    servers.emplace_back([&] {
      for (;;) {
        const auto one = alerts.claim(hook, fixture.clock.now() + 60s);
        if (!one.ok() || !*one) return;
        const std::lock_guard lock(mutex);
        claimed.push_back((*one)->id);
      }
    });
  }
  for (std::thread& server : servers) server.join();
  std::ranges::sort(claimed);
  EXPECT_EQ(std::ranges::adjacent_find(claimed), claimed.end());
  EXPECT_EQ(claimed.size(), alerts.deliveries("", {}, 100)->size());
}

TEST_F(Alerts, delivering_by_hand_does_not_wait_for_the_next_attempt) {
  const auto deliverer = make_deliverer({.retry_after = 10s});
  open_one();
  box.fails_with = Error{Code::unavailable, "no"};
  deliverer->work();
  fixture.clock.advance(10s);
  deliverer->work();
  EXPECT_EQ(box.sent.size(), 2u);
  box.fails_with.reset();
  fixture.clock.advance(11s);  // the next attempt would come after 20
  const auto outcome = deliverer->deliver(fixture.clock.steady_now() + 10s).value();
  EXPECT_EQ(outcome.delivered, 1);
  EXPECT_EQ(statuses(), "delivered ");
}

TEST_F(Alerts, a_message_that_failed_for_good_is_sent_again_when_somebody_asks_for_it) {
  const auto deliverer = make_deliverer({.retry_after = 10s, .attempts_max = 1, .age_max = 1h});
  const AlertRule rule = open_one();
  open_one();
  box.fails_with = Error{Code::unavailable, "no"};
  deliverer->work();
  ASSERT_EQ(statuses(), "failed failed ");
  box.fails_with.reset();
  box.sent.clear();
  fixture.clock.advance(2h);  // older than what waits may be
  const auto soon = [&] { return fixture.clock.steady_now() + 10s; };
  EXPECT_EQ(deliverer->deliver(soon())->delivered, 0) << "not by itself";

  const auto failed = alerts.deliveries("failed", {}, 10).value();
  ASSERT_TRUE(alerts.revive(failed[1].id).ok());
  EXPECT_EQ(failed[1].rule_id, rule.id);
  deliverer->work();
  ASSERT_EQ(box.sent.size(), 1u);
  EXPECT_EQ(box.sent[0].id, failed[1].id);
  EXPECT_EQ(box.sent[0].attempt, 1);
  EXPECT_EQ(statuses(), "failed delivered ");

  EXPECT_EQ(alerts.revive(failed[1].id).error().code, Code::conflict);
  EXPECT_EQ(alerts.revive("nowhere").error().code, Code::not_found);
  EXPECT_EQ(alerts.revive_failed().value(), 1);
  EXPECT_TRUE(alerts.revive(failed[0].id).ok()) << "it waits already";
  EXPECT_EQ(deliverer->deliver(soon())->delivered, 1);
  EXPECT_EQ(statuses(), "delivered delivered ");
}

TEST_F(Alerts, a_message_whose_senders_die_over_it_is_given_up) {
  const AlertDeliveryLimits limits{.retry_after = 10s, .attempts_max = 3, .age_max = 1h};
  open_one();
  fixture.clock.advance(2h);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(alerts.claim(hook, fixture.clock.now() + limits.retry_after).value());
    fixture.clock.advance(limits.retry_after);
  }
  make_deliverer(limits)->work();
  EXPECT_EQ(statuses(), "failed ");
  EXPECT_TRUE(box.sent.empty());
}

TEST_F(Alerts, messages_to_a_channel_that_is_gone_fail_in_the_end) {
  open_one();
  hook.target = "https://elsewhere.example.com#2";
  const auto deliverer = make_deliverer({.age_max = 1h});
  deliverer->work();
  EXPECT_EQ(statuses(), "pending ");
  fixture.clock.advance(61min);
  deliverer->work();
  EXPECT_EQ(statuses(), "failed ");
  EXPECT_TRUE(box.sent.empty());
  EXPECT_EQ(alerts.deliveries("", {}, 1)->front().last_error, "its channel is not configured");
}

TEST_F(Alerts, everything_is_counted) {
  const auto deliverer = make_deliverer();
  open_one();
  const AlertCounts counts = alerts.counts().value();
  EXPECT_EQ(counts.rules, 1);
  EXPECT_EQ(counts.open, 1);
  EXPECT_EQ(counts.pending, 1);
  EXPECT_EQ(counts.failed, 0);
}

}  // namespace
}  // namespace bl::results
