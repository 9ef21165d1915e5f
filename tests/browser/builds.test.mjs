// Build events, told to a server of the test's own: what goes on, one build's timeline, partitions, jobs, and all
// of it as it comes. BENCHLAKE_PROGRAM is the program; without it the tests are skipped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expect_fitting } from './fits.mjs';
import { settled, skip_server, with_browser, with_page, with_server } from './harness.mjs';
import {
  active,
  active_build,
  append,
  done,
  done_build,
  end_of_active,
  failed,
  failed_build,
  nobodys,
  odd_partition,
} from './builds.mjs';

with_browser({ always: true });

const k_start = Date.parse('2026-06-01T10:00:00Z');
const at = encodeURIComponent;

/** A server whose log has the three builds. */
function with_builds(use) {
  return with_server({}, async (server) => {
    await append(server, [
      ...done_build(k_start),
      ...failed_build(k_start + 20_000),
      ...active_build(k_start + 30_000),
    ]);
    await use(server);
  });
}

async function open(page, url) {
  await page.goto(url);
  await settled(page);
}

const row_of = (page, text) => page.getByRole('row').filter({ hasText: text }).first();
const live = (page) => page.getByRole('status').getByText('Live', { exact: true }).waitFor();

test('what goes on is shown, and changes as it is told', { skip: skip_server }, () =>
  with_builds((server) =>
    with_page({ at: server.url }, async (page) => {
      await open(page, `${server.url}/events`);
      const fact = (label) =>
        page.locator('dl > div').filter({ hasText: label }).locator('dd').innerText();
      assert.equal(await fact('Builds that go on'), '1');
      assert.equal(await fact('Partitions that are known'), '5');
      await live(page);
      assert.match(await row_of(page, active.slice(-8)).innerText(), /goes on/);
      await append(server, end_of_active(k_start + 30_000));
      await page.locator('dl > div').filter({ hasText: 'go on' }).getByText('0').waitFor();
      assert.match(
        await page.getByRole('region', { name: 'Newest builds' }).innerText(),
        /Completed/,
      );
    }),
  ),
);

test('a build tells when its jobs waited, and for what', { skip: skip_server }, () =>
  with_builds(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/builds/${done}`);
      const timeline = page.getByRole('region', { name: 'Timeline' });
      const step = (title) => timeline.getByRole('row').filter({ hasText: title });
      const cells = async (title) =>
        (await step(title).first().getByRole('cell').allInnerTexts()).map((text) =>
          text.replaceAll('\u00a0', ' '),
        );
      const top = timeline
        .locator('tbody tr')
        .filter({ has: page.getByText('//jobs:top').first() });
      assert.match(await top.last().innerText(), /waited for raw\/1, made by \/\/jobs:raw/);
      assert.deepEqual((await cells('The build')).slice(2, 4), ['1.000 s', '9.000 s']);
      assert.deepEqual((await cells('waited for raw/1')).slice(2, 4), ['7.000 s', '2.000 s']);
      // The bars stand where the numbers say: from 8 s of 10 s on, 2 s long.
      const bars = await step('waited for raw/1')
        .locator('.bar i')
        .evaluateAll((found) => found.map(({ style }) => [style.left, style.width]));
      assert.deepEqual(bars, [
        ['10%', '70%'],
        ['80%', '20%'],
      ]);
      await timeline.getByRole('button', { name: 'Only that' }).click();
      const left = await timeline.locator('tbody strong').allInnerTexts();
      assert.deepEqual(left, ['The build', '//jobs:raw', '//jobs:top']);
    }),
  ),
);

test('a build that goes on is followed to its end', { skip: skip_server }, () =>
  with_builds((server) =>
    with_page({ at: server.url }, async (page) => {
      await open(page, `${server.url}/builds/${active}`);
      await live(page);
      const timeline = page.getByRole('region', { name: 'Timeline' });
      const delegated = timeline.getByRole('row').filter({ hasText: 'raw/1' });
      assert.match(await delegated.innerText(), new RegExp(`made by build ${done.slice(-8)}`));
      assert.equal(await timeline.locator('.open').count(), 2);
      await append(server, end_of_active(k_start + 30_000));
      await timeline.locator('.open').first().waitFor({ state: 'detached' });
      await page.getByText('Took').waitFor();
      await delegated.getByRole('link', { name: done.slice(-8) }).click();
      await page.getByRole('heading', { name: `Build ${done.slice(-8)}` }).waitFor();
    }),
  ),
);

test('lists are those of the API, and filters stand in the address', { skip: skip_server }, () =>
  with_builds(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/events/builds`);
      assert.equal(await page.getByRole('region').locator('tbody tr').count(), 3);
      await page.getByLabel('Status').selectOption('failed');
      await settled(page);
      assert.equal(new URL(page.url()).searchParams.get('status'), 'failed');
      await page.locator('tbody').getByText('Failed').waitFor();
      assert.equal(await page.locator('tbody tr').count(), 1);
      assert.equal(
        await page.locator('tbody a[data-row-link]').getAttribute('href'),
        `/builds/${failed}`,
      );

      await open(page, `${url}/events/partitions`);
      const shown = await page.locator('tbody a[data-row-link]').allInnerTexts();
      const { partitions } = await (await fetch(`${url}/api/v1/partitions`)).json();
      assert.deepEqual(
        shown,
        partitions.map(({ partition_ref }) => partition_ref.str),
      );

      await open(page, `${url}/events/jobs`);
      const top = await row_of(page, '//jobs:top').getByRole('cell').allInnerTexts();
      assert.deepEqual(
        top.slice(0, 4).map((text) => text.replaceAll('\u00a0', ' ')),
        ['//jobs:top', '2', '50.0 %', '1.250 s'],
      );
      await page.getByLabel('Part of a label').fill('side');
      await row_of(page, '//jobs:top').waitFor({ state: 'detached' });
      assert.equal(await page.locator('tbody tr').count(), 1);
    }),
  ),
);

test('a partition of any name tells who made it', { skip: skip_server }, () =>
  with_builds(({ url }) =>
    with_page({ at: url }, async (page) => {
      await open(page, `${url}/events/partitions`);
      await page.getByRole('link', { name: odd_partition }).click();
      await page.getByRole('heading', { name: odd_partition }).waitFor();
      await settled(page);
      await page.getByText('Made by').waitFor();
      assert.equal(new URL(page.url()).searchParams.get('ref'), odd_partition);
      const events = page.locator('tbody tr');
      assert.equal(await events.count(), 5);
      await page.reload();
      await page
        .getByRole('link', { name: done.slice(-8) })
        .first()
        .waitFor();
      await page.goto(`${url}/partition?ref=${at('nobody knows')}`);
      await page.getByText('No event names this partition').waitFor();
    }),
  ),
);

test('events stand on the page as they come, unless it is held', { skip: skip_server }, () =>
  with_builds((server) =>
    with_page({ at: server.url }, async (page) => {
      await open(page, `${server.url}/events/live`);
      await live(page);
      await page.getByText('Nothing was told yet').waitFor();
      const told = end_of_active(k_start + 30_000);
      await append(server, told.slice(0, 1));
      await page.getByRole('cell', { name: '//jobs:next' }).waitFor();
      await page.getByRole('button', { name: 'Hold' }).click();
      await append(server, told.slice(1));
      await page.getByRole('button', { name: 'Go on (2 wait)' }).click();
      assert.equal(await page.locator('tbody tr').count(), 3);
      assert.match(await page.locator('tbody tr').first().innerText(), /Completed/);
    }),
  ),
);

test(
  'what is not there is said, and a fault can be tried again',
  { skip: skip_server },
  async () => {
    await with_builds(({ url }) =>
      with_page({ at: url, faults_expected: true }, async (page) => {
        await page.goto(`${url}/builds/${nobodys}`);
        await page.getByText(`there is no build of that id: ${nobodys}`).waitFor();
        await page.goto(`${url}/events/nothing`);
        await page.getByText('Nothing lives at /events/nothing').waitFor();
        const refuse = (route) =>
          route.fulfill({ status: 503, contentType: 'application/json', body: '{"title":"busy"}' });
        for (const [path, source] of [
          ['/events', '**/api/v1/activity'],
          ['/events/builds', '**/api/v1/builds?*'],
          [`/builds/${done}`, `**/api/v1/builds/${done}?*`],
        ]) {
          await page.route(source, refuse);
          await page.goto(url + path);
          await page.getByRole('alert').getByText('busy').waitFor();
          await page.unroute(source, refuse);
          await page.getByRole('button', { name: 'Try again' }).click();
          await page.getByRole('alert').waitFor({ state: 'detached' });
        }
      }),
    );
    await with_server({ BENCHLAKE_EVENTS_LOG: 'off' }, ({ url }) =>
      with_page({ at: url, faults_expected: true }, async (page) => {
        await page.goto(`${url}/events`);
        await page.getByText('this server keeps no build events').waitFor();
      }),
    );
  },
);

const k_looks = {
  activity: '/events',
  builds: '/events/builds',
  partitions: '/events/partitions',
  jobs: '/events/jobs',
  live: '/events/live',
  build: `/builds/${done}`,
  going_on: `/builds/${active}`,
  partition: `/partition?ref=${at(odd_partition)}`,
};

test('every part fits, is accessible and obeys the keyboard', { skip: skip_server }, () =>
  with_builds(({ url }) => expect_fitting(url, 'builds', k_looks)),
);
