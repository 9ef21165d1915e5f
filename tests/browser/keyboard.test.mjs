// Every view with the Tab key alone: where the focus is can be seen, it goes on in the order of the page, and
// nothing keeps it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  desktop,
  mobile,
  open,
  skip,
  skip_writes,
  views,
  with_browser,
  with_page,
} from './harness.mjs';
import { walk, watch } from './focus.mjs';
import { signed_in, with_user } from './people.mjs';

with_browser();

const k_steps = 120; // of one view; long tables repeat themselves

for (const [device, viewport] of Object.entries({ desktop, mobile })) {
  test(`the focus is seen wherever it goes, on ${device}`, { skip }, async () => {
    const wrong = [];
    for (const [name, path] of Object.entries(await views())) {
      await with_page({ viewport }, async (page) => {
        await page.addInitScript(watch);
        await open(page, path);
        const forth = await walk(page, 'Tab', k_steps);
        assert.ok(forth.walked > 8, `${name} has ${forth.walked} stops`);
        const back = await walk(page, 'Shift+Tab', Math.min(forth.walked - 1, 40));
        wrong.push(...[...forth.wrong, ...back.wrong].map((one) => `${name}: ${one}`));
      });
    }
    assert.deepEqual(wrong, []);
  });
}

test(
  'a dialog takes the focus, keeps it, and gives it back when Escape closes it',
  { skip: skip_writes },
  () =>
    with_user('writer', async (writer) => {
      const { result } = await views();
      await with_page({}, async (page) => {
        await signed_in(page, writer, result);
        const opener = page.getByRole('button', { name: 'Delete' });
        await opener.focus();
        await page.keyboard.press('Enter');
        const dialog = page.getByRole('dialog');
        await dialog.waitFor();
        for (let i = 0; i < 4; i += 1) {
          const outside = await page.evaluate(() => {
            const element = document.activeElement;
            return element !== document.body && element.closest('dialog') === null;
          });
          assert.ok(!outside, `after ${i} Tabs`);
          await page.keyboard.press('Tab');
        }
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'hidden' });
        assert.ok(await opener.evaluate((button) => button === document.activeElement));
      });
    }),
);

test('Escape closes what the search found, then leaves the box', { skip }, () =>
  with_page({}, async (page) => {
    await open(page, '/');
    await page.keyboard.press('/');
    await page.keyboard.type('time_');
    const found = page.getByRole('listbox', { name: 'Found' });
    await found.getByRole('option').first().waitFor();
    await page.keyboard.press('Escape');
    await found.waitFor({ state: 'hidden' });
    const box = page.getByRole('combobox', { name: 'Search everything' });
    assert.ok(await box.evaluate((element) => element === document.activeElement));
    await page.keyboard.press('Escape');
    assert.ok(await box.evaluate((element) => element !== document.activeElement));
  }),
);
