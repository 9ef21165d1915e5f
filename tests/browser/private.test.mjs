// A server that shows its data to people who are signed in only: started here, with a store of its
// own. BENCHLAKE_PROGRAM is the program; without it the test is skipped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser_page, skip_server, with_browser, with_server } from './harness.mjs';

with_browser({ always: true });

const k_password = 'correct horse battery staple';

test(
  'a private server shows the page, asks to sign in, and leads back',
  { skip: skip_server },
  () =>
    with_server({ BENCHLAKE_ACCESS_PUBLIC_READS: 'false' }, async ({ url, token }) => {
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
