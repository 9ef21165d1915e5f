// Drives Chromium over the pages of a server that must not be written to, for `benchlake prove
// compat --browser-script tests/browser/prove.mjs`.
//
// node prove.mjs URL MANIFEST     exit code 0: every page shows what it should; 1: one does not;
//                                 3: no browser could be started
//
// Prints aggregates only: pages, sizes, times.
import { readFileSync } from 'node:fs';

const [base, manifest_file] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(manifest_file, 'utf8'));
const sizes = { desktop: { width: 1440, height: 900 }, mobile: { width: 390, height: 844 } };

function pages() {
  const found = { home: '/', series: '/series', runs: '/runs' };
  for (const [category, sample] of Object.entries(manifest.categories)) {
    found[`result ${category}`] = `/results/${encodeURIComponent(sample.result_id)}`;
    if (sample.point_count > 0)
      found[`trend ${category}`] = `/series/${encodeURIComponent(sample.history_fingerprint)}`;
  }
  for (const run of manifest.ci_report?.run_ids ?? [])
    found.run = `/runs/${encodeURIComponent(run)}`;
  return found;
}

async function started() {
  try {
    const { chromium } = await import('playwright-core');
    return await chromium.launch({
      executablePath: process.env.BENCHLAKE_CHROMIUM ?? '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    });
  } catch (cause) {
    console.error(String(cause).split('\n')[0]);
    process.exit(3);
  }
}

async function look_at(browser, name, path, size) {
  const page = await browser.newPage({ viewport: sizes[size] });
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('response', (response) => {
    // A database that was never migrated has no lists, and says so.
    if (response.status() >= 500 && response.status() !== 503)
      errors.push(String(response.status()));
  });
  const begun = Date.now();
  await page.goto(base + path, { waitUntil: 'networkidle', timeout: 60_000 });
  const text = (await page.locator('main').innerText()).trim();
  const elements = await page.locator('main *').count();
  await page.close();
  const passed = errors.length === 0 && text.length > 0;
  console.log(JSON.stringify({ page: name, size, passed, elements, ms: Date.now() - begun }));
  return passed;
}

const browser = await started();
let passed = true;
for (const [name, path] of Object.entries(pages())) {
  for (const size of Object.keys(sizes)) {
    const one = await look_at(browser, name, path, size).catch((cause) => {
      console.log(JSON.stringify({ page: name, size, passed: false }));
      console.error(String(cause).split('\n')[0]);
      return false;
    });
    passed = passed && one;
  }
}
await browser.close();
process.exit(passed ? 0 : 1);
