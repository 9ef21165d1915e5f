// A report of 5,000 rows: filtered before it is rendered, walked by key, linked to by its address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { big_report, count_rows } from './answers.mjs';
import {
  base,
  main_thread,
  mobile,
  open,
  screenshot,
  settled,
  skip,
  with_browser,
  with_page,
} from './harness.mjs';

with_browser();

const k_rows = 5000;
const k_window = 200;
const report = big_report(k_rows);
const rows_of = (page) => page.locator('tr[data-index]');
const query_of = (page) => new URL(page.url()).searchParams;

async function with_report(options, look) {
  await with_page(options, async (page) => {
    await page.route('**/api/ci/report?*', (route) => route.fulfill({ json: report }));
    await page.route('**/api/v1/inventory?*', (route) => route.fulfill({ json: { missing: [] } }));
    await look(page);
  });
}

/** A part of the rows comes with each frame. */
function count_is(page, count) {
  return page.waitForFunction(
    (n) => document.querySelectorAll('tr[data-index]').length === n,
    count,
  );
}

function focused_row(page) {
  return page.evaluate(() => {
    const row = document.activeElement.closest('tr');
    return row && { index: Number(row.dataset.index), status: row.dataset.status };
  });
}

test('only a window of the rows is rendered, and more on request', { skip }, () =>
  with_report({}, async (page) => {
    await open(page, '/ci/report?run_ids=big');
    assert.equal(await rows_of(page).count(), k_window);
    await page.getByText('of 5,000 rows').waitFor();
    await page.getByRole('button', { name: 'Show 200 more' }).click();
    await count_is(page, 2 * k_window);
    await screenshot(page, 'triage-desktop-light');
  }),
);

test('status buttons count what there is, filter, and stand in the address', { skip }, () =>
  with_report({}, async (page) => {
    await open(page, '/ci/report?run_ids=big');
    const statuses = page.getByRole('group', { name: 'Status' });
    for (const [label, status] of [
      ['Regressed', 'regressed'],
      ['Failed', 'errored'],
      ['No baseline', 'missing_baseline'],
    ]) {
      const count = count_rows(report, status);
      await statuses.getByRole('button', { name: `${label} ${count}` }).click();
      assert.equal(query_of(page).get('status'), status);
      await count_is(page, Math.min(k_window, count));
      const shown = await rows_of(page).evaluateAll((rows) => rows.map((r) => r.dataset.status));
      assert.ok(shown.every((one) => one === status));
    }
    const address = page.url();
    await open(page, address.slice(base.length));
    assert.equal(await rows_of(page).count(), count_rows(report, 'missing_baseline'));
  }),
);

test('search and hardware narrow the rows and the counts', { skip }, () =>
  with_report({}, async (page) => {
    await open(page, '/ci/report?run_ids=big');
    await page.getByLabel('Filter by name or parameter').fill('benchmark_49 SUITE9');
    const wanted = report.runs[0].comparisons.filter(
      ({ name }) => name.includes('benchmark_49') && name.includes('suite9'),
    );
    await count_is(page, wanted.length);
    await page.waitForURL((url) => url.searchParams.get('q') === 'benchmark_49 SUITE9');
    await page.getByLabel('Hardware', { exact: true }).selectOption('machine-1');
    const narrower = wanted.filter(({ hardware }) => hardware === 'machine-1');
    await count_is(page, narrower.length);
    await page
      .getByRole('group', { name: 'Status' })
      .getByRole('button', { name: `All ${narrower.length}` })
      .waitFor();
    await page.getByLabel('Filter by name or parameter').fill('no such thing');
    await page.getByText('No row fits these filters').waitFor();
    await page.getByRole('button', { name: 'Show all rows' }).click();
    await count_is(page, k_window);
  }),
);

test('n and p jump from regression to regression, however far', { skip }, () =>
  with_report({}, async (page) => {
    await open(page, '/ci/report?run_ids=big&sort=name');
    let before = -1;
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('n');
      const now = await focused_row(page);
      assert.equal(now.status, 'regressed');
      assert.ok(now.index > before, `${now.index} comes after ${before}`);
      before = now.index;
    }
    await page.keyboard.press('p');
    assert.ok((await focused_row(page)).index < before);
    await page.keyboard.press('j');
    await page.keyboard.press('p');
    assert.equal((await focused_row(page)).status, 'regressed');

    await open(page, '/ci/report?run_ids=big&sort=name');
    await page.keyboard.press('p');
    const last = await focused_row(page);
    assert.ok(last.index > 4 * k_window, 'round the end, to the last');
    assert.ok((await rows_of(page).count()) <= 2 * k_window, 'the window moved, it did not grow');
    await page.getByRole('button', { name: /^Show 200 before/ }).waitFor();
    const box = await page.locator(`tr[data-index="${last.index}"]`).boundingBox();
    assert.ok(box.y > 0 && box.y < 900, 'in view');

    await page.getByRole('button', { name: 'Next regression' }).click();
    assert.ok((await focused_row(page)).index < last.index, 'and round again by the button');
  }),
);

/**
 * In the page: does `act` a number of times, a moment after each other, and tells of the frames
 * meanwhile: how many, the slowest, and how many were over budget (ms).
 */
async function frames_of(page, name, times, budget) {
  return page.evaluate(
    async ([what, count, over]) => {
      const frame = () => new Promise(requestAnimationFrame);
      const type = (text) => {
        const box = document.querySelector('input[type=search][aria-label^="Filter by"]');
        box.value = text;
        box.dispatchEvent(new Event('input', { bubbles: true }));
      };
      const choose = (label, i) => {
        const select = document.querySelector(`main select[aria-label="${label}"]`);
        select.selectedIndex = i % select.options.length;
        select.dispatchEvent(new Event('change', { bubbles: true }));
      };
      const buttons = () => [...document.querySelectorAll('[aria-label=Status] button')];
      const acts = {
        rest: () => {},
        typing: (i) => type('benchmark_49 suite'.slice(0, i + 1)),
        status: (i) => buttons()[i % buttons().length].click(),
        hardware: (i) => choose('Hardware', i),
        sort: (i) => choose('Sort', i),
        jump: () =>
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'n', bubbles: true })),
        scroll: () => window.scrollBy(0, 400),
      };
      const durations = [];
      let running = true;
      const watch = (async () => {
        let before = await frame();
        while (running) {
          const now = await frame();
          durations.push(now - before);
          before = now;
        }
      })();
      for (let i = 0; i < count; i++) {
        acts[what](i);
        for (let k = 0; k < 4; k++) await frame();
      }
      running = false;
      await watch;
      type('');
      buttons()[0].click();
      durations.sort((x, y) => x - y);
      return {
        frames: durations.length,
        median: durations[durations.length >> 1],
        slowest: durations.at(-1),
        over: durations.filter((one) => one > over).length,
      };
    },
    [name, times, budget],
  );
}

test('5,000 rows do not make the page stutter', { skip }, async (t) => {
  const k_budget_ms = 50;
  await with_report({}, async (page) => {
    await open(page, '/ci/report?run_ids=big');
    for (const [name, times] of [
      ['rest', 20],
      ['typing', 18],
      ['status', 16],
      ['hardware', 12],
      ['sort', 12],
      ['jump', 40],
      ['scroll', 30],
    ]) {
      let of;
      const thread = await main_thread(page, k_budget_ms, async () => {
        of = await frames_of(page, name, times, k_budget_ms);
      });
      t.diagnostic(
        `${name}: ${of.over} of ${of.frames} frames over ${k_budget_ms} ms, ` +
          `median ${of.median.toFixed(0)} ms, slowest ${of.slowest.toFixed(0)} ms; ` +
          `${thread.over} tasks of its own over ${k_budget_ms} ms, longest ${thread.longest.toFixed(0)} ms`,
      );
      assert.ok(thread.counted > times, 'the trace has the page in it');
      assert.ok(of.frames >= times, 'frames went on while it worked');
      await settled(page);
      assert.ok((await rows_of(page).count()) <= 2 * k_window, `${name} renders a window`);
    }
  });
});

test('in a hand the report fits, with its buttons in view', { skip }, () =>
  with_report({ viewport: mobile }, async (page) => {
    await open(page, '/ci/report?run_ids=big&status=regressed');
    await screenshot(page, 'triage-mobile-light');
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(over <= 1, `${over} pixels too wide`);
    await page.getByRole('button', { name: 'Next regression' }).tap();
    assert.equal((await focused_row(page)).status, 'regressed');
  }),
);

test('benchmarks that a run should have had stand beside its report', { skip }, () =>
  with_page({}, async (page) => {
    await page.route('**/api/ci/report?*', (route) => route.fulfill({ json: big_report(10) }));
    const missing = ['sort', 'copy'].map((name) => ({
      name: `suite.${name}`,
      tags: { name, size: '10' },
      history_fingerprint: name.repeat(8).slice(0, 32),
      seen_in_runs: 10,
      pinned: false,
    }));
    await page.route('**/api/v1/inventory?*', (route) => route.fulfill({ json: { missing } }));
    await open(page, '/ci/report?run_ids=big');
    const panel = page.getByRole('region', { name: 'Missing benchmarks' });
    await panel.getByText('2 benchmarks missing').waitFor();
    const link = panel.getByRole('link', { name: 'copy' });
    assert.equal(await link.getAttribute('href'), `/series/${'copy'.repeat(8)}`);
  }),
);
