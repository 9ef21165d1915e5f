#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include <thread>

namespace bl {
namespace {

TEST(Metrics, text_is_sorted_and_in_the_prometheus_format) {
  Metrics metrics;
  auto posts = metrics.counter("http_requests_total", "requests answered", {{"method", "POST"}});
  auto gets = metrics.counter("http_requests_total", "requests answered", {{"method", "GET"}});
  auto open = metrics.gauge("http_connections", "connections open now");
  auto seconds = metrics.histogram("http_request_seconds", "time to answer", {0.01, 0.1});
  posts.add();
  gets.add(2);
  open.set(5);
  open.add(-1.5);
  seconds.observe(0.005);
  seconds.observe(0.05);
  seconds.observe(7);
  EXPECT_EQ(metrics.text(),
            R"(# HELP http_connections connections open now
# TYPE http_connections gauge
http_connections 3.5
# HELP http_request_seconds time to answer
# TYPE http_request_seconds histogram
http_request_seconds_count 3
http_request_seconds_sum 7.055
http_request_seconds_bucket{le="0.01"} 1
http_request_seconds_bucket{le="0.1"} 2
http_request_seconds_bucket{le="+Inf"} 3
# HELP http_requests_total requests answered
# TYPE http_requests_total counter
http_requests_total{method="GET"} 2
http_requests_total{method="POST"} 1
)");
}

TEST(Metrics, label_values_are_escaped) {
  Metrics metrics;
  metrics.gauge("build_info", "what runs", {{"version", "a\"b\\c\nd"}}).set(1);
  EXPECT_THAT(metrics.text(), ::testing::HasSubstr(R"(build_info{version="a\"b\\c\nd"} 1)"));
}

TEST(Metrics, the_same_name_and_labels_are_the_same_metric) {
  Metrics metrics;
  metrics.counter("a_total", "a", {{"x", "1"}}).add();
  metrics.counter("a_total", "a", {{"x", "1"}}).add();
  EXPECT_THAT(metrics.text(), ::testing::HasSubstr("a_total{x=\"1\"} 2\n"));
}

TEST(Metrics, list_names_each_metric_once) {
  Metrics metrics;
  metrics.gauge("b", "gauge b");
  metrics.counter("a_total", "counter a", {{"x", "1"}});
  metrics.counter("a_total", "counter a", {{"x", "2"}});
  metrics.histogram("c_seconds", "histogram c", Metrics::latency_bounds());
  auto list = metrics.list();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].name + list[0].type + list[0].help, "a_totalcountercounter a");
  EXPECT_EQ(list[1].name + list[1].type + list[1].help, "bgaugegauge b");
  EXPECT_EQ(list[2].name + list[2].type + list[2].help, "c_secondshistogramhistogram c");
}

TEST(Metrics, counts_of_many_threads_add_up) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      auto counter = metrics.counter("a_total", "a");
      for (int i = 0; i < 1000; ++i) counter.add();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(metrics.text(), ::testing::HasSubstr("a_total 4000\n"));
}

TEST(MetricsDeathTest, a_name_has_one_type_and_one_help) {
  Metrics metrics;
  metrics.counter("a_total", "a");
  EXPECT_DEATH(metrics.gauge("a_total", "a"), "check failed");
  EXPECT_DEATH(metrics.counter("a_total", "b"), "check failed");
  EXPECT_DEATH(metrics.counter("no-name", "b"), "check failed");
}

TEST(Metrics, samples_are_what_the_text_says) {
  Metrics metrics;
  metrics.counter("bl_a_total", "a", {{"kind", "x"}}).add(3);
  metrics.gauge("bl_b", "b").set(-2);
  auto histogram = metrics.histogram("bl_c_seconds", "c", {1, 2});
  for (const double seconds : {0.5, 1.5, 9.0}) histogram.observe(seconds);
  const auto samples = metrics.samples("bl_");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].labels, (MetricLabels{{"kind", "x"}}));
  EXPECT_EQ(samples[0].value, 3);
  EXPECT_EQ(samples[1].value, -2);
  EXPECT_EQ(samples[2].value, 11);
  ASSERT_EQ(samples[2].buckets.size(), 3u);
  EXPECT_EQ(samples[2].buckets[1], (std::pair<double, std::uint64_t>{2, 2}));
  EXPECT_EQ(metrics.samples("bl_b").size(), 1u);
}

TEST(Metrics, a_quantile_lies_straight_within_its_bucket) {
  const MetricSample four{.buckets = {{1, 0}, {2, 4}, {4, 4}, {INFINITY, 4}}};
  EXPECT_EQ(quantile(four, 0.5), 1.5);
  EXPECT_EQ(quantile(four, 1), 2);
  const MetricSample beyond{.buckets = {{1, 1}, {2, 1}, {INFINITY, 10}}};
  EXPECT_EQ(quantile(beyond, 0.99), 2) << "no bound lies above";
  EXPECT_EQ(quantile({.buckets = {{1, 0}, {INFINITY, 0}}}, 0.5), std::nullopt);
  EXPECT_EQ(quantile({}, 0.5), std::nullopt);
}

}  // namespace
}  // namespace bl
