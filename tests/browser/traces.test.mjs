// Traces, sent to a server of the test's own as exporters do: found, looked into, compared.
// BENCHLAKE_PROGRAM is the program; without it the tests are skipped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expect_fitting } from './fits.mjs';
import { settled, skip_server, with_browser, with_page, with_server } from './harness.mjs';
import {
  big,
  big_requests,
  nobodys,
  rootless,
  rootless_request,
  run_requests,
  send,
  shop,
  shop_request,
  slower,
} from './traces.mjs';

with_browser({ always: true });

/** Whole milliseconds, a few minutes ago: within the last hour. */
const k_start = Math.floor(Date.now() / 1000) * 1000 - 300_000;

function with_traces(use) {
  return with_server({}, async (server) => {
    await send(server, shop_request(k_start));
    await send(server, shop_request(k_start + 60_000, slower, 160));
    await send(server, rootless_request(k_start + 120_000));
    await use(server);
  });
}

async function open(page, url) {
  await page.goto(url);
  await settled(page);
}

const plain = (text) => text.replaceAll('\u00a0', ' ');
const found_rows = (page) =>
  page.getByRole('region', { name: 'The newest first' }).locator('tbody tr');
const span_row = (page, name) => page.getByRole('treeitem', { name });

test('the newest traces are listed, and narrowed by what is asked', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces?since=1h`);
      const texts = (await found_rows(page).allInnerTexts()).map(plain);
      assert.equal(texts.length, 3);
      assert.match(texts[0], /Root not received/);
      assert.match(texts[1], /GET \/checkout[^]*frontend[^]*1 failed[^]*180\.0 ms/);
      assert.match(texts[2], /100\.0 ms/);
      for (const [query, count] of [
        ['service=worker', 1],
        ['service=db', 2],
        ['status=error', 2],
        ['min_duration=150ms', 1],
        ['service=cache&max_duration=20ms', 2],
        ['operation=charge', 2],
        [`attribute=${encodeURIComponent('card=visa "x" <b>')}`, 2],
        ['attribute=cents%3D4200', 2],
        [`q=${encodeURIComponent('{ span.cents > 4000 && duration > 100ms }')}`, 1],
        ['service=nobody', 0],
      ]) {
        await open(page, `${url}/traces?since=1h&${query}`);
        assert.equal(await found_rows(page).count(), count, query);
      }
      await page.getByText('No trace fits in this time').waitFor();
    }),
  ),
);

test('what is typed stands in the address; a duration needs its unit', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces?since=1h`);
      await page.getByLabel('Service').selectOption('cache');
      await page.waitForFunction(() => window.location.search.includes('service=cache'));
      await settled(page);
      assert.equal(await found_rows(page).count(), 2);
      const least = page.getByLabel('At least');
      await least.fill('5');
      await least.press('Tab');
      assert.ok(!page.url().includes('min_duration'));
      assert.match(await least.evaluate((field) => field.validationMessage), /with its unit/);
      await least.fill('20ms');
      await least.press('Tab');
      await page.waitForFunction(() => window.location.search.includes('min_duration=20ms'));
      await settled(page);
      assert.equal(await found_rows(page).count(), 0);
    }),
  ),
);

test('an id leads to its trace, in any case, with its zeros left out', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces`);
      await page.getByLabel('Trace id').fill('ABC');
      await page.getByRole('button', { name: 'Open' }).click();
      await page.getByRole('heading', { name: 'Root not received' }).waitFor();
      await settled(page);
      const text = await page.locator('main').innerText();
      assert.match(text, /parent/);
      assert.ok(rootless.endsWith('abc'));
    }),
  ),
);

test('the waterfall stands where the times say', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces/${shop}`);
      const names = await page
        .getByRole('treeitem')
        .evaluateAll((rows) =>
          rows.map((row) => [
            row.querySelector('.words').innerText,
            row.querySelector('.took').innerText,
            row.getAttribute('aria-level'),
          ]),
        );
      assert.deepEqual(
        names.map(([words, took, level]) => [plain(words), plain(took), level]),
        [
          ['GET /checkout frontend', '100.0 ms', '1'],
          ['charge checkout', '80.00 ms', '2'],
          ['insert order db', '50.00 ms', '3'],
          ['get session cache', '15.00 ms failed', '2'],
        ],
      );
      const bars = await page
        .locator('.bar')
        .evaluateAll((found) => found.map(({ style }) => [style.left, style.width]));
      assert.deepEqual(bars, [
        ['0%', '100%'],
        ['10%', '80%'],
        ['20%', '50%'],
        ['15%', '15%'],
      ]);
      // The end waited for the front end, the charge and the order in it, never for the cache.
      const critical = await page.locator('.critical').evaluateAll((found) => {
        const lengths = {};
        for (const { style, parentElement } of found) {
          const words = parentElement.closest('[role=treeitem]').querySelector('.words');
          const name = words.textContent.split('\u00a0')[0];
          lengths[name] = (lengths[name] ?? 0) + parseFloat(style.width);
        }
        return lengths;
      });
      assert.deepEqual(Object.keys(critical).sort(), ['GET /checkout', 'charge', 'insert order']);
      assert.equal(Math.round(critical['insert order']), 50);
      assert.equal(Math.round(critical.charge), 30);
      assert.equal(Math.round(critical['GET /checkout']), 20);
    }),
  ),
);

test('rows fold and are walked with the keyboard', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces/${shop}`);
      const tree = page.getByRole('tree');
      await tree.focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowDown');
      await page.waitForFunction(() => window.location.search.includes('span=0000000000000002'));
      await page.keyboard.press('ArrowLeft');
      assert.equal(await span_row(page, /charge/).getAttribute('aria-expanded'), 'false');
      assert.equal(await span_row(page, /insert order/).count(), 0);
      await page.keyboard.press('ArrowDown');
      assert.equal(await span_row(page, /get session/).getAttribute('aria-selected'), 'true');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('ArrowRight');
      assert.equal(await span_row(page, /insert order/).count(), 1);
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowLeft');
      assert.equal(await span_row(page, /GET/).getAttribute('aria-selected'), 'true');
    }),
  ),
);

test('a span tells all that it was sent with', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces/${shop}?span=0000000000000002`);
      const panel = page.getByRole('region', { name: 'Span' });
      await panel.getByRole('heading', { name: 'charge' }).waitFor();
      const text = plain(await panel.innerText());
      for (const part of [
        'visa "x" <b>',
        '4200',
        'retry',
        'busy',
        '80.00 ms',
        '30.00 ms',
        'shop 1.2',
      ]) {
        assert.ok(text.includes(part), `${part} in ${text}`);
      }
      assert.equal(await span_row(page, /charge/).getAttribute('aria-selected'), 'true');
      await panel.getByRole('button', { name: 'Zoom to it' }).click();
      const { left, width } = await span_row(page, /charge/)
        .locator('.bar')
        .evaluate(({ style }) => ({ left: style.left, width: style.width }));
      assert.deepEqual([left, width], ['0%', '100%']);
      await page.getByRole('button', { name: /^All/ }).click();
      await span_row(page, /get session/).click();
      await page.getByText('failed: no route to host').waitFor();
    }),
  ),
);

test('a span is found by a part of its name', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces/${shop}`);
      await page.getByLabel('Find a span').fill('SESSION');
      await page.getByText('1 span', { exact: true }).waitFor();
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => window.location.search.includes('span=0000000000000004'));
    }),
  ),
);

test('own time is as wide as it was long in the flame graph', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces/${shop}?part=flame`);
      const flame = page.getByRole('region', { name: 'Flame graph' });
      const widths = async () =>
        Object.fromEntries(
          await flame
            .locator('.flame button')
            .evaluateAll((frames) =>
              frames.map((frame) => [frame.title.split(':')[0], parseFloat(frame.style.width)]),
            ),
        );
      // Own: front end 20, charge 30, order 50, cache 15.
      const own = await widths();
      assert.equal(Math.round(own['frontend · GET /checkout']), 100);
      assert.equal(Math.round((own['db · insert order'] * 115) / 100), 50);
      assert.equal(Math.round((own['cache · get session'] * 115) / 100), 15);
      await flame.getByRole('button', { name: 'Critical path' }).click();
      const critical = await widths();
      assert.ok(!('cache · get session' in critical));
      assert.equal(Math.round(critical['db · insert order']), 50);
      await flame.getByRole('button', { name: 'insert order' }).click();
      assert.equal(Math.round((await widths())['db · insert order']), 100);
      await flame.getByRole('button', { name: 'All of it' }).click();
    }),
  ),
);

test('operations are ordered by what the trace waited for', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces/${shop}?part=operations`);
      const rows = await page
        .getByRole('region', { name: 'What the trace waited for' })
        .locator('tbody tr')
        .allInnerTexts();
      assert.deepEqual(
        rows.map((text) => text.split('\n')[0].trim()),
        ['insert order', 'charge', 'GET /checkout', 'get session'],
      );
      assert.match(plain(rows[0]), /50\.00 ms\s+50\.0 %/);
    }),
  ),
);

test('two traces are picked and compared', { skip: skip_server }, () =>
  with_traces(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces?since=1h&service=frontend`);
      for (const id of [shop, slower]) {
        await page
          .locator('tbody tr')
          .filter({ has: page.locator(`a[href="/traces/${id}"]`) })
          .getByRole('button', { name: 'Compare' })
          .click();
      }
      await page.getByRole('link', { name: 'Compare the two' }).click();
      await page.getByRole('heading', { name: 'Two traces' }).waitFor();
      await settled(page);
      const text = plain(await page.locator('main').innerText());
      assert.match(text, /Duration\s+100\.0 ms\s+180\.0 ms\s+\+80\.00 ms/);
      assert.match(text, /Structure unchanged/);
      assert.match(text, /Duration increased/);
    }),
  ),
);

const k_before = '/traces/runs?base=before&compare=after';
function with_runs(use) {
  return with_server({}, async (server) => {
    for (const body of run_requests(k_start, 'before', 100, 8, 80)) await send(server, body);
    for (const body of run_requests(k_start, 'after', 200, 8, 110)) await send(server, body);
    await use(server);
  });
}
const path_rows = (page) =>
  page.getByRole('region', { name: 'What changed more than by chance' }).locator('tbody tr');

test('the traces of two runs are compared, and noise is not told', { skip: skip_server }, () =>
  with_runs(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/traces?since=1h`);
      await page.getByRole('link', { name: 'Compare runs' }).click();
      await page.getByText('Two runs are needed').waitFor();
      await page.getByRole('textbox', { name: 'Baseline run' }).fill('before');
      await page.getByRole('textbox', { name: 'Contender run' }).fill('after');
      await page.getByRole('button', { name: 'Compare' }).click();
      await page.getByRole('heading', { name: 'It takes longer' }).waitFor();
      assert.equal(new URL(page.url()).search, '?base=before&compare=after');
      const whole = plain(await page.getByRole('region', { name: 'It takes longer' }).innerText());
      assert.match(whole, /Traces\s+8\s+8/);
      assert.match(whole, /Median\s+101\.0 ms\s+131\.0 ms\s+\+30\.00 ms/);
      const rows = (await path_rows(page).allInnerTexts()).map(plain);
      assert.match(rows[0], /^insert order\s+db\s+in GET \/checkout\s+› charge\s+\+30\.00 ms/);
      assert.ok(!rows.some((row) => row.includes('get session')));
      await page.getByRole('textbox', { name: 'Contender run' }).fill('before');
      await page.getByRole('button', { name: 'Compare' }).click();
      await page.getByRole('heading', { name: 'No more than noise' }).waitFor();
      await page.getByText('None of 4 paths').waitFor();
    }),
  ),
);

test('a run without traces is said to have none', { skip: skip_server }, () =>
  with_runs(({ url }) =>
    with_page({ at: url, faults_expected: true }, async (page) => {
      await open(page, `${url}/traces/runs?base=before&compare=nobodys`);
      await page.getByText('no trace of what is compared').waitFor();
    }),
  ),
);

test(
  'the comparison of runs fits, is accessible and obeys the keyboard',
  { skip: skip_server },
  () =>
    with_runs(({ url }) =>
      expect_fitting(url, 'trace_runs', { chosen: k_before, empty: '/traces/runs' }),
    ),
);

test(
  'a hundred thousand spans scroll, and only what is in sight is drawn',
  { skip: skip_server },
  () =>
    with_server({}, async (server) => {
      const count = 100_000;
      for (const body of big_requests(k_start, count)) await send(server, body);
      await with_page({ at: server.url }, async (page) => {
        await open(page, `${server.url}/traces/${big}`);
        const tree = page.getByRole('tree');
        assert.ok((await page.getByRole('treeitem').count()) < 100);
        await tree.focus();
        await page.keyboard.press('End');
        await span_row(page, new RegExp(`step ${count}\\b`)).waitFor();
        const last = span_row(page, new RegExp(`step ${count}\\b`));
        assert.equal(await last.getAttribute('aria-selected'), 'true');
        assert.equal(await last.getAttribute('aria-posinset'), String(count));
        assert.ok((await page.getByRole('treeitem').count()) < 100);
        await tree.evaluate((box) => (box.scrollTop = box.scrollHeight / 2));
        await span_row(page, /step (49|50)\d{3}\b/)
          .first()
          .waitFor();
      });
    }),
);

test('a trace that nobody sent is said to be none', { skip: skip_server }, () =>
  with_server({}, ({ url }) =>
    with_page({ at: url, faults_expected: true }, async (page) => {
      await open(page, `${url}/traces/${nobodys}`);
      await page.getByRole('heading', { name: 'There is no such trace' }).waitFor();
      await open(page, `${url}/traces`);
      await page.getByText('OTEL_EXPORTER_OTLP_ENDPOINT').waitFor();
    }),
  ),
);

const k_looks = {
  list: '/traces?since=1h',
  waterfall: `/traces/${shop}?span=0000000000000002`,
  flame: `/traces/${shop}?part=flame`,
  operations: `/traces/${shop}?part=operations`,
  compared: `/traces/compare/${shop}...${slower}`,
};

test('every part fits, is accessible and obeys the keyboard', { skip: skip_server }, () =>
  with_traces(({ url }) => expect_fitting(url, 'traces', k_looks)),
);
