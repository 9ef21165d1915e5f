// What was sent and received: deliveries of alerts, receipts of submissions, background jobs.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  base,
  change,
  desktop,
  mobile,
  open,
  screenshot,
  settled,
  skip_writes,
  token,
  with_browser,
  with_page,
} from './harness.mjs';
import { signed_in, with_user } from './people.mjs';

with_browser();

const query_of = (page) => new URL(page.url()).searchParams;

async function looks(page, name) {
  for (const [device, viewport] of Object.entries({ desktop, mobile })) {
    await page.setViewportSize(viewport);
    await screenshot(page, `${name}-${device}`);
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(over <= 1, `${name} is ${over} pixels too wide at ${viewport.width}`);
  }
  await page.setViewportSize(desktop);
}

function delivery(status, index) {
  const at = '2026-08-01T00:00:00Z';
  return {
    id: `${status}-${index}`,
    event_id: `event-${index}`,
    rule_id: 'rule',
    channel: 'webhook',
    target: `https://hooks.example.org/${'long/'.repeat(20)}${index}`,
    status,
    attempts: status === 'failed' ? 8 : 1,
    created_at: at,
    last_attempt_at: at,
    next_attempt_at: status === 'pending' ? at : null,
    delivered_at: status === 'delivered' ? at : null,
    last_error: status === 'delivered' ? null : `answered 50${index}: no room`,
  };
}

/** Two pages of what failed, one of what waits, one of what was delivered. */
function answer_of(query) {
  const status = query.get('status');
  const second = query.get('cursor') === 'second';
  const deliveries = [delivery(status, second ? 2 : 1)];
  const next_page_cursor = status === 'failed' && !second ? 'second' : null;
  return { deliveries, next_page_cursor };
}

test('what failed stands first, with why; what waits is sent', { skip: skip_writes }, () =>
  with_user('admin', (admin) =>
    with_page({}, async (page) => {
      await page.route('**/api/v1/alerts/deliveries?*', (route) =>
        route.fulfill({ json: answer_of(new URL(route.request().url()).searchParams) }),
      );
      const asked = [];
      await page.route(/\/api\/v1\/alerts\/deliver(\?|$)/, (route) => {
        asked.push(new URL(route.request().url()).search);
        return route.fulfill({ json: { delivered: 1, retried: 2, failed: 0, error: 'no route' } });
      });
      await signed_in(page, admin, '/admin?part=deliveries');
      const panel = page.getByRole('region', { name: 'Deliveries' });
      const badges = () =>
        panel.locator('tbody [data-status]').evaluateAll((all) => all.map((b) => b.dataset.status));
      await panel.getByText('answered 501: no room').waitFor();
      assert.deepEqual(await badges(), ['failed']);
      await panel.getByRole('button', { name: /^Load/ }).click();
      await panel.getByText('taken at').waitFor();
      assert.deepEqual(await badges(), ['failed', 'failed', 'pending', 'delivered']);
      await looks(page, 'admin-deliveries');

      await panel.getByRole('button', { name: 'Waiting' }).click();
      await page.waitForURL((url) => url.searchParams.get('status') === 'pending');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
      assert.deepEqual(await badges(), ['pending']);
      await panel.getByRole('button', { name: 'Send now what waits' }).click();
      await panel.getByText('1 message delivered, 2 to be tried again').waitFor();
      await panel.getByText('no route').waitFor();

      await panel.getByRole('button', { name: 'Failed' }).click();
      await page.waitForURL((url) => url.searchParams.get('status') === 'failed');
      await panel.getByRole('button', { name: /^Send again to webhook/ }).click();
      await panel.getByRole('button', { name: 'Send all that failed again' }).click();
      await panel.getByText('1 message delivered, 2 to be tried again').waitFor();
      assert.deepEqual(asked, ['', '?id=failed-1', '?failed=true']);
    }),
  ),
);

test('a submission is found by its key, a refused one with why', { skip: skip_writes }, () =>
  with_user('writer', (user) =>
    with_page({}, async (page) => {
      const key = `key-${randomUUID()}`;
      const body = {
        run_id: `browser-${randomUUID()}`,
        timestamp: new Date().toISOString(),
        tags: { name: 'receipts' },
        context: {},
        machine_info: { name: 'browser' },
        github: { repository: 'https://github.com/example/browser' },
        stats: { data: [1, 2, 3], unit: 's' },
        submission_key: key,
      };
      const stored = await change('POST', '/api/results', body);
      const again = await fetch(`${base}/api/results`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, stats: { data: [4], unit: 's' } }),
      });
      assert.equal(again.status, 409);

      await signed_in(page, user);
      await page.getByRole('link', { name: 'Receipts and jobs' }).click();
      await settled(page);
      const panel = page.getByRole('region', { name: 'Receipts' });
      // A refusal is written a moment later.
      await page.waitForFunction(
        async (path) => (await (await fetch(path)).json()).receipts.length === 2,
        `/api/v1/receipts?submission_key=${key}`,
      );
      await panel.getByLabel('Submission key').fill(key);
      await panel.getByLabel('Submission key').press('Enter');
      await panel.getByText('Refused').waitFor();
      assert.equal(query_of(page).get('submission_key'), key);
      assert.equal(await panel.locator('tbody tr').count(), 2);
      await looks(page, 'admin-receipts');
      await page.reload();
      await panel.getByText('Stored').waitFor();
      await panel.getByRole('link', { name: 'result' }).click();
      await page.getByRole('heading', { name: 'receipts' }).waitFor();
      // A series without a history would be the newest that other tests find.
      await change('DELETE', `/api/benchmark-results/${stored.id}`);
    }),
  ),
);

const k_jobs = [
  {
    name: 'alerts.evaluate',
    running: true,
    owner: 'server-1',
    lease_until: '2026-08-01T00:05:00Z',
    started_at: '2026-08-01T00:00:00Z',
    ended_at: '2026-07-31T23:00:00Z',
    outcome: 'ok',
    detail: 'evaluated 12 rules',
    runs: 4321,
    failures: 0,
  },
  {
    name: 'commits.repair',
    running: false,
    owner: 'server-2',
    lease_until: null,
    started_at: '2026-08-01T00:00:00Z',
    ended_at: '2026-08-01T00:02:00Z',
    outcome: 'failed',
    detail: `the source did not answer: ${'https://api.example.org/'.repeat(8)}`,
    runs: 7,
    failures: 3,
  },
  {
    name: 'results.backfill',
    running: false,
    abandoned: true,
    owner: 'server-3',
    lease_until: '2026-08-01T00:05:00Z',
    started_at: '2026-08-01T00:00:00Z',
    ended_at: null,
    outcome: null,
    detail: '120,000 of 500,000 results',
    runs: 1,
    failures: 0,
  },
];

test('jobs tell who is at them and how they ended', { skip: skip_writes }, () =>
  with_user('writer', (user) =>
    with_page({}, async (page) => {
      await signed_in(page, user, '/admin?part=jobs');
      const panel = page.getByRole('region', { name: 'Jobs' });
      const { jobs } = await change('GET', '/api/v1/background-jobs');
      for (const { name } of jobs) await panel.getByText(name, { exact: true }).waitFor();

      await page.route('**/api/v1/background-jobs', (route) =>
        route.fulfill({ json: { jobs: k_jobs } }),
      );
      const row = (name) => panel.getByRole('row').filter({ hasText: name });
      // The list is looked at again every few seconds.
      await row('alerts.evaluate').getByText('Running').waitFor();
      await row('alerts.evaluate').getByText('by server-1').waitFor();
      await row('commits.repair').getByText('Failed').waitFor();
      await row('commits.repair').getByText('2 minutes').waitFor();
      await row('results.backfill').getByText('Abandoned').waitFor();
      await looks(page, 'admin-jobs');
      await page.unroute('**/api/v1/background-jobs');

      assert.equal(await page.getByRole('link', { name: 'Users' }).count(), 0, 'for admins');
      await open(page, '/admin?part=audit');
      await page.getByText('This is for admins').waitFor();
    }),
  ),
);

const k_evidence = {
  proof: null,
  equal: 0,
  different: 0,
  moved: 0,
  failed: 0,
  unexplained: 0,
  since: null,
  missing: 'no proof says that the lake answers as the store does',
};
const k_read_port = {
  port: 'history',
  mode: 'store',
  is_paused: false,
  by_store: 12,
  by_lake: 0,
  comparisons_waiting: 0,
  comparisons_left_out: 0,
  evidence: k_evidence,
};
const k_reads = {
  has_lake: true,
  is_unproven: true,
  ports: [
    {
      ...k_read_port,
      mode: 'lake+shadow(1%)',
      by_lake: 12345,
      evidence: {
        ...k_evidence,
        proof: { passed: true, requests: 10000, at: '2026-08-01T00:00:00Z', version: '0.1.0' },
        equal: 12000,
        different: 1,
        unexplained: 1,
        missing: '1 answers of the lake differ from the store\u2019s without an explanation',
      },
    },
    { ...k_read_port, port: 'runs', mode: 'shadow', is_paused: true },
  ],
};
const k_mismatch = {
  id: 'm1',
  port: 'history',
  question: { port: 'history', method: 'history', texts: ['0123456789abcdef'.repeat(2)] },
  at: '2026-08-01T00:00:00Z',
  place: 4711,
  first_difference: '/answer/samples/3/mean',
  explanation: null,
  explained_by: null,
  replayed_at: null,
  is_equal_now: null,
};

test(
  'reads tell who answers them, and what store and lake did not agree on',
  { skip: skip_writes },
  () =>
    with_user('admin', (user) =>
      with_page({}, async (page) => {
        await signed_in(page, user, '/admin?part=reads');
        const panel = page.getByRole('region', { name: 'Reads' });
        for (const port of ['history', 'compare', 'health', 'runs']) {
          await panel.getByText(port, { exact: true }).waitFor();
        }
        await page.getByText('Store and lake agreed wherever they were compared.').waitFor();

        let mismatch = k_mismatch;
        await page.route('**/api/v1/reads', (route) => route.fulfill({ json: k_reads }));
        await page.route('**/api/v1/reads/mismatches?*', (route) =>
          route.fulfill({ json: { mismatches: [mismatch] } }),
        );
        await page.route('**/api/v1/reads/mismatches/m1/replay', (route) =>
          route.fulfill({
            json: {
              is_equal: false,
              first_difference: '/answer/samples/3/mean',
              store_answer: '{"mean":1}',
              lake_answer: '{"mean":2}',
            },
          }),
        );
        await page.route('**/api/v1/reads/mismatches/m1/explanation', (route) => {
          const { explanation } = route.request().postDataJSON();
          mismatch = { ...k_mismatch, explanation, explained_by: 'ada' };
          return route.fulfill({ json: mismatch });
        });
        // Looked at again every few seconds.
        await panel.getByText('lake+shadow(1%)').waitFor();
        await panel.getByText('Paused').waitFor();
        await panel.getByText('the lake answers although evidence is missing').waitFor();
        const kept = page.getByRole('region', { name: 'Mismatches' });
        await kept.getByText('/answer/samples/3/mean').waitFor();
        await kept.getByRole('button', { name: 'Ask both again' }).click();
        await kept.getByText('They still differ.').waitFor();
        await kept.getByText('Answers of now').click();
        assert.equal(await kept.getByLabel('Answer of the lake').textContent(), '{"mean":2}');
        await looks(page, 'admin-reads');
        await kept.getByLabel('Why it does not count').fill('mended in 0.2');
        await kept.getByRole('button', { name: 'Explain' }).click();
        await kept.getByText('mended in 0.2').waitFor();
      }),
    ),
);
