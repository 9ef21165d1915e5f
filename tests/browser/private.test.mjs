// A server that shows its data to people who are signed in only: started here, with a store of its
// own. BENCHLAKE_PROGRAM is the program; without it the test is skipped.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { browser_page, with_browser } from './harness.mjs';

with_browser({ always: true });

const program = process.env.BENCHLAKE_PROGRAM ?? '';
const skip = program ? false : 'BENCHLAKE_PROGRAM is not set: no server to start';
const k_password = 'correct horse battery staple';

/** Starts a private server, hands over its address and operator's token, and ends it. */
async function with_private_server(use) {
  const folder = mkdtempSync(join(tmpdir(), 'benchlake-private-'));
  const server = spawn(
    program,
    ['serve', '--http', '127.0.0.1:0', '--data', join(folder, 'data')],
    {
      env: { ...process.env, BENCHLAKE_ACCESS_PUBLIC_READS: 'false' },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const lines = createInterface({ input: server.stdout });
    const [line] = await Promise.race([
      new Promise((resolve) => lines.once('line', (text) => resolve([text]))),
      ended.then(() => Promise.reject(new Error('the server did not start'))),
    ]);
    const token = readFileSync(join(folder, 'data', 'operator.token'), 'utf8').trim();
    await use(JSON.parse(line).http, token);
  } finally {
    server.kill();
    await ended;
    rmSync(folder, { recursive: true });
  }
}

test('a private server shows the page, asks to sign in, and leads back', { skip }, () =>
  with_private_server(async (url, token) => {
    assert.equal((await fetch(`${url}/api/runs/recent`)).status, 401);
    const email = 'reader@example.org';
    const made = await fetch(`${url}/api/v1/users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ email, name: 'Reader', password: k_password, role: 'reader' }),
    });
    assert.equal(made.status, 201);
    await browser_page(async (page) => {
      await page.goto(`${url}/runs?status=failure`);
      await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill(k_password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.waitForURL(`${url}/runs?status=failure`);
      await page.getByText('No runs yet').waitFor();

      const [cookie] = (await page.context().cookies()).filter(
        ({ name }) => name === 'conbench_session',
      );
      assert.equal(cookie.httpOnly, true, 'no script reads the session');
      assert.equal(await page.evaluate(() => document.cookie), '');

      await page.getByRole('link', { name: /^Account: / }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('Signed out').waitFor();
      await page.goto(`${url}/series`);
      await page.getByRole('main').getByRole('link', { name: 'Sign in' }).waitFor();
    });
  }),
);
