// Clicks from view to view, as a person does who asks what got slower.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  api,
  base,
  open,
  sample_series,
  settled,
  skip,
  views,
  with_browser,
  with_page,
} from './harness.mjs';

with_browser();

const path_of = (page) => new URL(page.url()).pathname;
const query_of = (page) => new URL(page.url()).searchParams;

test('home tells what the store holds and leads into it', { skip }, () =>
  with_page({}, async (page) => {
    const facts = await api('/api/v1/facts');
    await open(page, '/');
    assert.equal(await page.locator('h1').innerText(), 'What needs attention');
    await page.getByText(facts.results.toLocaleString('en-US')).waitFor();
    for (const title of ['Got slower', 'Got faster', 'Recent runs']) {
      await page.getByRole('region', { name: title }).waitFor();
    }
    const changed = await api('/api/series?status=regressed&sort=change&page_size=8');
    const rows = page.getByRole('region', { name: 'Got slower' }).locator('li a');
    if (changed.series.length > 0) {
      assert.equal(await rows.count(), changed.series.length);
      await rows.first().click();
      await settled(page);
      assert.equal(path_of(page), `/series/${changed.series[0].history_fingerprint}`);
      assert.match(await page.locator('.view-head').innerText(), /Regressed/);
    }
  }),
);

test('every view opens from its address, titled', { skip }, async () => {
  for (const [name, path] of Object.entries(await views())) {
    await with_page({}, async (page) => {
      await open(page, path);
      assert.notEqual(await page.locator('main h1').innerText(), '', name);
      assert.match(await page.title(), /benchlake$/, name);
      assert.equal(await page.locator('[role=alert]').count(), 0, name);
    });
  }
});

test('the navigation reaches every view it names and marks where one is', { skip }, () =>
  with_page({}, async (page) => {
    await open(page, '/');
    for (const [label, path] of [
      ['Series', '/series'],
      ['Runs', '/runs'],
      ['Results', '/results'],
      ['CI', '/ci/report'],
      ['Compare', '/compare'],
      ['API', '/docs'],
      ['Home', '/'],
    ]) {
      await page.getByRole('navigation').getByRole('link', { name: label, exact: true }).click();
      await settled(page);
      assert.equal(path_of(page), path);
      const current = page.locator('nav [aria-current=page]');
      assert.equal((await current.innerText()).trim(), label);
    }
  }),
);

test('series are searched, filtered and sorted, and the address remembers it', { skip }, () =>
  with_page({}, async (page) => {
    const { series } = await sample_series();
    const part = series.name.slice(-8);
    await open(page, '/series');
    const first_page = await page.locator('tbody tr').count();
    assert.equal(first_page, 25);
    await page.getByRole('button', { name: 'Load 25 more' }).click();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50);

    await page.getByLabel('Filter by name or parameter').fill(part);
    await page.waitForURL((url) => url.searchParams.get('q') === part);
    await settled(page);
    const found = await api(`/api/series?q=${encodeURIComponent(part)}&page_size=25`);
    await page.waitForFunction(
      (n) => document.querySelectorAll('tbody tr').length === n,
      found.series.length,
    );

    await page.getByRole('button', { name: 'Stable' }).click();
    await page.getByLabel('Sort').selectOption('name');
    await settled(page);
    assert.deepEqual(
      [...query_of(page)],
      [
        ['q', part],
        ['sort', 'name'],
        ['status', 'stable'],
      ],
    );
    await page.reload();
    await settled(page);
    assert.equal(await page.getByLabel('Filter by name or parameter').inputValue(), part);
    assert.equal(
      await page.getByRole('button', { name: 'Stable' }).getAttribute('aria-pressed'),
      'true',
    );
    assert.equal(await page.getByLabel('Sort').inputValue(), 'name');

    await open(page, '/series?q=no-such-benchmark-anywhere');
    await page.getByText('No series fits these filters').waitFor();
  }),
);

test('a series leads to its trend, a sample to its result, and back', { skip }, () =>
  with_page({}, async (page) => {
    await open(page, '/series');
    await page.locator('tbody a[data-row-link]').first().click();
    await settled(page);
    const trend = path_of(page);
    assert.match(trend, /^\/series\/[0-9a-f]{32}$/);
    await page.locator('tbody a[data-row-link]').first().click();
    await settled(page);
    assert.match(path_of(page), /^\/results\//);
    await page.getByRole('link', { name: 'Open trend' }).click();
    await settled(page);
    assert.equal(path_of(page), trend);
    await page.goBack();
    await page.goBack();
    await settled(page);
    assert.equal(path_of(page), trend);
  }),
);

test('a result shows its value, statistics, repetitions and circumstances', { skip }, () =>
  with_page({}, async (page) => {
    const { samples } = await sample_series();
    const result = await api(`/api/benchmark-results/${samples.at(-1).benchmark_result_id}`);
    await open(page, `/benchmark-results/${result.id}`);
    const text = await page.locator('main').innerText();
    for (const part of [result.run_id, result.hardware.name, result.commit.sha.slice(0, 8)]) {
      assert.ok(text.includes(part), part);
    }
    assert.equal(await page.locator('main ol li').count(), Math.min(60, result.data.length));
    const exact = `${result.single_value_summary} ${result.unit}`;
    assert.ok((await page.locator(`[title="${exact}"]`).count()) > 0, exact);
  }),
);

test('a run lists its results page by page', { skip }, () =>
  with_page({}, async (page) => {
    const { runs } = await api('/api/runs/recent?page_size=25');
    const run = runs.find((one) => one.result_count > 50) ?? runs[0];
    await open(page, `/runs/${encodeURIComponent(run.run_id)}`);
    assert.equal(await page.locator('tbody tr').count(), Math.min(50, run.result_count));
    if (run.result_count > 50) {
      await page.getByRole('button', { name: 'Load 50 more' }).click();
      await page.waitForFunction(
        (n) => document.querySelectorAll('tbody tr').length === n,
        Math.min(100, run.result_count),
      );
    }
  }),
);

test('two samples are picked and compared', { skip }, () =>
  with_page({}, async (page) => {
    const { series, samples } = await sample_series();
    await open(page, '/compare');
    await page.getByLabel('Filter series').fill(series.name.slice(-12));
    await page.locator(`a[href="/compare?series=${series.history_fingerprint}"]`).click();
    await page
      .getByRole('button', { name: /^Baseline/ })
      .nth(30)
      .click();
    await page
      .getByRole('button', { name: /^Contender/ })
      .first()
      .click();
    await page.getByRole('link', { name: 'Compare picked' }).click();
    await settled(page);
    assert.equal(query_of(page).get('contender'), samples.at(-1).benchmark_result_id);
    const answer = await api(
      `/api/compare/benchmark-results?baseline_result_id=${query_of(page).get('baseline')}` +
        `&contender_result_id=${query_of(page).get('contender')}`,
    );
    const percent = Math.abs(answer.analysis.pairwise.percent_change);
    const pairwise = await page.getByRole('region', { name: 'Pairwise' }).innerText();
    assert.ok(
      pairwise.includes(percent >= 100 ? percent.toFixed(0) : percent.toFixed(1)),
      pairwise,
    );
    if (answer.analysis.lookback_z_score) {
      const lookback = await page.getByRole('region', { name: 'Lookback' }).innerText();
      const { z_score } = answer.analysis.lookback_z_score;
      const words = `${Math.abs(z_score).toFixed(2)} σ ${z_score < 0 ? 'worse' : 'better'}`;
      assert.ok(lookback.includes(words), lookback);
    }
    const before_swap = query_of(page).get('baseline');
    await page.getByRole('link', { name: 'Swap sides' }).click();
    await settled(page);
    assert.equal(query_of(page).get('contender'), before_swap);
  }),
);

test('the search box finds series and takes the keyboard', { skip }, () =>
  with_page({}, async (page) => {
    const { series } = await sample_series();
    await open(page, '/');
    await page.keyboard.press('/');
    const box = page.getByRole('combobox', { name: 'Search everything' });
    assert.ok(await box.evaluate((element) => element === document.activeElement));
    await page.keyboard.type(series.name);
    const hit = page.getByRole('option').first();
    await hit.waitFor();
    await page.keyboard.press('ArrowDown');
    assert.equal(await hit.getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Enter');
    await settled(page);
    assert.match(path_of(page), /^\/series\/[0-9a-f]{32}$/);

    await page.keyboard.press('Control+k');
    await page.keyboard.type(series.name);
    await hit.waitFor();
    const href = await hit.getAttribute('href');
    await hit.click();
    await settled(page);
    assert.equal(path_of(page), href, 'a hit is a link');

    await page.keyboard.press('Control+k');
    await page.keyboard.type('time_');
    await page.keyboard.press('Enter');
    await settled(page);
    assert.equal(page.url(), `${base}/series?q=time_`);
  }),
);

test('rows are walked with j and k, opened with Enter', { skip }, () =>
  with_page({}, async (page) => {
    await open(page, '/series');
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('href'));
    const hrefs = await page
      .locator('a[data-row-link]')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    await page.keyboard.press('j');
    assert.equal(await focused(), hrefs[0]);
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(), hrefs[2]);
    await page.keyboard.press('k');
    assert.equal(await focused(), hrefs[1]);
    await page.keyboard.press('Enter');
    await settled(page);
    assert.equal(path_of(page), hrefs[1]);
    const heading_has_focus = await page.evaluate(() => document.activeElement.tagName === 'H1');
    assert.ok(heading_has_focus, 'focus follows to the new view');
  }),
);

test(
  'a view that is fetched when it is opened gets the focus, or says what went wrong',
  { skip },
  async () => {
    await with_page({}, async (page) => {
      await open(page, '/');
      await page.getByRole('navigation').getByRole('link', { name: 'API', exact: true }).click();
      await settled(page);
      await page.waitForFunction(() => document.activeElement.tagName === 'H1');
    });
    await with_page({ faults_expected: true }, async (page) => {
      await open(page, '/');
      await page.route('**/assets/Docs-*.js', (route) => route.abort());
      await page.getByRole('navigation').getByRole('link', { name: 'API', exact: true }).click();
      await page.getByRole('alert').waitFor();
      await page.unroute('**/assets/Docs-*.js');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('details.operation').first().waitFor();
    });
  },
);

test('the reference lists the operations of the served document', { skip }, () =>
  with_page({}, async (page) => {
    const document = await api('/openapi.json');
    await open(page, '/docs');
    const methods = ['get', 'post', 'put', 'patch', 'delete', 'head'];
    const operations = Object.values(document.paths).flatMap((item) =>
      methods.filter((method) => item[method]),
    );
    assert.equal(await page.locator('details.operation').count(), operations.length);
    await page.locator('details.operation > summary').first().click();
    await page.locator('details.operation[open] pre').first().waitFor();
    await page.getByLabel('Filter operations').fill('/api/history');
    await page.waitForURL((url) => url.searchParams.get('q') === '/api/history');
    assert.ok((await page.locator('details.operation').count()) < operations.length);
  }),
);

test('the status shows what the server says of itself, and follows it', { skip }, () =>
  with_page({}, async (page) => {
    const now = await api('/api/v1/status');
    await open(page, '/status');
    const store = page.getByRole('region', { name: 'Store' });
    const results = now.store.facts.find((fact) => fact.name === 'results').value;
    await store.getByText(results.toLocaleString('en-US'), { exact: true }).waitFor();
    await page.getByText('Works').waitFor();
    await page.waitForResponse((answer) => answer.url().endsWith('/api/v1/status'));
  }),
);

test('the way back finds the pages that were loaded, and the place', { skip }, () =>
  with_page({}, async (page) => {
    await open(page, '/series');
    await page.getByRole('button', { name: 'Load 25 more' }).click();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50);
    const row = page.locator('a[data-row-link]').nth(40);
    await row.scrollIntoViewIfNeeded();
    const top = await page.evaluate(() => window.scrollY);
    assert.ok(top > 300);
    await row.click();
    await settled(page);
    assert.match(path_of(page), /^\/series\/./);
    assert.equal(await page.evaluate(() => window.scrollY), 0);
    await page.goBack();
    await settled(page);
    assert.equal(await page.locator('tbody tr').count(), 50);
    await page.waitForFunction((y) => window.scrollY === y, top);
  }),
);

test('results are filtered by reason and by day', { skip }, () =>
  with_page({}, async (page) => {
    const { results } = await api('/api/benchmark-results?page_size=1');
    const day = results[0].timestamp.slice(0, 10);
    await open(page, '/results');
    await page.getByLabel('Measured from').fill(day);
    await page.getByLabel('Measured from').blur();
    await page.waitForURL((url) => url.searchParams.get('from') === day);
    await settled(page);
    assert.ok((await page.locator('tbody tr').count()) > 0);
    await page.getByLabel('Run reason').fill('no such reason');
    await page.getByLabel('Run reason').blur();
    await page.getByText('No result fits these filters').waitFor();
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await settled(page);
    assert.equal(page.url(), `${base}/results`);
  }),
);
