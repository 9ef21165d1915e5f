// Users of a test's own, and how they sign in.
import { randomUUID } from 'node:crypto';
import { change, open, settled } from './harness.mjs';

const k_password = 'correct horse battery staple';

/** A user of that role for one test. */
export async function with_user(role, use) {
  const email = `${role}-${randomUUID().slice(0, 8)}@example.org`;
  const user = await change('POST', '/api/v1/users', {
    email,
    name: `The ${role}`,
    password: k_password,
    role,
  });
  try {
    await use(user);
  } finally {
    await change('DELETE', `/api/v1/users/${user.id}`);
  }
}

export async function sign_in(page, user, password = k_password) {
  await page.getByLabel('E-mail').fill(user.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export async function signed_in(page, user, target = '/account') {
  await open(page, `/account?target=${encodeURIComponent(target)}`);
  await sign_in(page, user);
  await page.waitForURL((url) => url.pathname + url.search === target || target === '/account');
  await page.getByRole('link', { name: `Account: ${user.email}` }).waitFor();
  await settled(page);
}
