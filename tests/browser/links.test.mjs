// What is chosen on a view is part of its link; what got worse can be had alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, sample_series, settled, skip, views, with_browser, with_page } from './harness.mjs';

with_browser();

const query_of = (page) => new URL(page.url()).searchParams;

test('samples that were picked, and which are shown, survive a reload', { skip }, async () => {
  const { trend } = await views();
  await with_page({}, async (page) => {
    await open(page, trend);
    const samples = page.getByRole('region', { name: 'Samples' });
    await samples
      .getByRole('button', { name: /^Baseline/ })
      .nth(3)
      .click();
    await samples.getByText('Pick a contender too').waitFor();
    await samples
      .getByRole('button', { name: /^Contender/ })
      .first()
      .click();
    await samples.getByRole('button', { name: 'Marked' }).click();
    assert.equal(query_of(page).get('samples'), 'marked');
    await page.reload();
    await settled(page);
    const link = samples.getByRole('link', { name: 'Compare picked' });
    const target = new URL(await link.getAttribute('href'), page.url());
    assert.equal(target.searchParams.get('baseline'), query_of(page).get('pick_baseline'));
    await samples.getByRole('button', { name: 'Only for the worse' }).click();
    await page.waitForFunction(
      () =>
        [...document.querySelectorAll('section[aria-label=Samples] tbody tr')].every((row) =>
          row.querySelector('td .worse'),
        ),
      undefined,
    );
  });
});

test('the zoom of a comparison is part of its link', { skip }, async () => {
  const { compare } = await views();
  await with_page({}, async (page) => {
    await open(page, compare);
    await page.locator('.chart .u-over').scrollIntoViewIfNeeded();
    const box = await page.locator('.chart .u-over').boundingBox();
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL((url) => url.searchParams.has('from') && url.searchParams.has('to'));
    await page.reload();
    await page.getByRole('button', { name: 'Reset zoom' }).click();
    await page.waitForURL((url) => !url.searchParams.has('from'));
  });
});

test('the choice of a comparison and of a report can be narrowed to regressions', { skip }, () =>
  with_page({}, async (page) => {
    for (const path of ['/compare', '/ci/report']) {
      await open(page, path);
      await page.getByRole('button', { name: 'Only regressions' }).click();
      await page.waitForURL((url) => url.searchParams.has('status'));
      await page.reload();
      await page.locator('button[aria-pressed=true]', { hasText: 'Only regressions' }).waitFor();
      await settled(page);
      const others = page.locator('tbody [data-status]:not([data-status=regressed])');
      if (path === '/compare') assert.equal(await others.count(), 0);
    }
  }),
);

test('an arrow shows where a value went only when the direction is known', { skip }, async () => {
  const { series } = await sample_series();
  for (const [less_is_better, arrows] of [
    [true, 1],
    [null, 0],
  ]) {
    await with_page({}, async (page) => {
      await page.route('**/api/series?*', (route) =>
        route.fulfill({
          json: {
            series: [{ ...series, unit: 'req/s', less_is_better, change_percent: -12 }],
            next_page_cursor: null,
          },
        }),
      );
      await open(page, '/series');
      const change = page.locator('tbody .change:visible');
      await change.getByText('12.0').waitFor();
      assert.equal(await change.locator('svg').count(), arrows);
    });
  }
});

test(
  'the trends of a benchmark lead to its series; those for the worse alone',
  { skip },
  async () => {
    const { family } = await views();
    const trend = (index, is_worse) => ({
      history_fingerprint: String(index).repeat(32),
      tags: { name: 'x', size: String(index) },
      context: {},
      hardware: 'machine',
      repository: 'https://github.com/example/x',
      unit: 'req/s',
      less_is_better: false,
      relative_change: is_worse ? -0.2 : 0.4,
      is_worse,
      points: 3,
      outliers: 1,
      latest_result_id: 'r',
      line: is_worse ? [100, 80] : [100, 140],
      samples: [1, 2, 3].map((day) => ({
        timestamp: `2026-08-0${day}T00:00:00Z`,
        value: 100 + day,
      })),
    });
    await with_page({}, async (page) => {
      await page.route('**/api/v1/trends?*', (route) =>
        route.fulfill({
          json: {
            since: '2026-08-01T00:00:00Z',
            until: '2026-08-15T00:00:00Z',
            truncated: false,
            ranked: 2,
            not_ranked: 1,
            increasing: [trend(1, false)],
            decreasing: [trend(2, true)],
            keys: [
              {
                key: 'size',
                value_count: 2,
                series_count: 2,
                latest_result_timestamp: '2026-06-01T00:00:00Z',
                is_dead: true,
              },
            ],
          },
        }),
      );
      await open(page, family);
      const rising = page.getByRole('region', { name: 'Values that rise' });
      const falling = page.getByRole('region', { name: 'Values that fall' });
      await rising.getByText('40.0\u00a0% better').waitFor();
      await falling.getByText('20.0\u00a0% worse').waitFor();
      assert.equal(
        await falling.getByRole('link').first().getAttribute('href'),
        `/series/${'2'.repeat(32)}`,
      );
      await page.getByRole('region', { name: 'Case parameters' }).getByText('unused').waitFor();
      await page.getByRole('button', { name: 'Only for the worse' }).click();
      await rising.getByText('None').waitFor();
      await page.getByRole('button', { name: '90 days' }).click();
      await page.waitForURL((url) => url.searchParams.get('days') === '90');
      assert.equal(query_of(page).get('trends'), 'worse');
    });
  },
);

test('benchmarks are had by what was measured lately', { skip }, () =>
  with_page({}, async (page) => {
    await open(page, '/families');
    await page.getByLabel('Order').selectOption('recent');
    await page.waitForURL((url) => url.searchParams.get('sort') === 'recent');
    await settled(page);
    assert.equal(await page.getByRole('alert').count(), 0);
  }),
);
