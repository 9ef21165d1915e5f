// People: sign in and out, tokens, alert rules, what writers and admins may do, and a private server.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  api,
  base,
  change,
  desktop,
  mobile,
  open,
  screenshot,
  settled,
  skip,
  skip_writes,
  with_browser,
  with_page,
} from './harness.mjs';
import { sign_in, signed_in, with_user } from './people.mjs';

with_browser();

const path_of = (page) => new URL(page.url()).pathname;

/** A result of its own for a test that changes or deletes one. */
function submit(name) {
  return change('POST', '/api/results', {
    run_id: `browser-${randomUUID()}`,
    timestamp: new Date().toISOString(),
    tags: { name },
    context: {},
    machine_info: { name: 'browser' },
    github: { repository: 'https://github.com/example/browser' },
    stats: { data: [1, 2, 3], unit: 's' },
  });
}

test('a stranger is asked to sign in, a wrong password is refused', { skip: skip_writes }, () =>
  with_user('reader', (user) =>
    with_page({ faults_expected: true }, async (page) => {
      await open(page, '/account');
      await page.getByText('Signed out').waitFor();
      await screenshot(page, 'signed-out-desktop-light');
      await sign_in(page, user, 'wrong');
      const alert = page.getByRole('alert');
      await alert.waitFor();
      assert.notEqual(await alert.innerText(), '');
      assert.equal(await page.getByLabel('Password').inputValue(), '');
    }),
  ),
);

test('a sign-in leads back to where it was asked for, never elsewhere', { skip: skip_writes }, () =>
  with_user('reader', async (user) => {
    await with_page({}, (page) => signed_in(page, user, '/runs?status=failure'));
    for (const elsewhere of ['//example.org/x', 'https://example.org/', '/\\example.org']) {
      await with_page({}, async (page) => {
        await open(page, `/account?target=${encodeURIComponent(elsewhere)}`);
        await sign_in(page, user);
        await page.getByText('Who you are').waitFor();
        assert.equal(path_of(page), '/account');
        assert.ok(page.url().startsWith(base));
      });
    }
  }),
);

test('whoever is signed in sees themselves, and signs out', { skip: skip_writes }, () =>
  with_user('writer', (user) =>
    with_page({}, async (page) => {
      await signed_in(page, user);
      const identity = page.getByRole('region', { name: 'Identity' });
      for (const part of [user.email, user.name, 'writer']) {
        await identity.getByText(part, { exact: true }).waitFor();
      }
      await page.reload();
      await identity.getByText(user.email).waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('Signed out').waitFor();
      await page.getByRole('link', { name: 'Account: signed out' }).waitFor();
    }),
  ),
);

test('a token is shown once, works, and is revoked', { skip: skip_writes }, () =>
  with_user('writer', (user) =>
    with_page({}, async (page) => {
      await signed_in(page, user);
      await page.getByLabel('Name of a new token').fill('nightly');
      await page.getByRole('button', { name: 'Create token' }).click();
      const plaintext = (await page.locator('.made code').innerText()).trim();
      const ask = (path) =>
        fetch(base + path, { headers: { authorization: `Bearer ${plaintext}` } });
      const capabilities = await (await ask('/api/auth/capabilities')).json();
      assert.equal(capabilities.can_write_results, true);
      for (const [device, viewport] of Object.entries({ desktop, mobile })) {
        await page.setViewportSize(viewport);
        await screenshot(page, `account-signed-in-${device}`);
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(over <= 1, `${over} pixels too wide at ${viewport.width}`);
      }
      await page.setViewportSize(desktop);

      await page.reload();
      const row = page.getByRole('row').filter({ hasText: 'nightly' });
      await row.waitFor();
      assert.equal(await page.getByText(plaintext).count(), 0, 'never again');
      await row.getByRole('button', { name: 'Revoke' }).click();
      await page.keyboard.press('Escape');
      assert.equal((await ask('/api/users/me')).status, 200, 'Escape leaves it');
      await row.getByRole('button', { name: 'Revoke', exact: true }).click();
      await row.getByRole('button', { name: 'Revoke token' }).click();
      await row.getByText('revoked').waitFor();
      assert.equal((await ask('/api/users/me')).status, 401);
    }),
  ),
);

test('an alert rule is made, switched off, looked into and deleted', { skip: skip_writes }, () =>
  with_user('writer', (user) =>
    with_page({}, async (page) => {
      await signed_in(page, user);
      const rules = page.getByRole('region', { name: 'Alert rules' });
      await rules.getByText('No alert rules yet').waitFor();
      await rules.getByLabel('Name of a new rule').fill('main is slow');
      await rules.getByLabel('Repository').fill('https://github.com/example/browser');
      await rules.getByRole('button', { name: 'Create rule' }).click();
      const rule = rules.getByRole('listitem').filter({ hasText: 'main is slow' });
      await rule.getByText('Quiet').waitFor();
      await rule.getByRole('button', { name: 'Switch off' }).click();
      await rule.getByText('Switched off').waitFor();
      await rule.getByRole('button', { name: 'Events' }).click();
      await rule.getByText('No events yet').waitFor();
      await page.reload();
      await rule.getByText('No events yet').waitFor();
      await rule.getByRole('button', { name: 'Delete', exact: true }).click();
      await rule.getByRole('button', { name: 'Delete rule' }).click();
      await rules.getByText('No alert rules yet').waitFor();
    }),
  ),
);

test('a rule that looks at verdicts says how sure they must be', { skip: skip_writes }, () =>
  with_user('writer', (user) =>
    with_page({}, async (page) => {
      await signed_in(page, user);
      const rules = page.getByRole('region', { name: 'Alert rules' });
      await rules.getByLabel('Name of a new rule').fill('slower for sure');
      await rules.getByLabel('Repository').fill('https://github.com/example/browser');
      await rules.getByLabel('Looks at').selectOption('verdict');
      assert.equal(await rules.getByLabel('Baseline').count(), 0, 'a verdict has no baseline');
      await rules.getByLabel('Sure by, %').fill('95');
      await rules.getByRole('button', { name: 'Create rule' }).click();
      const rule = rules.getByRole('listitem').filter({ hasText: 'slower for sure' });
      await rule.getByText('verdicts of at least 95 %').waitFor();
      await rule.getByRole('button', { name: 'Switch off' }).click();
      await rule.getByText('Switched off').waitFor();
      await page.reload();
      await rule.getByText('verdicts of at least 95 %').waitFor();
      await rule.getByRole('button', { name: 'Delete', exact: true }).click();
      await rule.getByRole('button', { name: 'Delete rule' }).click();
      await rules.getByText('No alert rules yet').waitFor();
    }),
  ),
);

test('a rule is muted for a time and for benchmarks, and heard again', { skip: skip_writes }, () =>
  with_user('writer', (user) =>
    with_page({}, async (page) => {
      await signed_in(page, user);
      const rules = page.getByRole('region', { name: 'Alert rules' });
      await rules.getByLabel('Name of a new rule').fill('too loud');
      await rules.getByLabel('Repository').fill('https://github.com/example/browser');
      await rules.getByRole('button', { name: 'Create rule' }).click();
      const rule = rules.getByRole('listitem').filter({ hasText: 'too loud' });
      await rule.getByRole('button', { name: 'Mute…' }).click();
      const muting = page.getByRole('form', { name: 'Muting of too loud' });
      await muting.getByLabel('Benchmarks that do not count').fill('sort\n\ncopy\nsort');
      await muting.getByRole('button', { name: 'For a week' }).click();
      await rule.getByText('Muted', { exact: true }).waitFor();
      await rule.getByText('without 2 benchmarks').waitFor();
      for (const [device, viewport] of Object.entries({ desktop, mobile })) {
        await page.setViewportSize(viewport);
        await muting.scrollIntoViewIfNeeded();
        await screenshot(page, `account-muting-${device}`);
      }
      await page.setViewportSize(desktop);

      await page.reload();
      const names = muting.getByLabel('Benchmarks that do not count');
      await names.waitFor();
      assert.equal(await names.inputValue(), 'sort\ncopy', 'the address opens it again');
      const until = await muting.getByLabel('Tell nobody until').inputValue();
      const days = (Date.parse(`${until}Z`) - Date.now()) / 86_400_000;
      assert.ok(days > 6.9 && days < 7.1, until);
      await muting.getByRole('button', { name: 'Unmute' }).click();
      await rule.getByText('Quiet', { exact: true }).waitFor();
      await rule.getByText('without 2 benchmarks').waitFor();
      await rule.getByRole('button', { name: 'Delete', exact: true }).click();
      await rule.getByRole('button', { name: 'Delete rule' }).click();
      await rules.getByText('No alert rules yet').waitFor();
    }),
  ),
);

test('a writer lets a level begin at a result, and deletes one', { skip: skip_writes }, () =>
  with_user('writer', (user) =>
    with_page({ faults_expected: true }, async (page) => {
      const { id } = await submit('curated');
      await open(page, `/results/${id}`);
      assert.equal(await page.getByRole('region', { name: 'Curation' }).count(), 0, 'a stranger');
      await signed_in(page, user, `/results/${id}`);
      const curation = page.getByRole('region', { name: 'Curation' });
      const annotation = async () =>
        (await api(`/api/benchmark-results/${id}`)).change_annotations?.begins_distribution_change;
      await curation.getByRole('button', { name: 'Let a new level begin here' }).click();
      await curation.getByRole('button', { name: 'A new level begins here' }).waitFor();
      assert.equal(await annotation(), true);
      await curation.getByRole('button', { name: 'A new level begins here' }).click();
      await curation.getByRole('button', { name: 'Let a new level begin here' }).waitFor();
      assert.equal(await annotation(), undefined);

      // What contradicts it is taken back.
      const taught = (name, pressed = true) =>
        curation.getByRole('button', { name, pressed }).waitFor();
      await curation.getByRole('button', { name: 'The machine changed here' }).click();
      await taught('The machine changed here');
      await curation.getByRole('button', { name: 'This is noise' }).click();
      await taught('This is noise');
      await taught('The machine changed here', false);
      const { change_annotations } = await api(`/api/benchmark-results/${id}`);
      assert.deepEqual(change_annotations, { noise: true });

      await curation.getByRole('button', { name: 'Delete result' }).first().click();
      await curation.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      assert.equal((await fetch(`${base}/api/benchmark-results/${id}`)).status, 200);
      await curation.getByRole('button', { name: 'Delete result' }).first().click();
      await curation.getByRole('dialog').getByRole('button', { name: 'Delete result' }).click();
      await page.waitForURL((url) => url.pathname.startsWith('/runs/'));
      assert.equal((await fetch(`${base}/api/benchmark-results/${id}`)).status, 404);
    }),
  ),
);

test('a reader is offered neither', { skip: skip_writes }, () =>
  with_user('reader', (user) =>
    with_page({}, async (page) => {
      const { results } = await api('/api/benchmark-results?page_size=1');
      await signed_in(page, user, `/results/${results[0].id}`);
      await page.getByRole('region', { name: 'Facts' }).waitFor();
      assert.equal(await page.getByRole('region', { name: 'Curation' }).count(), 0);
      await open(page, '/admin');
      await page.getByText('This is for admins').waitFor();
    }),
  ),
);

test('an admin changes roles, reads the audit and repairs commits', { skip: skip_writes }, () =>
  with_user('admin', (admin) =>
    with_user('reader', (user) =>
      with_page({}, async (page) => {
        await signed_in(page, admin, '/admin');
        await page.getByLabel('Filter users').fill(user.email);
        const role = page.getByLabel(`Role of ${user.email}`);
        assert.equal(await role.inputValue(), 'reader');
        await role.selectOption('writer');
        await page.waitForResponse(
          (one) => one.url().endsWith('/api/v1/users') && one.request().method() === 'GET',
        );
        const { users } = await change('GET', '/api/v1/users');
        assert.equal(users.find(({ id }) => id === user.id).role, 'writer');
        await screenshot(page, 'admin-users-desktop-light');

        await page.getByRole('link', { name: 'Audit' }).click();
        const row = page.getByRole('row').filter({ hasText: user.id }).first();
        await row.getByText(admin.email).or(row.getByText(admin.name)).first().waitFor();

        const { commits } = await change('GET', '/api/v1/commits/incomplete?page_size=50');
        await page.getByRole('link', { name: 'Unknown commits' }).click();
        await settled(page);
        if (commits.length === 0) await page.getByText('Every commit is known').waitFor();
        else {
          assert.equal(await page.locator('tbody tr').count(), commits.length);
          const asked = page.waitForRequest('**/api/v1/commits/repair');
          await page.getByRole('button', { name: 'Repair', exact: true }).first().click();
          assert.equal((await asked).method(), 'POST');
        }
      }),
    ),
  ),
);

test('a private server asks to sign in, instead of an error', { skip }, async () => {
  const refusal = {
    status: 401,
    contentType: 'application/problem+json',
    body: JSON.stringify({ title: 'Unauthorized', status: 401, code: 'unauthenticated' }),
  };
  for (const path of ['/', '/series', '/runs', '/ci/report?run_ids=x', '/results/x?y=1']) {
    await with_page({ faults_expected: true }, async (page) => {
      await page.route('**/api/**', (route) =>
        route.request().url().includes('/api/auth/') ? route.continue() : route.fulfill(refusal),
      );
      await page.goto(base + path);
      const link = page.getByRole('main').getByRole('link', { name: 'Sign in' }).first();
      await link.waitFor();
      assert.equal(await page.getByRole('alert').count(), 0, path);
      await link.click();
      await page.getByLabel('E-mail').waitFor();
      assert.equal(new URL(page.url()).searchParams.get('target'), path);
    });
  }
});
