// From a run to its baselines, its changes, a comparison of two runs and of two of its results.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, open, sample_runs, settled, skip, with_browser, with_page } from './harness.mjs';

with_browser();

const at = encodeURIComponent;
const path_of = (page) => decodeURIComponent(new URL(page.url()).pathname);
const query_of = (page) => new URL(page.url()).searchParams;

/** All pairs of two runs, as the legacy dialect has them. */
async function pairs_of({ baseline, contender }) {
  const pairs = [];
  let cursor = '';
  do {
    const more = cursor && `&cursor=${at(cursor)}`;
    const page = await api(
      `/api/compare/runs/${at(baseline)}...${at(contender)}/?page_size=1000${more}`,
    );
    pairs.push(...page.data);
    cursor = page.metadata.next_page_cursor;
  } while (cursor);
  return pairs;
}

test('a run names its baselines, and why one is missing', { skip }, () =>
  with_page({}, async (page) => {
    const { run } = await sample_runs();
    await open(page, `/runs/${at(run.id)}`);
    const panel = page.getByRole('region', { name: 'Baselines' });
    for (const { baseline_run_id, error } of Object.values(run.candidate_baseline_runs)) {
      await panel
        .getByText(baseline_run_id ?? error, { exact: true })
        .first()
        .waitFor();
    }
    await panel.getByText('recommended').waitFor();
    await panel.locator('a.button').first().click();
    await settled(page);
    assert.match(path_of(page), /^\/compare\/runs\/.+\.\.\..+$/);
    assert.ok(path_of(page).endsWith(`...${run.id}`));
  }),
);

test('two runs are compared row by row, judged as the address says', { skip }, () =>
  with_page({}, async (page) => {
    const runs = await sample_runs();
    const pairs = await pairs_of(runs);
    await open(page, `/compare/runs/${at(runs.baseline)}...${at(runs.contender)}/`);
    const rows = page.locator('tr[data-index]');
    await page.waitForFunction(
      (n) => document.querySelectorAll('tr[data-index]').length === n,
      Math.min(200, pairs.length),
    );
    await page.getByRole('button', { name: 'By percent' }).click();
    assert.equal(query_of(page).get('by'), 'percent');
    const slower = pairs.filter((one) => one.analysis.pairwise?.regression_indicated);
    const statuses = page.getByRole('group', { name: 'Status' });
    if (slower.length > 0) {
      await statuses.getByRole('button', { name: `Regressed ${slower.length}` }).click();
      await page.waitForFunction(
        (n) => document.querySelectorAll('tr[data-index]').length === n,
        Math.min(200, slower.length),
      );
      await page.reload();
      await settled(page);
      assert.equal(await rows.count(), Math.min(200, slower.length), 'the link shows the same');
      await rows.first().locator('a[data-row-link]').click();
      await settled(page);
      assert.equal(path_of(page), '/compare');
    }
    await open(page, `/compare/runs/${at(runs.baseline)}...${at(runs.contender)}`);
    await page.getByRole('link', { name: 'Swap sides' }).click();
    await settled(page);
    assert.equal(path_of(page), `/compare/runs/${runs.contender}...${runs.baseline}`);
  }),
);

test("a run's changes are those of the report against its baseline", { skip }, () =>
  with_page({}, async (page) => {
    const { contender } = await sample_runs();
    await open(page, `/runs/${at(contender)}`);
    await page.getByRole('link', { name: 'Changes', exact: true }).click();
    await page.getByLabel('Baseline', { exact: true }).selectOption('latest_default');
    await settled(page);
    const report = await api(`/api/ci/report?run_ids=${at(contender)}&baseline=latest_default`);
    const rows = report.runs[0].comparisons;
    await page
      .getByRole('group', { name: 'Status' })
      .getByRole('button', { name: `All ${rows.length}` })
      .waitFor();
    await page.getByRole('link', { name: 'Only regressions' }).click();
    await settled(page);
    assert.equal(query_of(page).get('status'), 'regressed');
    assert.equal(query_of(page).get('view'), 'changes');
  }),
);

test('two results inside a run are compared, across series too', { skip }, () =>
  with_page({}, async (page) => {
    const { contender } = await sample_runs();
    await open(page, `/runs/${at(contender)}`);
    await page
      .getByRole('button', { name: /^Baseline: / })
      .nth(0)
      .click();
    await page
      .getByRole('button', { name: /^Contender: / })
      .nth(1)
      .click();
    await page.getByRole('link', { name: 'Compare picked' }).click();
    await settled(page);
    const { results } = await api(`/api/benchmark-results?run_id=${at(contender)}&page_size=2`);
    assert.equal(query_of(page).get('baseline'), results[0].id);
    assert.equal(query_of(page).get('contender'), results[1].id);
    if (results[0].unit === results[1].unit) {
      for (const name of ['Baseline history', 'Contender history']) {
        await page.getByRole('region', { name }).waitFor();
      }
    }
  }),
);

test('a report is chosen by commit, and thresholds are part of its link', { skip }, () =>
  with_page({}, async (page) => {
    await open(page, '/ci/report');
    await page.locator('a[data-row-link]').first().click();
    await settled(page);
    assert.equal(path_of(page), '/ci/report');
    assert.match(query_of(page).get('commit_sha'), /^[0-9a-f]{40}$/);
    const box = page.getByLabel('Threshold in standard deviations');
    await box.fill('2.5');
    await box.blur();
    await page.waitForURL((url) => url.searchParams.get('threshold_z') === '2.5');
    await settled(page);
    assert.equal(await box.inputValue(), '2.5');
  }),
);

test('runs and benchmarks can be narrowed to those with a regression', { skip }, () =>
  with_page({}, async (page) => {
    const { runs } = await api('/api/runs/recent?page_size=100&include_attention=true');
    const failed = runs.filter((run) => run.attention?.status === 'failure');
    await open(page, '/runs');
    await page.getByRole('button', { name: 'Only regressions' }).click();
    assert.equal(query_of(page).get('status'), 'failure');
    if (failed.length > 0) assert.equal(await page.locator('tbody tr').count(), failed.length);
    else await page.getByText('has a regression').waitFor();

    const { families } = await api('/api/v1/families?sort=regressed&page_size=500&notes=0');
    const worse = families.filter((one) => one.counts.regressed > 0);
    await open(page, '/families?status=regressed');
    if (worse.length > 0) assert.equal(await page.locator('tbody tr').count(), worse.length);
    else await page.getByText('No benchmark fits these filters').waitFor();
  }),
);
