// Looks at the pixels of the trend chart: are the points where the data says they are?
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  colour_at_point,
  count_pixels,
  open,
  sample_series,
  settled,
  skip,
  with_browser,
  with_page,
} from './harness.mjs';

with_browser();

const chart_of = (page) => page.getByRole('slider');
const only_points = 'hide=band,marks,mean,repetitions';

async function shown_points(page) {
  const text = await page.locator('.legend').innerText();
  return Number(text.match(/([\d,]+) points/)[1].replaceAll(',', ''));
}

async function move_pointer(page, fraction_x, fraction_y) {
  await page.locator('.chart .u-over').scrollIntoViewIfNeeded();
  const box = await page.locator('.chart .u-over').boundingBox();
  await page.mouse.move(box.x + box.width * fraction_x, box.y + box.height * fraction_y);
}

for (const theme of ['light', 'dark']) {
  test(`points, band, mean and repetitions are painted in ${theme}`, { skip }, () =>
    with_page({ theme }, async (page) => {
      const { series } = await sample_series();
      await open(page, `/series/${series.history_fingerprint}`);
      assert.ok((await count_pixels(page, 'chart-point')) > 500, 'points');
      assert.ok((await count_pixels(page, 'chart-band')) > 2000, 'band');
      assert.ok((await count_pixels(page, 'chart-mean')) > 200, 'mean');

      await page.getByRole('button', { name: '±5σ band' }).click();
      assert.equal(await count_pixels(page, 'chart-band'), 0);
      await page.getByRole('button', { name: 'Rolling mean' }).click();
      assert.equal(await count_pixels(page, 'chart-mean'), 0);
      assert.equal(new URL(page.url()).searchParams.get('hide'), 'band,mean');
    }),
  );
}

test('a theme chosen by hand repaints the chart in its colours', { skip }, () =>
  with_page({ theme: 'light' }, async (page) => {
    const { series } = await sample_series();
    await open(page, `/series/${series.history_fingerprint}`);
    const button = page.getByRole('button', { name: /^Theme/ });
    await button.click();
    await button.click();
    assert.equal(await button.getAttribute('aria-label'), 'Theme: dark');
    assert.ok((await count_pixels(page, 'chart-point')) > 500);
    await page.reload();
    await settled(page);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  }),
);

test('every tenth point is painted where the keyboard finds it', { skip }, () =>
  with_page({}, async (page) => {
    const { series, samples } = await sample_series();
    const last = samples.slice(-60);
    const [from, to] = [last[0].commit_timestamp, last.at(-1).commit_timestamp];
    await open(page, `/series/${series.history_fingerprint}?from=${from}&to=${to}&${only_points}`);
    const shown = await shown_points(page);
    assert.ok(shown >= 60, `${shown} points`);
    await chart_of(page).focus();
    await page.keyboard.press('End');
    for (let back = 0; back < 60; back++) {
      if (back % 10 === 0) {
        assert.ok(await colour_at_point(page, 'chart-point', 0), `point ${back} from the end`);
        const index = Number(await page.locator('.tip').getAttribute('data-point'));
        assert.equal(index, samples.length - 1 - back);
        const spoken = await chart_of(page).getAttribute('aria-valuetext');
        assert.ok(spoken.includes(samples[index].commit_hash.slice(0, 8)), spoken);
      }
      await page.keyboard.press('ArrowLeft');
    }
  }),
);

test('outliers and steps carry their marks', { skip }, () =>
  with_page({}, async (page) => {
    const { series, samples } = await sample_series();
    for (const [flag, colours] of [
      ['is_outlier', ['chart-outlier']],
      ['is_step', ['chart-step', 'chart-step-better']],
    ]) {
      const at = samples.findLastIndex((sample) => sample.zscorestats?.[flag]);
      if (at < 0) continue;
      const from = samples[Math.max(0, at - 4)].commit_timestamp;
      const to = samples[at].commit_timestamp;
      await open(page, `/series/${series.history_fingerprint}?from=${from}&to=${to}`);
      await chart_of(page).focus();
      await page.keyboard.press('End');
      let found = Number(await page.locator('.tip').getAttribute('data-point'));
      for (; found > at; found--) await page.keyboard.press('ArrowLeft');
      // The canvas is painted with the next frame, and again when the direction of the unit is known.
      let seen = [];
      for (let looks = 0; looks < 200 && !seen.includes(true); looks++) {
        if (looks > 0) await page.waitForTimeout(50);
        seen = await Promise.all(colours.map((name) => colour_at_point(page, name, 8)));
      }
      assert.ok(seen.includes(true), `${flag} at ${at}`);
    }
  }),
);

test('hovering names the point, clicking opens its result', { skip }, () =>
  with_page({}, async (page) => {
    const { series, samples } = await sample_series();
    await open(page, `/series/${series.history_fingerprint}`);
    await move_pointer(page, 0.3, 0.5);
    const spot = await page.locator('.chart .spot').boundingBox();
    await page.mouse.move(spot.x + spot.width / 2, spot.y + spot.height / 2);
    const index = Number(await page.locator('.tip').getAttribute('data-point'));
    const sample = samples[index];
    const inspector = page.getByRole('group', { name: 'Inspected point' });
    assert.ok((await inspector.innerText()).includes(sample.commit_hash.slice(0, 8)));
    await page.mouse.down();
    await page.mouse.up();
    await settled(page);
    assert.equal(new URL(page.url()).pathname, `/results/${sample.benchmark_result_id}`);
  }),
);

test('dragging zooms, the address keeps it, a double click shows all again', { skip }, () =>
  with_page({}, async (page) => {
    const { series } = await sample_series();
    await open(page, `/series/${series.history_fingerprint}`);
    const all = await shown_points(page);
    await move_pointer(page, 0.4, 0.5);
    await page.mouse.down();
    await move_pointer(page, 0.6, 0.5);
    await page.mouse.up();
    await page.waitForURL((url) => url.searchParams.has('from') && url.searchParams.has('to'));
    const zoomed = await shown_points(page);
    assert.ok(zoomed > all * 0.15 && zoomed < all * 0.25, `${zoomed} of ${all}`);
    await page.reload();
    await settled(page);
    assert.equal(await shown_points(page), zoomed);
    await page.getByRole('button', { name: 'By time' }).click();
    assert.equal(await shown_points(page), zoomed, 'a zoom survives a change of the axis');
    const box = await page.locator('.chart .u-over').boundingBox();
    await page.mouse.dblclick(box.x + box.width / 2, box.y + 4);
    await page.waitForURL((url) => !url.searchParams.has('from'));
    assert.equal(await shown_points(page), all);
  }),
);

test('a range is anchored at the newest point', { skip }, () =>
  with_page({}, async (page) => {
    const { series, samples } = await sample_series();
    await open(page, `/series/${series.history_fingerprint}`);
    await page.getByRole('button', { name: '1 year' }).click();
    const newest = Date.parse(samples.at(-1).commit_timestamp);
    const recent = samples.filter(
      (sample) => newest - Date.parse(sample.commit_timestamp) <= 365 * 86_400_000,
    );
    assert.equal(await shown_points(page), recent.length);
  }),
);

test('a comparison marks both of its results', { skip }, () =>
  with_page({}, async (page) => {
    const { samples } = await sample_series();
    const [baseline, contender] = [samples.at(-40), samples.at(-1)];
    await open(
      page,
      `/compare?baseline=${baseline.benchmark_result_id}` +
        `&contender=${contender.benchmark_result_id}`,
    );
    assert.ok((await count_pixels(page, 'chart-baseline')) > 20);
    assert.ok((await count_pixels(page, 'chart-contender')) > 20);
  }),
);

test('a hundred thousand points are drawn and walked', { skip }, () =>
  with_page({}, async (page) => {
    const { series, samples } = await sample_series();
    const count = 100_000;
    const many = Array.from({ length: count }, (_, i) => ({
      ...samples[i % samples.length],
      commit_message: null,
      run_tags: {},
      info: {},
      benchmark_result_id: `made-${i}`,
      commit_hash: i.toString(16).padStart(40, '0'),
      commit_timestamp: new Date(1.5e12 + i * 60_000).toISOString(),
      data: [],
    }));
    await page.route('**/api/history?*', (route) =>
      route.fulfill({
        json: {
          history_fingerprint: series.history_fingerprint,
          samples: many,
        },
      }),
    );
    await open(page, `/series/${series.history_fingerprint}`);
    assert.equal(await shown_points(page), count);
    assert.ok((await count_pixels(page, 'chart-point')) > 2000);
    await move_pointer(page, 0.52, 0.5);
    const index = Number(await page.locator('.tip').getAttribute('data-point'));
    assert.ok(index > count * 0.45 && index < count * 0.6, `${index}`);
  }),
);
