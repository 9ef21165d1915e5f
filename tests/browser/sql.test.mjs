// SQL over the lake, as an analyst asks it. Needs a server with a lake whose replica is filled.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base, desktop, mobile, skip, with_browser, with_page } from './harness.mjs';

with_browser();

const asked = (sql, more = '') => `${base}/sql?q=${encodeURIComponent(sql)}${more}`;

async function has_lake() {
  const answer = skip ? null : await fetch(`${base}/api/v1/tables`);
  return answer?.ok && (await answer.json()).tables.some((table) => table.rows > 0);
}

const no_lake = skip || ((await has_lake()) ? false : 'the server has no lake with rows');

test('a query is written, run, and told again by its link', { skip: no_lake }, async () => {
  await with_page({ viewport: desktop }, async (page) => {
    await page.goto(`${base}/sql`);
    await page.getByRole('group').filter({ hasText: 'results' }).first().waitFor();
    await page.getByLabel('SQL', { exact: true }).fill('select count(*) as n from results');
    await page.keyboard.press('Control+Enter');
    const answer = page.getByRole('region', { name: 'Rows of the answer' });
    await answer.waitFor();
    const shown = await answer.getByRole('cell').first().innerText();
    const facts = await (await fetch(`${base}/api/v1/facts`)).json();
    assert.ok(Number(shown) > 0 && Number(shown) <= facts.results, shown);
    const link = page.url();
    assert.ok(new URL(link).searchParams.get('q').startsWith('select count(*)'));
    await page.goto('about:blank');
    await page.goto(link);
    await answer.waitFor();
    assert.equal(await answer.getByRole('cell').first().innerText(), shown);
    await page.getByRole('heading', { name: 'Ran in this browser' }).waitFor();
  });
});

test('numbers over a time are a chart whose lines can be left out', { skip: no_lake }, async () => {
  const sql =
    "select date_trunc('month', timestamp) as month, count(*) as n, avg(mean) as mean " +
    'from results group by all';
  for (const viewport of [desktop, mobile]) {
    await with_page({ viewport }, async (page) => {
      await page.goto(asked(sql));
      await page.getByRole('button', { name: 'Chart' }).click();
      await page.locator('figure canvas').waitFor();
      const line = page.getByRole('button', { name: 'mean', exact: true });
      assert.equal(await line.getAttribute('aria-pressed'), 'true');
      await line.click();
      assert.equal(await line.getAttribute('aria-pressed'), 'false');
      assert.equal(new URL(page.url()).searchParams.get('as'), 'chart');
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `the page is ${width} wide`);
    });
  }
});

test('a mistake is told with its place, where the cursor goes', { skip: no_lake }, async () => {
  await with_page({ viewport: desktop, faults_expected: true }, async (page) => {
    await page.goto(asked('select nix\nfrom results'));
    await page.getByRole('alert').getByText('line 1, column 8').first().waitFor();
    const editor = page.getByLabel('SQL', { exact: true });
    assert.equal(await editor.evaluate((area) => area.selectionStart), 7);
    await editor.fill("copy results to '/tmp/out.csv'");
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('alert').getByText('Cannot access file').waitFor();
  });
});

test('a query that runs long is cancelled', { skip: no_lake }, async () => {
  await with_page({ viewport: desktop, faults_expected: true }, async (page) => {
    await page.goto(asked('select sum(a.range * b.range) from range(1000000) a, range(1000000) b'));
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('No answer yet').waitFor();
    const running = async () =>
      (await (await fetch(`${base}/api/v1/queries`)).json()).queries.filter(
        (query) => query.state === 'running',
      );
    for (let looks = 0; (await running()).length > 0; ++looks) {
      assert.ok(looks < 100, 'the query runs on');
      await page.waitForTimeout(100);
    }
  });
});
