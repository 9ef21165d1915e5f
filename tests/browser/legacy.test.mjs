// Conbench's addresses, as they stand in comments and chats: with and without the slash at the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  api,
  open,
  sample_runs,
  sample_series,
  settled,
  skip,
  with_browser,
  with_page,
} from './harness.mjs';

with_browser();

const at = encodeURIComponent;

async function addresses() {
  const { series, samples } = await sample_series();
  const [older, newer] = [samples.at(-30), samples.at(-1)].map((one) => one.benchmark_result_id);
  const { run_id, batch_id } = await api(`/api/benchmark-results/${newer}`);
  const runs = await sample_runs();
  const family = `/families/${at(series.name)}`;
  return [
    [`/runs/${at(run_id)}`, `/runs/${at(run_id)}`],
    [`/benchmark-results/${newer}`, `/benchmark-results/${newer}`],
    [`/benchmarks/${newer}`, `/benchmarks/${newer}`],
    ['/benchmark-results', '/benchmark-results'],
    [
      `/compare/runs/${at(runs.baseline)}...${at(runs.contender)}`,
      `/compare/runs/${at(runs.baseline)}...${at(runs.contender)}`,
    ],
    [
      `/compare/benchmark-results/${older}...${newer}`,
      `/compare/benchmark-results/${older}...${newer}`,
    ],
    [`/compare/benchmarks/${older}...${newer}`, `/compare/benchmarks/${older}...${newer}`],
    ...(batch_id ? [[`/batches/${at(batch_id)}`, `/batches/${at(batch_id)}`]] : []),
    ['/c-benchmarks', '/families'],
    [`/c-benchmarks/${at(series.name)}`, family],
    [`/c-benchmarks/${at(series.name)}/trends`, family],
    ['/index', '/'],
    ['/login', '/account'],
    ['/users', '/admin'],
    ['/hardware', '/series'],
  ];
}

test('every old address shows its view, with and without a slash', { skip }, async () => {
  for (const [from, to] of await addresses()) {
    for (const address of [from, `${from}/`]) {
      await with_page({}, async (page) => {
        await open(page, address);
        await page.waitForFunction(() => document.querySelector('h1').innerText !== 'Moved');
        await settled(page);
        assert.equal(new URL(page.url()).pathname.replace(/(?<=.)\/$/, ''), to, address);
        assert.equal(await page.locator('[role=alert]').count(), 0, address);
        const text = await page.locator('main').innerText();
        assert.ok(!text.includes('Nothing lives at'), address);
      });
    }
  }
});

test('the address of a machine leads to its series', { skip }, () =>
  with_page({ faults_expected: true }, async (page) => {
    const { samples } = await sample_series();
    const result = await api(`/api/benchmark-results/${samples.at(-1).benchmark_result_id}`);
    await open(page, `/hardware/${result.hardware.id}/`);
    await page.waitForURL((url) => url.searchParams.get('hardware') === result.hardware.name);
    await open(page, '/hardware/nobodys/');
    await page.waitForURL((url) => url.pathname === '/series' && url.search === '');
  }),
);

test('an address that names no two sides says so', { skip }, () =>
  with_page({}, async (page) => {
    await open(page, '/compare/runs/only-one/');
    await page.getByText('This address names no two runs').waitFor();
    await open(page, '/compare/benchmarks/...b/');
    await page.getByText('This address names no two results').waitFor();
  }),
);

test('another result is marked in the history of one', { skip }, () =>
  with_page({}, async (page) => {
    const { samples } = await sample_series();
    const [older, newer] = [samples.at(-30), samples.at(-1)].map((one) => one.benchmark_result_id);
    await open(page, `/benchmark-results/${newer}/?highlight-other=${older},name`);
    const link = page.getByRole('link', { name: 'Compare with marked' });
    assert.equal(await link.getAttribute('href'), `/compare?baseline=${older}&contender=${newer}`);
  }),
);
