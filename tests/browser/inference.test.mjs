// Inference sweeps: fronts, calculator, history and what is known of ingests, over answers of the
// test's own (sweeps.mjs). What is painted is what the API said, to the digit.
import { readFile } from 'node:fs/promises';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  base,
  desktop,
  mobile,
  open,
  screenshot,
  serious_faults,
  settled,
  skip,
  with_browser,
  with_page,
} from './harness.mjs';
import { walk, watch } from './focus.mjs';
import { dates, frontier, with_sweeps } from './sweeps.mjs';

with_browser();

const query = (page) => new URL(page.url()).searchParams;
const k_asked = new URLSearchParams({ model: 'DeepSeek-R1-0528', sequence: '8k/1k' });
const k_b200 = 'b200_trt__fp8';

/** The places of a path's corners. */
const places = (path) =>
  [...path.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

test('points and curves lie where the API says', { skip }, () =>
  with_page({}, async (page) => {
    await with_sweeps(page);
    await open(page, '/inference?optimal=0');
    const told = frontier(k_asked).lines;
    const painted = await page
      .locator('.plane g[data-line]')
      .evaluateAll((groups) =>
        groups.map((group) => [
          group.dataset.line,
          group.querySelector('.curve').getAttribute('d'),
        ]),
      );
    assert.deepEqual(
      painted.map(([line]) => line),
      told.map(({ line }) => line),
    );
    // Two places of one curve give the axes; all others of all curves must fit them.
    const axis = (at) => {
      const [a, b] = [told[0].curve[0], told[0].curve.at(-1)];
      const [p, q] = [places(painted[0][1])[0], places(painted[0][1]).at(-1)];
      const scale = (q[at] - p[at]) / (b[at] - a[at]);
      return (value) => p[at] + (value - a[at]) * scale;
    };
    const [x_of, y_of] = [axis(0), axis(1)];
    for (const [i, [line, path]] of painted.entries()) {
      const found = places(path);
      assert.equal(found.length, told[i].curve.length, line);
      for (const [k, [x, y]] of told[i].curve.entries()) {
        assert.ok(Math.hypot(found[k][0] - x_of(x), found[k][1] - y_of(y)) < 0.05, `${line} ${k}`);
      }
    }
    // Every point is found by the keys, and told to the digit.
    await page.locator('.plane').focus();
    for (const _ of told) {
      await page.keyboard.press('Home');
      const shown = new Set();
      let first = null;
      for (let step = 0; step < 9; step++) {
        const panel = page.locator('[data-point]');
        const id = await panel.getAttribute('data-point');
        const line = told.find(({ points }) => points.some((point) => point.id === id));
        const point = line.points.find((one) => one.id === id);
        first ??= line.line;
        assert.equal(line.line, first, 'left and right stay on a line');
        assert.equal(await panel.locator('[data-value=x]').innerText(), String(point.x));
        assert.equal(await panel.locator('[data-value=y]').innerText(), String(point.y));
        const spot = page.locator('.spot');
        const [left, top] = await spot.evaluate(({ dataset }) => [dataset.left, dataset.top]);
        assert.ok(Math.hypot(left - x_of(point.x), top - y_of(point.y)) < 0.05, `point ${id}`);
        shown.add(id);
        await page.keyboard.press('ArrowRight');
      }
      assert.equal(shown.size, 9, first);
      await page.keyboard.press('ArrowDown');
    }
  }),
);

test('a point under the pointer is told; a click keeps it, in the address too', { skip }, () =>
  with_page({}, async (page) => {
    await with_sweeps(page);
    await open(page, '/inference');
    const point = frontier(k_asked).lines[0].points.find((one) => one.on_front);
    await page.locator('.plane').focus();
    await page.keyboard.press('ArrowRight');
    const [left, top] = await page
      .locator('.spot')
      .evaluate(({ dataset }) => [Number(dataset.left), Number(dataset.top)]);
    await page.keyboard.press('Escape');
    await page.locator('.tip').waitFor({ state: 'detached' });
    const box = await page.locator('.plane').boundingBox();
    await page.mouse.move(box.x + left + 4, box.y + top - 3);
    const tip = page.locator('.tip');
    await tip.getByText(`concurrency ${point.conc}`).waitFor();
    assert.ok((await tip.innerText()).includes('GB200 NVL72 (Dynamo TRT, MTP)'));
    await page.mouse.click(box.x + left + 4, box.y + top - 3);
    await page.waitForURL((url) => url.searchParams.get('point') === point.id);
    await page.mouse.move(5, 5);
    await tip.waitFor({ state: 'detached' });
    const run = page.getByRole('link', { name: `Run ${point.github_run_id}, attempt 2` });
    assert.equal(await run.getAttribute('href'), point.run_url);
    await page.getByText(point.origin.artifact).waitFor();
    await page.getByText('3 metrics').click();
    await page.getByText(String(point.metrics.tput_per_gpu)).first().waitFor();
    await page.reload();
    await settled(page);
    assert.equal(await page.locator('[data-point]').getAttribute('data-point'), point.id);
    await page.locator('.plane').focus();
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.searchParams.has('point'));
  }),
);

test('the legend leaves one line, then adds others; the link and the CSV say so', { skip }, () =>
  with_page({}, async (page) => {
    await with_sweeps(page);
    await open(page, '/inference');
    const legend = page.getByRole('group', { name: 'Lines' });
    const lines = () =>
      page.locator('.plane g[data-line]').evaluateAll((all) => all.map((one) => one.dataset.line));
    await legend.getByRole('button', { name: 'B200 (TRT) FP8' }).click();
    assert.deepEqual(await lines(), [k_b200]);
    assert.equal(query(page).get('lines'), k_b200);
    await legend.getByRole('button', { name: 'MI355X' }).click();
    assert.deepEqual(await lines(), [k_b200, 'mi355x_sglang__fp8']);
    const csv = new URL(await page.getByRole('link', { name: 'CSV' }).getAttribute('href'), base);
    assert.equal(csv.pathname, '/api/v1/inference/frontier');
    assert.deepEqual(Object.fromEntries(csv.searchParams), {
      model: 'DeepSeek-R1-0528',
      sequence: '8k/1k',
      lines: `${k_b200},mi355x_sglang__fp8`,
      optimal: 'true',
      format: 'csv',
    });
    await page.reload();
    await settled(page);
    assert.equal((await lines()).length, 2);
    await legend.getByRole('button', { name: 'Show all' }).click();
    assert.equal((await lines()).length, 4);
    assert.equal(query(page).get('lines'), null);
  }),
);

test('what is chosen stands in the address and in the question, defaults do not', { skip }, () =>
  with_page({}, async (page) => {
    const asked = await with_sweeps(page);
    const last = () =>
      Object.fromEntries(
        asked.findLast(({ pathname }) => pathname === '/api/v1/inference/frontier').searchParams,
      );
    await open(page, '/inference');
    assert.equal(new URL(page.url()).search, '');
    const standard = { model: 'DeepSeek-R1-0528', sequence: '8k/1k' };
    assert.deepEqual(last(), standard);
    await page.getByLabel('Metric').selectOption('y_costh');
    await page.getByLabel('Percentile').selectOption('p99');
    await page.getByRole('combobox', { name: 'As of', exact: true }).selectOption(dates[1]);
    await page.getByLabel('Beside it, as of').selectOption(dates[0]);
    await page.getByRole('button', { name: 'FP4', exact: true }).click();
    await page.getByRole('button', { name: 'Log y' }).click();
    await page.getByRole('button', { name: 'Only optimal' }).click();
    await settled(page);
    assert.deepEqual(last(), {
      ...standard,
      precisions: 'fp8',
      date: dates[1],
      metric: 'y_costh',
      percentile: 'p99',
      compare_date: dates[0],
    });
    assert.deepEqual(Object.fromEntries(query(page)), {
      compare: dates[0],
      date: dates[1],
      log: 'y',
      metric: 'y_costh',
      optimal: '0',
      pct: 'p99',
      prec: 'fp8',
    });
    assert.equal(await page.locator('.plane g.other').count(), 2);
    await page.getByText(`hollow and dotted: as of ${dates[0]}`).waitFor();
    const link = page.url();
    await page.goto('about:blank');
    await page.goto(link);
    await settled(page);
    assert.equal(page.url(), link);
    assert.equal(await page.getByLabel('Metric').inputValue(), 'y_costh');
    // Another model has other lines and days.
    await page.getByLabel('Model').selectOption('gpt-oss-120b');
    assert.equal(query(page).get('compare'), null);
    assert.equal(query(page).get('prec'), null);
  }),
);

test('the time to first token may be across for metrics of input tokens', { skip }, () =>
  with_page({}, async (page) => {
    const asked = await with_sweeps(page);
    await open(page, '/inference');
    assert.equal(await page.getByLabel('Or over').count(), 0);
    await page.getByLabel('Metric').selectOption('y_inputTputPerGpu');
    await page.getByLabel('Or over').selectOption('median_ttft');
    await settled(page);
    assert.equal(asked.at(-1).searchParams.get('x'), 'median_ttft');
    assert.equal(await page.getByLabel('Percentile').count(), 0);
    await page.getByRole('combobox', { name: 'Over', exact: true }).selectOption('e2e');
    await settled(page);
    assert.equal(asked.at(-1).searchParams.get('chart'), 'e2e');
    assert.equal(asked.at(-1).searchParams.get('x'), null);
  }),
);

test('the table has the rows of the chart', { skip }, () =>
  with_page({}, async (page) => {
    await with_sweeps(page);
    await open(page, '/inference?as=table');
    const rows = page.getByRole('region', { name: 'Points' }).locator('tbody tr');
    const told = frontier(k_asked).lines.flatMap(({ points }) => points);
    assert.equal(await rows.count(), told.filter((point) => point.on_front).length);
    await page.getByRole('button', { name: 'Only optimal' }).click();
    assert.equal(await rows.count(), told.length);
    const exact = await rows.nth(0).locator('td').nth(4).getAttribute('title');
    assert.ok(
      told.some((point) => String(point.y) === exact),
      exact,
    );
  }),
);

test('the calculator says what each line gives, between which points', { skip }, () =>
  with_page({}, async (page) => {
    const asked = await with_sweeps(page);
    await open(page, '/inference/calculator');
    const bars = page.locator('.bars > li');
    assert.equal(await bars.count(), 4);
    assert.ok((await bars.first().innerText()).includes('tok/s/gpu'));
    const runs = page.getByRole('link', { name: /^Run 4711/ });
    assert.equal(await runs.count(), 8);
    await page.getByRole('button', { name: 'Cost', exact: true }).click();
    await page.getByRole('button', { name: 'Output', exact: true }).click();
    await page.getByLabel('Prices').selectOption('costr');
    await page.getByRole('textbox', { name: 'Target' }).fill('50');
    await page.keyboard.press('Enter');
    await settled(page);
    assert.deepEqual(Object.fromEntries(query(page)), {
      bar: 'cost',
      provider: 'costr',
      target: '50',
      tokens: 'output',
    });
    const question = Object.fromEntries(asked.at(-1).searchParams);
    assert.equal(question.target, '50');
    assert.equal(question.provider, 'costr');
    await page.getByRole('textbox', { name: 'Target' }).fill('1000');
    await page.keyboard.press('Enter');
    await page.getByText('nothing is extrapolated').waitFor();
    await page.getByRole('heading', { name: 'Not measured around the target' }).waitFor();
  }),
);

test('the history is a line by day, dashed where nothing was measured since', { skip }, () =>
  with_page({}, async (page) => {
    await with_sweeps(page);
    await open(page, '/inference/history?at=40');
    await page
      .getByRole('heading', { name: 'Token Throughput per GPU at 40 tok/s/user' })
      .waitFor();
    assert.equal(await page.locator('.plane .tail').count(), 4);
    await page.locator('.plane').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.locator('.tip').getByText(dates[0]).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Its frontier of that day' }).click();
    await settled(page);
    assert.equal(query(page).get('date'), dates[0]);
    assert.equal(await page.locator('.plane g[data-line]').count(), 1);
  }),
);

test('the other parts say what there is', { skip }, () =>
  with_page({}, async (page) => {
    await with_sweeps(page);
    await open(page, '/inference/availability');
    const row = page.getByRole('row', { name: 'DeepSeek R1 0528' });
    assert.equal(await row.getByRole('cell').nth(2).innerText(), dates[2]);
    await open(page, '/inference/evaluations');
    await page.getByLabel('Task').selectOption('gpqa_diamond_cot_n_shot');
    await page.getByRole('cell', { name: '0.650' }).waitFor();
    assert.equal(await page.locator('tbody tr').count(), 1);
    await open(page, '/inference/reliability');
    await page.getByRole('row', { name: 'B200 9 18 50.00' }).waitFor();
    await page.getByRole('button', { name: '3 days' }).click();
    await page.getByRole('row', { name: 'B200 9 9 100.00' }).waitFor();
    assert.equal(query(page).get('days'), '3');
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const saved = await readFile(await (await saving).path(), 'utf8');
    assert.match(saved, /^hardware,succeeded,jobs,percent\r\n(.*\r\n)*b200,9,9,100\r\n/);
    await open(page, '/inference/submissions');
    assert.equal(await page.locator('.weeks > li').count(), 3);
    await open(page, '/inference/skipped');
    const unknown = page.getByRole('region', { name: 'Hardware' });
    await unknown.getByText('vr300-nv').waitFor();
    await unknown.getByText('in 2 ingests').waitFor();
    await page.getByText('5 skips').click();
    await page.getByText('bmk_x.zip/agg.json#/3').waitFor();
    await page.getByRole('button', { name: 'Only with something skipped' }).click();
    await page.getByText('sweeps/2026-06-08').waitFor({ state: 'detached' });
  }),
);

test('what is looked at goes along from part to part', { skip }, () =>
  with_page({}, async (page) => {
    await with_sweeps(page);
    await open(page, '/inference?seq=1k/1k&optimal=0');
    await page.getByRole('link', { name: 'Calculator' }).click();
    await settled(page);
    assert.equal(query(page).get('seq'), '1k/1k');
    assert.equal(query(page).get('optimal'), null);
    await page.getByRole('link', { name: 'Inference', exact: true }).waitFor();
  }),
);

test('without sweeps the page says how to ingest; a log is asked for when opened', { skip }, () =>
  with_page({}, async (page) => {
    const asked = await with_sweeps(page, { '/api/v1/availability': () => [] });
    await open(page, '/inference');
    await page.getByText('benchlake inference ingest DIR').waitFor();
    await page.getByRole('link', { name: 'what was skipped' }).click();
    await page.getByRole('heading', { name: 'Unknown names' }).waitFor();
    await page.unrouteAll();
    await with_sweeps(page);
    const logged = frontier(k_asked).lines[1].points.find((one) => one.has_server_log);
    await open(page, `/inference?optimal=0&point=${logged.id}`);
    assert.ok(!asked.some(({ pathname }) => pathname === '/api/v1/server-log'));
    await page.getByText('Server log', { exact: true }).click();
    await page.getByText('engine started').waitFor();
  }),
);

test('a problem is shown with its sentence, and trying again helps', { skip }, () =>
  with_page({ faults_expected: true }, async (page) => {
    await with_sweeps(page);
    const refuse = (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/json',
        body: '{"error":"the store is busy"}',
      });
    for (const [path, source] of [
      ['/inference', '**/api/v1/availability'],
      ['/inference', '**/api/v1/inference/frontier?*'],
      ['/inference/evaluations', '**/api/v1/evaluations'],
    ]) {
      await page.route(source, refuse);
      await page.goto(base + path);
      await page.getByRole('alert').getByText('the store is busy').waitFor();
      await page.unroute(source, refuse);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('alert').waitFor({ state: 'detached' });
    }
    await open(page, '/inference/nothing');
    await page.getByText('Nothing lives at /inference/nothing').waitFor();
  }),
);

test('a tap inspects a point', { skip }, () =>
  with_page({ viewport: mobile }, async (page) => {
    await with_sweeps(page);
    await open(page, '/inference');
    await page.locator('.plane').scrollIntoViewIfNeeded();
    await page.locator('.plane').focus();
    await page.keyboard.press('End');
    const box = await page.locator('.plane').boundingBox();
    const [left, top] = await page
      .locator('.spot')
      .evaluate(({ dataset }) => [Number(dataset.left), Number(dataset.top)]);
    await page.keyboard.press('Escape');
    await page.touchscreen.tap(box.x + left, box.y + top);
    await page.locator('.tip').waitFor();
    await page.locator('[data-point]').waitFor();
  }),
);

const k_looks = {
  frontier: `/inference?compare=${dates[0]}`,
  e2e: '/inference?chart=e2e&optimal=0&log=x,y',
  table: '/inference?metric=y_costh&as=table',
  calculator: '/inference/calculator',
  history: '/inference/history',
  availability: '/inference/availability',
  evaluations: '/inference/evaluations',
  reliability: '/inference/reliability',
  submissions: '/inference/submissions',
  skipped: '/inference/skipped',
};

test('the focus is seen in every part, in order, never kept', { skip }, async () => {
  const wrong = [];
  for (const [name, path] of Object.entries(k_looks)) {
    await with_page({}, async (page) => {
      await with_sweeps(page);
      await page.addInitScript(watch);
      await open(page, path);
      const forth = await walk(page, 'Tab', 120);
      assert.ok(forth.walked > 20, `${name} has ${forth.walked} stops`);
      wrong.push(...forth.wrong.map((one) => `${name}: ${one}`));
    });
  }
  assert.deepEqual(wrong, []);
});

for (const [device, viewport] of Object.entries({ desktop, mobile })) {
  for (const theme of ['light', 'dark']) {
    test(`every part on ${device} in ${theme} fits and is accessible`, { skip }, async () => {
      for (const [name, path] of Object.entries(k_looks)) {
        await with_page({ viewport, theme }, async (page) => {
          await with_sweeps(page);
          await open(page, path);
          await screenshot(page, `inference-${name}-${device}-${theme}`);
          const over = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          assert.ok(over <= 1, `${name} is ${over} pixels too wide`);
          assert.deepEqual(await serious_faults(page), [], `${name} ${device} ${theme}`);
        });
      }
    });
  }
}
