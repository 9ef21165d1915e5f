#include "net/worker_pool.h"

#include <gtest/gtest.h>

#include <set>

#include "net/tests/running_server.h"

namespace bl::net {
namespace {

using testing::Gate;

class Task final : public Job {
 public:
  explicit Task(std::function<void()> what) : what_(std::move(what)) {}
  void run() override { what_(); }
  void drop() override { dropped = true; }
  std::atomic<bool> dropped{false};

 private:
  std::function<void()> what_;
};

std::shared_ptr<Task> task(std::function<void()> what) {
  return std::make_shared<Task>(std::move(what));
}

struct Fixture {
  Metrics metrics;
  Gauge queue_length = metrics.gauge("queue", "waiting");
};

TEST(WorkerPool, has_no_thread_before_the_first_job) {
  Fixture f;
  WorkerPool pool(8, 8, f.queue_length);
  EXPECT_EQ(pool.threads(), 0u);
}

TEST(WorkerPool, runs_workers_max_jobs_at_once_queues_the_next_and_refuses_the_rest) {
  Fixture f;
  Gate gate;
  std::atomic<int> ran{0};
  WorkerPool pool(2, 3, f.queue_length);
  auto wait = [&] {
    gate.pass();
    ++ran;
  };
  EXPECT_TRUE(pool.submit(task(wait)));
  EXPECT_TRUE(pool.submit(task(wait)));
  gate.wait_for(2);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pool.submit(task(wait)));
  EXPECT_FALSE(pool.submit(task(wait)));
  EXPECT_EQ(pool.threads(), 2u);
  gate.open();
  gate.wait_for(5);
  pool.stop();
  EXPECT_EQ(ran.load(), 5);
}

TEST(WorkerPool, uses_an_idle_thread_before_it_starts_one) {
  Fixture f;
  WorkerPool pool(8, 8, f.queue_length);
  for (int i = 0; i < 20; ++i) {
    Gate done;
    done.open();
    ASSERT_TRUE(pool.submit(task([&] { done.pass(); })));
    done.wait_for(1);
  }
  // One job at a time; the thread of the last one may not have become idle yet.
  EXPECT_LE(pool.threads(), 8u);
  pool.stop();
}

TEST(WorkerPool, drops_waiting_jobs_at_stop_and_finishes_running_ones) {
  Fixture f;
  Gate gate;
  std::atomic<bool> finished{false};
  auto waiting = task([] {});
  auto pool = std::make_unique<WorkerPool>(1, 8, f.queue_length);
  ASSERT_TRUE(pool->submit(task([&] {
    gate.pass();
    finished = true;
  })));
  gate.wait_for(1);
  ASSERT_TRUE(pool->submit(waiting));
  std::thread stopper([&] { pool->stop(); });
  while (!waiting->dropped) std::this_thread::yield();
  EXPECT_FALSE(finished);
  gate.open();
  stopper.join();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(pool->submit(task([] {})));
}

TEST(WorkerPool, runs_every_job_that_it_took) {
  Fixture f;
  std::atomic<int> ran{0};
  int taken = 0;
  {
    WorkerPool pool(4, 16, f.queue_length);
    while (taken < 2'000) {
      if (pool.submit(task([&] { ++ran; }))) ++taken;
    }
    while (ran < taken) std::this_thread::yield();
  }
  EXPECT_EQ(ran.load(), taken);
}

}  // namespace
}  // namespace bl::net
