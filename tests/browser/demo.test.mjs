// From "needs attention" to the build in four clicks, on a server of the test's own that
// `benchlake demo --full` filled. BENCHLAKE_PROGRAM is the program; without it the tests are skipped.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { expect_fitting } from './fits.mjs';
import {
  desktop,
  mobile,
  program,
  screenshot,
  settled,
  skip_server,
  with_browser,
  with_page,
  with_server,
} from './harness.mjs';

with_browser({ always: true });

/** Fills the server, with the token of its own; gives what the command says of the story. */
function fill({ data }) {
  const words = ['demo', '--full', '--json', '--seed', '5', '--data', data];
  const env = { ...process.env };
  delete env.BENCHLAKE_TOKEN; // that of the tests' common server
  return JSON.parse(execFileSync(program, words, { env, stdio: ['ignore', 'pipe', 'inherit'] }));
}

const commit_query = ({ repository, guilty }) =>
  new URLSearchParams({ repository, sha: guilty.sha }).toString();

/** The four clicks, each on what a person would see next. */
async function take_the_way(page, url, story, device) {
  const look = async (name) => {
    await settled(page);
    await screenshot(page, `demo-${name}-${device}`);
  };
  await page.goto(url);
  await look('home');

  const suspects = page.getByRole('region', { name: 'Commits to look at' });
  await suspects.getByText('made 3 series slower').waitFor();
  await suspects.getByRole('link', { name: story.guilty.sha.slice(0, 8) }).click();
  await page.waitForURL(`${url}/comment?${commit_query(story)}`);
  await page.getByRole('heading', { name: 'What changed' }).waitFor();
  await look('comment');
  for (const name of ['cart', 'checkout', 'product-page']) {
    const row = page.locator('tr[data-kind=slower]').filter({ hasText: name });
    assert.equal(await row.count(), 1, `${name} is told of as slower, once`);
  }
  assert.equal(await page.locator('tr[data-kind=slower]').count(), 3);
  await page.getByRole('button', { name: 'Copy Markdown' }).waitFor();

  await page
    .getByRole('region', { name: 'Facts' })
    .getByRole('link', { name: story.guilty.sha.slice(0, 8) })
    .click();
  await page.waitForURL(`${url}/commit?${commit_query(story)}`);
  await page.getByRole('heading', { name: 'pricing: discounts are looked up' }).waitFor();
  await page.getByRole('region', { name: 'Verdict of the commit' }).waitFor();
  await page.getByRole('link', { name: 'Build', exact: true }).waitFor();
  await look('commit');

  await page.getByRole('link', { name: 'POST /checkout' }).click();
  await page.waitForURL(`${url}/traces/runs?**`);
  const asked = new URL(page.url()).searchParams;
  assert.equal(asked.get('base'), story.before.run_id);
  assert.equal(asked.get('compare'), story.guilty.run_id);
  assert.equal(asked.get('operation'), 'POST /checkout');
  const grown = page.getByRole('row').filter({ hasText: 'price lines' }).first();
  await grown.waitFor();
  await look('traces');

  await page.locator(`a[href="/builds/${story.guilty.run_id}"]`).click();
  await page.waitForURL(`${url}/builds/${story.guilty.run_id}`);
  await page.getByRole('link', { name: '8 results' }).waitFor();
  await look('build');
}

test('the home page leads to the build in four clicks', { skip: skip_server }, () =>
  with_server({}, async (server) => {
    const story = fill(server);
    assert.ok(story.is_judged, 'every series is judged');
    for (const [device, viewport] of Object.entries({ desktop, mobile })) {
      await with_page({ at: server.url, viewport }, (page) =>
        take_the_way(page, server.url, story, device),
      );
    }
  }),
);

test('all that it shows fits, and is for everybody', { skip: skip_server }, () =>
  with_server({}, async (server) => {
    const story = fill(server);
    const query = commit_query(story);
    const pull = new URLSearchParams({
      repository: story.repository,
      sha: story.pull_request.sha,
    });
    await expect_fitting(server.url, 'demo', {
      home: '/',
      comment: `/comment?${query}`,
      quiet_comment: `/comment?${pull}`,
      commit: `/commit?${query}`,
      traces: `/traces/runs?base=${story.before.run_id}&compare=${story.guilty.run_id}`,
      build: `/builds/${story.failed_build.run_id}`,
    });
  }),
);

test('a comment and a commit say which address they need', { skip: skip_server }, () =>
  with_server({}, async ({ url }) => {
    await with_page({ at: url }, async (page) => {
      for (const path of ['/comment', '/commit']) {
        await page.goto(url + path);
        await page.getByRole('heading', { name: 'Which commit?' }).waitFor();
      }
    });
  }),
);
