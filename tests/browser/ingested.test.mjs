// A sweep from its files to the page: ingested by the program into a server of the test's own, and
// shown as the API says. BENCHLAKE_PROGRAM is the program; without it the test is skipped.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  browser_page,
  program,
  settled,
  skip_server,
  with_browser,
  with_server,
} from './harness.mjs';

with_browser({ always: true });

/** What the runner writes of one measured point. */
function row(hw, framework, place) {
  const interactivity = 200 / (place + 1.3) + 1 / 3;
  return {
    hw,
    framework,
    precision: 'fp8',
    infmax_model_prefix: 'dsr1',
    model: 'deepseek-ai/DeepSeek-R1-0528',
    isl: 8192,
    osl: 1024,
    conc: 2 ** (place + 2),
    tp: 8,
    ep: 1,
    dp_attention: 'false',
    disagg: false,
    is_multinode: false,
    spec_decoding: 'none',
    image: 'vendor/serving:v1',
    tput_per_gpu: (hw.length * 1000) / interactivity - (place === 3 ? 60 : 0),
    median_intvty: interactivity,
    median_ttft: place / 7,
    median_e2el: 500 / interactivity,
  };
}

/** Artifacts of a run, unpacked; one row is of hardware that nobody knows. */
function write_artifacts(folder) {
  const places = [0, 1, 2, 3, 4, 5];
  const rows = [
    ...places.map((place) => row('b200-nv', 'sglang', place)),
    ...places.map((place) => row('mi355x-amds_0', 'vllm', place)),
    row('vr999-nv', 'sglang', 0),
  ];
  mkdirSync(join(folder, 'results_bmk'), { recursive: true });
  writeFileSync(join(folder, 'results_bmk', 'agg_bmk.json'), JSON.stringify(rows));
}

test('what was ingested is on the page, to the digit', { skip: skip_server }, () =>
  with_server({}, async ({ url, data, folder }) => {
    const sweep = join(folder, 'sweep');
    write_artifacts(sweep);
    const options = ['--run-id', '29003473063', '--attempt', '2', '--date', '2026-06-20'];
    options.push('--html-url', 'https://github.com/acme/sweeps/actions/runs/29003473063');
    execFileSync(program, ['inference', 'ingest', sweep, '--data', data, ...options], {
      stdio: 'ignore',
    });
    const answer = await fetch(
      `${url}/api/v1/inference/frontier?model=DeepSeek-R1-0528&sequence=8k/1k`,
    );
    const { lines } = await answer.json();
    assert.equal(lines.length, 2);
    await browser_page(async (page) => {
      await page.goto(`${url}/inference?optimal=0`);
      await settled(page);
      const told = lines.flatMap(({ points }) => points);
      await page.locator('.plane').focus();
      const shown = new Map();
      for (let line = 0; line < lines.length; line++) {
        await page.keyboard.press('Home');
        for (let step = 0; step < lines[line].points.length; step++) {
          const panel = page.locator('[data-point]');
          const [id, x, y] = await Promise.all([
            panel.getAttribute('data-point'),
            panel.locator('[data-value=x]').innerText(),
            panel.locator('[data-value=y]').innerText(),
          ]);
          shown.set(id, { x, y });
          await page.keyboard.press('ArrowRight');
        }
        await page.keyboard.press('ArrowDown');
      }
      const expected = told.map(({ id, x, y }) => [id, { x: String(x), y: String(y) }]);
      assert.deepEqual(new Map([...shown].sort()), new Map(expected.sort()));
      await page
        .getByRole('link', { name: 'Run 29003473063, attempt 2' })
        .and(page.locator('[href$="/runs/29003473063/attempts/2"]'))
        .waitFor();

      // The CSV has the line that is left, and its front alone.
      const [first] = lines;
      const one = new RegExp(`^${first.hw_label.replace(/[()]/g, '\\$&')}`);
      await page.getByRole('group', { name: 'Lines' }).getByRole('button', { name: one }).click();
      await page.getByRole('button', { name: 'Only optimal' }).click();
      const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
      const csv = await (await fetch(url + href)).text();
      const rows = csv
        .trim()
        .split('\n')
        .filter((text) => !text.startsWith('#'))
        .slice(1);
      assert.equal(rows.length, first.front.length);
      for (const place of first.front) {
        const { x, y, id } = first.points[place];
        assert.ok(
          rows.some((text) => text.includes(`,${x},${y},`) && text.endsWith(`,${id}`)),
          csv,
        );
      }

      await page.goto(`${url}/inference/calculator`);
      await page.locator('.bars > li').nth(1).waitFor();
      await page.goto(`${url}/inference/history`);
      await page.locator('.plane .tail').nth(1).waitFor({ state: 'attached' });
      await page.goto(`${url}/inference/availability`);
      await page.getByRole('row', { name: /DeepSeek R1 0528.*2026-06-20/ }).waitFor();
      await page.goto(`${url}/inference/skipped`);
      await page.getByRole('region', { name: 'Hardware' }).getByText('vr999-nv').waitFor();
    });
  }),
);
