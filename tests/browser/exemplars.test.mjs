// Results and the traces that they name, both ways, on a server of the test's own.
// BENCHLAKE_PROGRAM is the program; without it the tests are skipped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expect_fitting } from './fits.mjs';
import { settled, skip_server, with_browser, with_page, with_server } from './harness.mjs';
import { nobodys, send, shop, shop_request } from './traces.mjs';

with_browser({ always: true });

const k_start = Math.floor(Date.now() / 1000) * 1000 - 300_000;

/** Stores a result with three samples; gives its id. */
async function submit({ url, token }, exemplars) {
  const response = await fetch(`${url}/api/results`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      run_id: 'run-1',
      timestamp: new Date(k_start).toISOString(),
      tags: { name: 'checkout' },
      context: {},
      github: { repository: 'https://github.com/org/repo' },
      machine_info: { name: 'm1' },
      stats: { data: [0.08, 0.1, 0.07], unit: 's' },
      exemplars,
    }),
  });
  const text = await response.text();
  assert.equal(response.status, 201, text);
  return JSON.parse(text).id;
}

async function open(page, url) {
  await page.goto(url);
  await settled(page);
}
const plain = (text) => text.replaceAll('\u00a0', ' ');

test(
  'a result opens the trace of its slowest sample, and that names it',
  { skip: skip_server },
  () =>
    with_server({}, async (server) => {
      const { url } = server;
      await send(server, shop_request(k_start));
      const id = await submit(server, [
        { trace_id: shop, role: 'slowest', sample_no: 1, span_id: '0000000000000002' },
        { trace_id: nobodys, role: 'manual' },
      ]);
      const without = await submit(server, []);
      await with_page({ at: url }, async (page) => {
        await open(page, `${url}/results/${without}`);
        assert.equal(await page.getByRole('region', { name: 'Traces' }).count(), 0);

        await open(page, `${url}/results/${id}`);
        const rows = page.getByRole('region', { name: 'Traces' }).locator('tbody tr');
        const texts = (await rows.allInnerTexts()).map((text) => plain(text).split(/\s*[\t\n]\s*/));
        assert.deepEqual(texts, [
          [shop.slice(0, 8), 'Slowest', '2', '100.0 ms'],
          [nobodys.slice(0, 8), 'Chosen by hand', 'all', ''],
        ]);
        await rows.getByRole('link', { name: shop.slice(0, 8) }).click();
        await page.getByRole('heading', { name: 'GET /checkout' }).waitFor();
        await settled(page);
        assert.equal(new URL(page.url()).searchParams.get('span'), '0000000000000002');
        assert.equal(
          await page.getByRole('treeitem', { name: /charge/ }).getAttribute('aria-selected'),
          'true',
        );

        const named = page.getByRole('region', { name: 'Results' });
        assert.match(plain(await named.innerText()), /checkout\s+Slowest \(repetition 2\)/);
        await named.getByRole('link', { name: 'checkout' }).click();
        await page.waitForURL(`${url}/results/${id}`);
      });
    }),
);

test('both fit, and are for everybody', { skip: skip_server }, () =>
  with_server({}, async (server) => {
    const { url } = server;
    await send(server, shop_request(k_start));
    const id = await submit(
      server,
      ['slowest', 'median', 'fastest', 'outlier'].map((role) => ({ trace_id: shop, role })),
    );
    await expect_fitting(url, 'exemplars', { result: `/results/${id}`, trace: `/traces/${shop}` });
  }),
);
