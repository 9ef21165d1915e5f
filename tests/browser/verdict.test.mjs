// The verdict of a series: a badge beside its status, one sentence and one picture, the statement of
// a commit, the switch of a project, and nothing at all where there is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  api,
  desktop,
  mobile,
  open,
  screenshot,
  skip,
  skip_writes,
  with_browser,
  with_page,
} from './harness.mjs';
import { signed_in, with_user } from './people.mjs';

with_browser();

/** The series with a verdict, the longest first. */
async function judged() {
  const { series } = await api('/api/series?page_size=200');
  const found = series.filter(({ verdict }) => verdict);
  assert.ok(found.length > 0, 'the demo has verdicts');
  return found.toSorted((a, b) => b.point_count - a.point_count);
}

const path_of = ({ history_fingerprint }) => `/series/${history_fingerprint}`;
const panel_of = (page) => page.getByRole('region', { name: 'Verdict', exact: true });

async function fits(page, name) {
  await screenshot(page, name);
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(over <= 1, `${name} is ${over} pixels too wide`);
}

test('the list has a badge beside the status, its sentence is text', { skip }, async () => {
  const known = new Map((await judged()).map((one) => [one.history_fingerprint, one.verdict]));
  await with_page({}, async (page) => {
    await open(page, '/series');
    const rows = page.locator('tbody tr', { has: page.locator('td [data-verdict]') });
    assert.ok((await rows.count()) > 0);
    for (const row of await rows.all()) {
      const fingerprint = (await row.locator('a').first().getAttribute('href')).split('/').at(-1);
      const badge = row.locator('[data-verdict]:visible');
      const verdict = known.get(fingerprint);
      if (!verdict) continue;
      assert.equal(await badge.getAttribute('data-verdict'), verdict.decision);
      assert.ok((await badge.textContent()).includes(verdict.sentence));
      assert.equal(await row.locator('[data-status]:visible').count(), 1);
    }
  });
});

test('a series begins with its sentence and its picture', { skip }, async () => {
  const all = await judged();
  for (const decision of ['slower', 'faster', 'wait', 'steady']) {
    const series = all.find(({ verdict }) => verdict.decision === decision);
    if (!series) continue;
    const fingerprint = series.history_fingerprint;
    const picture = await api(`/api/v1/series/${fingerprint}/verdict`);
    await with_page({}, async (page) => {
      await open(page, path_of(series));
      const panel = panel_of(page);
      await panel.getByText(picture.verdict.sentence, { exact: true }).first().waitFor();
      await panel.getByText(`${picture.verdict.detector} ${picture.verdict.version}`).waitFor();
      const is_spoken = decision !== 'steady';
      assert.equal(await panel.locator('svg .spoken').count(), is_spoken ? 1 : 0, decision);
      const long = panel.getByRole('button', { name: /^All .* results$/ });
      if (await long.count()) await long.click();
      const segments = picture.segments.filter((one) =>
        picture.points.some(({ result_id }) => result_id === one.last_result_id),
      );
      assert.equal(await panel.locator('svg line.level').count(), segments.length);
      const more = panel.getByRole('button', { name: /^Show all/ });
      if (await more.count()) await more.click();
      const listed = await panel
        .getByRole('row')
        .filter({ has: page.locator('td') })
        .count();
      assert.ok(listed >= picture.changes.length, `${listed} of ${picture.changes.length}`);
      for (const change of picture.changes) {
        const href = `${picture.repository}/commit/${change.commit_sha}`;
        assert.ok((await panel.locator(`a[href="${href}"]`).count()) > 0, href);
      }
      await fits(page, `verdict-${decision}-desktop-light`);
    });
    await with_page({ viewport: mobile, theme: 'dark' }, async (page) => {
      await open(page, path_of(series));
      await panel_of(page).locator('svg[role=img]').waitFor();
      await fits(page, `verdict-${decision}-mobile-dark`);
    });
  }
});

test('a commit at which series changed says which, on the page of its run', { skip }, async () => {
  const { runs } = await api('/api/runs/recent?page_size=100');
  let found = null;
  for (const run of runs.filter(({ commit_sha }) => commit_sha)) {
    const query = new URLSearchParams({ repository: run.repository, sha: run.commit_sha });
    const statement = await api(`/api/v1/commits/verdict?${query}`);
    if (statement.changed.length > 0) found = { run, statement };
    if (found) break;
  }
  assert.ok(found, 'a commit of the newest runs changed something');
  const { run, statement } = found;
  const paths = {
    run: `/runs/${encodeURIComponent(run.run_id)}`,
    report: `/ci/report?${new URLSearchParams({ repository: run.repository, commit_sha: run.commit_sha })}`,
  };
  for (const [name, path] of Object.entries(paths)) {
    await with_page({}, async (page) => {
      await open(page, path);
      const panel = page.getByRole('region', { name: 'Verdict of the commit' });
      await panel.getByText(statement.sentence).waitFor();
      const first = statement.changed[0];
      assert.ok((await panel.locator(`a[href="${path_of(first)}"]`).count()) > 0);
      for (const viewport of [desktop, mobile]) {
        await page.setViewportSize(viewport);
        await fits(page, `verdict-commit-${name}-${viewport.width}`);
      }
    });
  }
});

test('without a verdict a series, a list and a report are as they were', { skip }, async () => {
  const [series] = await judged();
  await with_page({}, async (page) => {
    await page.route('**/api/series?*', async (route) => {
      const json = await (await route.fetch()).json();
      for (const one of json.series) one.verdict = null;
      await route.fulfill({ json });
    });
    await page.route('**/api/v1/series/*/verdict', async (route) => {
      const json = await (await route.fetch()).json();
      const none = {
        verdict: null,
        judged_at: null,
        segments: [],
        changes: [],
        drifts: [],
        said: [],
      };
      await route.fulfill({ json: { ...json, ...none, is_stale: false } });
    });
    await open(page, '/series');
    assert.equal(await page.locator('[data-verdict]').count(), 0);
    await open(page, path_of(series));
    await page.locator('.chart canvas').first().waitFor();
    assert.equal(await panel_of(page).count(), 0);
  });
});

test('a verdict that is being made again says so', { skip }, async () => {
  const [series] = await judged();
  await with_page({}, async (page) => {
    await page.route('**/api/v1/series/*/verdict', async (route) => {
      const json = await (await route.fetch()).json();
      await route.fulfill({ json: { ...json, is_stale: true } });
    });
    await open(page, path_of(series));
    await panel_of(page).getByText('is being judged again').waitFor();
  });
});

test('an admin is told what switching off removes, before it is done', { skip: skip_writes }, () =>
  with_user('admin', (admin) =>
    with_page({}, async (page) => {
      const repository = 'https://github.com/example/switched';
      const sent = [];
      const answer = {
        detector: 'evidence',
        version: 1,
        enabled_by_default: false,
        waiting: 0,
        projects: [
          { repository, enabled: true, updated_at: '2026-08-01T00:00:00Z', updated_by: 'somebody' },
        ],
      };
      await page.route('**/api/v1/verdicts/projects', (route) => {
        if (route.request().method() === 'PUT') {
          const wanted = route.request().postDataJSON();
          sent.push(wanted);
          answer.projects[0].enabled = wanted.enabled;
          return route.fulfill({ json: answer.projects[0] });
        }
        return route.fulfill({ json: answer });
      });
      await signed_in(page, admin, '/admin?part=verdicts');
      const item = page.locator('li.item', { hasText: 'example/switched' });
      await item.getByText('Verdicts are on').waitFor();
      await item.getByRole('button', { name: 'Switch off' }).first().click();
      await page.getByText('every series is judged anew from its results').waitFor();
      assert.deepEqual(sent, [], 'nothing is done yet');
      await fits(page, 'admin-verdicts-ask');
      await page.getByRole('button', { name: 'Switch off and remove' }).click();
      await item.getByText('Verdicts are off').waitFor();
      await item.getByRole('button', { name: /^Switch on/ }).click();
      await item.getByText('Verdicts are on').waitFor();
      assert.deepEqual(sent, [
        { repository, enabled: false },
        { repository, enabled: true },
      ]);
      await page.setViewportSize(mobile);
      await fits(page, 'admin-verdicts-mobile');
    }),
  ),
);
