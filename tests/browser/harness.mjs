// What every browser test needs: a browser, a page that notes what must not happen, the server's
// own answers to compare with, and the pixels of a chart.
//
// BENCHLAKE_URL          a running server that `benchlake demo` filled (else all is skipped)
// BENCHLAKE_TOKEN        its operator token (without it, what changes something is skipped)
// BENCHLAKE_PROGRAM      the program, for servers of a test's own (without it, those are skipped)
// BENCHLAKE_CHROMIUM     the browser's path (/usr/bin/chromium)
// BENCHLAKE_SCREENSHOTS  a folder for pictures (none are taken without it)
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

export const base = (process.env.BENCHLAKE_URL ?? '').replace(/\/$/, '');
/** The operator's token of that server; tests that change something need it. */
export const token = process.env.BENCHLAKE_TOKEN ?? '';
export const skip = base ? false : 'BENCHLAKE_URL is not set: no server to look at';
export const skip_writes =
  skip || (token ? false : 'BENCHLAKE_TOKEN is not set: nothing is changed');
export const program = process.env.BENCHLAKE_PROGRAM ?? '';
export const skip_server = program ? false : 'BENCHLAKE_PROGRAM is not set: no server to start';
export const desktop = { width: 1440, height: 900 };
export const mobile = { width: 390, height: 844 };

const k_screenshots = process.env.BENCHLAKE_SCREENSHOTS;
const k_arguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;

/** Starts the browser before a file's tests and ends it after them; `always`: without a server too. */
export function with_browser({ always = false } = {}) {
  before(async () => {
    if (skip && !always) return;
    browser = await chromium.launch({
      executablePath: process.env.BENCHLAKE_CHROMIUM ?? '/usr/bin/chromium',
      args: k_arguments,
    });
  });
  after(() => browser?.close());
}

/** Runs `look` with a fresh page, whatever that page complains of. */
export async function browser_page(look) {
  const context = await browser.newContext({ viewport: desktop, reducedMotion: 'reduce' });
  try {
    await look(await context.newPage());
  } finally {
    await context.close();
  }
}

/**
 * Runs `look` with a fresh page. Fails when the page threw, wrote an error to the console or asked
 * another host. `faults_expected`: failed requests are part of the test; `at`: another server than
 * that of all tests.
 */
export async function with_page(options, look) {
  const { viewport = desktop, theme = 'light', faults_expected = false, at = base } = options;
  const context = await browser.newContext({
    viewport,
    colorScheme: theme,
    hasTouch: viewport.width < 600,
    reducedMotion: 'reduce',
  });
  const wrong = [];
  const page = await context.newPage();
  page.on('pageerror', (error) => wrong.push(`thrown: ${error.message}`));
  page.on('console', (message) => {
    const network = message.text().includes('Failed to load resource');
    if (message.type() === 'error' && !(network && faults_expected)) wrong.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(at) && !url.startsWith('data:')) wrong.push(`asked elsewhere: ${url}`);
  });
  try {
    await look(page);
    assert.deepEqual(wrong, [], `the page at ${page.url()} complained`);
  } finally {
    // An answer that a test holds back may still be under way: it has nobody to go to now.
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  }
}

/**
 * The page's main thread while `act` runs: how many tasks took more than `budget` ms of its
 * processor time (what else the machine does is not counted), and the longest.
 */
export async function main_thread(page, budget, act) {
  await browser.startTracing(page, {
    categories: ['toplevel', 'disabled-by-default-devtools.timeline'],
  });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const threads = traceEvents
    .filter((one) => one.name === 'thread_name' && one.args.name === 'CrRendererMain')
    .map(({ pid, tid }) => `${pid} ${tid}`);
  const tasks = traceEvents
    .filter((one) => one.name.endsWith('RunTask') && one.tdur !== undefined)
    .filter((one) => threads.includes(`${one.pid} ${one.tid}`))
    .map((one) => one.tdur / 1000);
  return {
    longest: tasks.reduce((a, b) => Math.max(a, b), 0),
    over: tasks.filter((one) => one > budget).length,
    counted: tasks.length,
  };
}

/** Opens a path and waits until nothing is loading any more. */
export async function open(page, path) {
  await page.goto(base + path);
  await settled(page);
}

export async function settled(page) {
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(
    () => !document.querySelector('[role=status][aria-label=Loading], [aria-busy=true]'),
  );
}

/** What the API answers, asked for without the page. */
export async function api(path) {
  const response = await fetch(base + path, {
    headers: { accept: 'application/json' },
  });
  assert.equal(response.status, 200, `GET ${path}`);
  return response.json();
}

/** Changes something by the operator's token; the answer's JSON, null when it has none. */
export async function change(method, path, body) {
  const response = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.status === 204 ? null : response.json();
}

/** Two runs of which the second has the first as a baseline. */
export async function sample_runs() {
  const { runs } = await api('/api/runs/recent?page_size=50');
  for (const { run_id } of runs) {
    const run = await api(`/api/runs/${encodeURIComponent(run_id)}/`);
    const found = run.candidate_baseline_runs;
    const baseline = Object.values(found).find((one) => one.baseline_run_id);
    if (baseline) return { baseline: baseline.baseline_run_id, contender: run_id, run };
  }
  throw new Error('no run of the demo has a baseline');
}

/** A series with a long history, its samples, and the views that lead from it. */
export async function sample_series() {
  const { series } = await api('/api/series?page_size=200');
  const longest = series.reduce((a, b) => (a.point_count >= b.point_count ? a : b));
  const { samples } = await api(`/api/history?fingerprint=${longest.history_fingerprint}`);
  assert.ok(samples.length > 100, 'the demo has long histories');
  return { series: longest, samples };
}

/** Every view of the page, by name. */
export async function views() {
  const { series, samples } = await sample_series();
  const newest = samples.at(-1);
  const result = await api(`/api/benchmark-results/${newest.benchmark_result_id}`);
  const baseline = samples.at(-40).benchmark_result_id;
  const runs = await sample_runs();
  const at = encodeURIComponent;
  return {
    home: '/',
    series: '/series',
    trend: `/series/${series.history_fingerprint}`,
    results: '/results',
    result: `/results/${result.id}`,
    runs: '/runs',
    run: `/runs/${at(result.run_id)}`,
    ...(result.batch_id ? { batch: `/batches/${at(result.batch_id)}` } : {}),
    compare: `/compare?baseline=${baseline}&contender=${result.id}`,
    picker: '/compare',
    changes: `/runs/${at(runs.contender)}?view=changes`,
    compare_runs: `/compare/runs/${at(runs.baseline)}...${at(runs.contender)}/`,
    report: `/ci/report?run_ids=${at(runs.contender)}&baseline=latest_default`,
    report_picker: '/ci/report',
    families: '/families',
    family: `/families/${at(series.name)}`,
    alert_cost: '/alert-cost',
    account: '/account',
    admin: '/admin',
    docs: '/docs',
    inference: '/inference',
    builds: '/events',
    traces: '/traces',
    status: '/status',
  };
}

export async function screenshot(page, name) {
  if (!k_screenshots) return;
  mkdirSync(k_screenshots, { recursive: true });
  await page.screenshot({ path: join(k_screenshots, `${name}.png`) });
}

/** A colour of the palette as [r, g, b], as the page's theme has it now. */
export function colour(page, name) {
  return page.evaluate((property) => {
    const probe = document.createElement('span');
    probe.style.color = `var(--${property})`;
    document.body.append(probe);
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.fillStyle = getComputedStyle(probe).color;
    canvas.fillRect(0, 0, 1, 1);
    probe.remove();
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }, name);
}

/** How many pixels of the chart have a palette colour. */
export async function count_pixels(page, name) {
  const wanted = await colour(page, name);
  return page
    .locator('.chart canvas')
    .first()
    .evaluate((canvas, [r, g, b]) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] === 255 && data[i] === r && data[i + 1] === g && data[i + 2] === b)
          count += 1;
      }
      return count;
    }, wanted);
}

/** True when a pixel of a palette colour lies within `radius` CSS pixels of the inspected point. */
export async function colour_at_point(page, name, radius) {
  const wanted = await colour(page, name);
  return page
    .locator('.chart')
    .first()
    .evaluate(
      (chart, { rgb, around }) => {
        const canvas = chart.querySelector('canvas');
        const dot = chart.querySelector('.spot').getBoundingClientRect();
        const box = canvas.getBoundingClientRect();
        const ratio = canvas.width / box.width;
        const x = Math.round((dot.x + dot.width / 2 - box.x) * ratio);
        const y = Math.round((dot.y + dot.height / 2 - box.y) * ratio);
        const half = Math.max(0, Math.round(around * ratio));
        const side = 2 * half + 1;
        const { data } = canvas.getContext('2d').getImageData(x - half, y - half, side, side);
        for (let i = 0; i < data.length; i += 4) {
          if (data[i + 3] > 0 && rgb.every((part, k) => data[i + k] === part)) return true;
        }
        return false;
      },
      { rgb: wanted, around: radius },
    );
}

/** What keeps people out, as axe finds it: contrast, names, structure. */
export async function serious_faults(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ resultTypes: ['violations'] }),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.any[0]?.message ?? ''}`),
    );
}

/**
 * Starts a server with a store of its own and settings of the environment, hands over its address,
 * operator's token and a folder for what else is needed, and ends it.
 */
export async function with_server(settings, use) {
  const folder = mkdtempSync(join(tmpdir(), 'benchlake-browser-'));
  const data = join(folder, 'data');
  const server = spawn(program, ['serve', '--http', '127.0.0.1:0', '--data', data], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const lines = createInterface({ input: server.stdout });
    const [line] = await Promise.race([
      new Promise((resolve) => lines.once('line', (text) => resolve([text]))),
      ended.then(() => Promise.reject(new Error('the server did not start'))),
    ]);
    const token = readFileSync(join(data, 'operator.token'), 'utf8').trim();
    await use({ url: JSON.parse(line).http, token, folder, data });
  } finally {
    server.kill();
    await ended;
    rmSync(folder, { recursive: true });
  }
}
