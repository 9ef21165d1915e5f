// What the page says while it waits, when there is nothing, and when the server does not play
// along.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  base,
  desktop,
  mobile,
  open,
  settled,
  skip,
  views,
  with_browser,
  with_page,
} from './harness.mjs';

with_browser();

/** The request that each view lives from. */
const k_sources = {
  home: '**/api/series?*',
  series: '**/api/series?*',
  trend: '**/api/history?*',
  results: '**/api/benchmark-results?*',
  result: '**/api/benchmark-results/*',
  runs: '**/api/runs/recent?*',
  run: '**/api/benchmark-results?*',
  batch: '**/api/benchmark-results?*',
  compare: '**/api/compare/**',
  picker: '**/api/series?*',
  changes: '**/api/ci/report?*',
  compare_runs: '**/api/compare/runs/**',
  report: '**/api/ci/report?*',
  report_picker: '**/api/runs/recent?*',
  families: '**/api/v1/families?*',
  family: '**/api/v1/families?*',
  alert_cost: '**/api/v1/advice/alert-cost?*',
  account: '**/api/auth/capabilities',
  admin: '**/api/auth/capabilities',
  docs: '**/openapi.json',
  inference: '**/api/v1/inference/registry',
  builds: '**/api/v1/activity',
  traces: '**/api/v1/traces?*',
  status: '**/api/v1/status*',
};

const problem = {
  title: 'Service Unavailable',
  status: 503,
  detail: 'the store is busy: 120 waiting',
  code: 'overloaded',
  request_id: 'request-4711',
  errors: [],
};

test(
  'each view shows a problem with its request id, and trying again helps',
  { skip },
  async () => {
    for (const [name, path] of Object.entries(await views())) {
      await with_page({ faults_expected: true }, async (page) => {
        await page.route(k_sources[name], (route) =>
          route.fulfill({
            status: 503,
            contentType: 'application/problem+json',
            body: JSON.stringify(problem),
          }),
        );
        await page.goto(base + path);
        const alert = page.getByRole('alert').first();
        await alert.waitFor();
        const text = await alert.innerText();
        for (const part of [problem.title, '503', problem.detail, problem.request_id]) {
          assert.ok(text.includes(part), `${name} says ${part}`);
        }
        await page.unroute(k_sources[name]);
        const retry = page.getByRole('button', { name: 'Try again' });
        for (let left = await retry.count(); left > 0; left--) {
          await retry.first().click();
          await page.waitForFunction(
            (n) => document.querySelectorAll('[role=alert]').length < n,
            left,
          );
        }
        await settled(page);
      });
    }
  },
);

test('a server that is gone is named, not hidden', { skip }, () =>
  with_page({ faults_expected: true }, async (page) => {
    await page.route('**/api/**', (route) => route.abort('connectionrefused'));
    await page.goto(`${base}/series`);
    const text = await page.getByRole('alert').innerText();
    assert.ok(text.includes('The server did not answer'), text);
  }),
);

test('an unknown id and an unknown path say so', { skip }, () =>
  with_page({ faults_expected: true }, async (page) => {
    await open(page, '/results/00000000-0000-0000-0000-000000000000');
    assert.ok((await page.getByRole('alert').innerText()).includes('404'));
    await open(page, '/no/such/page');
    await page.getByText('Nothing lives at /no/such/page').waitFor();
  }),
);

const k_empty = {
  '**/api/series?*': { series: [], next_page_cursor: null },
  '**/api/benchmark-results?*': { results: [], next_page_cursor: null },
  '**/api/runs/recent?*': { runs: [], repositories: [] },
  '**/api/v1/facts': {
    version: '0',
    series: 0,
    results: 0,
    runs: 0,
    commits: 0,
    repositories: [],
  },
  '**/api/history?*': { history_fingerprint: '0'.repeat(32), samples: [] },
};

test('an empty store tells how to fill it', { skip }, async () => {
  for (const path of ['/', '/series', '/results', '/runs', '/compare']) {
    await with_page({}, async (page) => {
      for (const [pattern, json] of Object.entries(k_empty)) {
        await page.route(pattern, (route) => route.fulfill({ json }));
      }
      await open(page, path);
      await page.getByText('benchlake demo').first().waitFor();
    });
  }
});

test('an empty trend and an empty run say what is missing', { skip }, () =>
  with_page({ faults_expected: true }, async (page) => {
    for (const [pattern, json] of Object.entries(k_empty)) {
      await page.route(pattern, (route) => route.fulfill({ json }));
    }
    await open(page, `/series/${'0'.repeat(32)}`);
    await page.getByText('No point on the default branch yet').waitFor();
    await open(page, '/runs/nothing');
    await page.getByText('No results in run nothing').waitFor();
  }),
);

test('a slow answer shows a skeleton first', { skip }, () =>
  with_page({}, async (page) => {
    let answer;
    const asked = new Promise((resolve) => (answer = resolve));
    await page.route('**/api/series?*', async (route) => {
      await asked;
      await route.continue();
    });
    await page.goto(`${base}/series`);
    await page.getByRole('status', { name: 'Loading' }).waitFor();
    answer();
    await settled(page);
    assert.ok((await page.locator('tbody tr').count()) > 0);
  }),
);

test('a page that fails while loading more keeps what is there', { skip }, () =>
  with_page({ faults_expected: true }, async (page) => {
    await open(page, '/series');
    await page.route('**/api/series?*', (route) =>
      route.fulfill({
        status: 503,
        json: problem,
        contentType: 'application/problem+json',
      }),
    );
    await page.getByRole('button', { name: 'Load 25 more' }).click();
    await page.getByText(problem.detail).waitFor();
    assert.equal(await page.locator('tbody tr').count(), 25);
    await page.unroute('**/api/series?*');
    await page.getByRole('button', { name: 'Load 25 more' }).click();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50);
  }),
);

test('a series of mixed units is flagged', { skip }, async () => {
  const { trend } = await views();
  await with_page({}, async (page) => {
    await page.route('**/api/history?*', async (route) => {
      const response = await route.fetch();
      const history = await response.json();
      history.samples[0].unit = 'B';
      await route.fulfill({ json: history });
    });
    await open(page, trend);
    await page.getByText('results of 2 units').waitFor();
  });
});

test('names without end break or are cut, nothing sticks out', { skip }, async () => {
  const long = 'x'.repeat(150);
  const tags = { [`key${long}`]: long };
  const lengthen = {
    '**/api/series?*': ({ series }) =>
      series.forEach((one) =>
        Object.assign(one, { name: `ns::${long}/${long}`, tags, hardware: long }),
      ),
    '**/api/runs/recent?*': ({ runs, repositories }) => {
      runs.forEach((run) =>
        Object.assign(run, { run_id: long + run.run_id, run_tags: { name: long } }),
      );
      repositories[0].repository += long;
    },
    '**/api/benchmark-results?*': ({ results }) =>
      results.forEach((one) =>
        Object.assign(one, { case_name: long, case_tags: tags, run_id: long }),
      ),
    '**/api/benchmark-results/*': (one) =>
      Object.assign(one, { tags: { name: long, ...tags }, context: tags, run_id: long }),
    '**/api/v1/facts': (facts) => facts.repositories.push(long),
  };
  const paths = await views();
  for (const viewport of [desktop, mobile]) {
    for (const name of ['home', 'series', 'trend', 'results', 'result', 'runs', 'run', 'picker']) {
      await with_page({ viewport }, async (page) => {
        for (const [pattern, change] of Object.entries(lengthen)) {
          await page.route(pattern, async (route) => {
            const json = await (await route.fetch()).json();
            change(json);
            await route.fulfill({ json });
          });
        }
        await open(page, paths[name]);
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(over <= 1, `${name} is ${over} pixels too wide at ${viewport.width}`);
      });
    }
  }
});
