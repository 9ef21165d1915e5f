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
import { signed_in, with_user } from './people.mjs';

with_browser();

const k_steps = 120; // of one view; long tables repeat themselves

/** Gives pages what looks at the focus; `faults` of the element that has it, and its name. */
const watch = () => {
  globalThis.focus_now = () => {
    const element = document.activeElement;
    if (element === null || element === document.body) return (globalThis.focus_before = null);
    const name = `${element.tagName.toLowerCase()} ${
      element.getAttribute('aria-label') ?? element.innerText?.trim().slice(0, 40) ?? ''
    } ${element.getAttribute('href') ?? ''}`.trim();
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
    const box = element.getBoundingClientRect();
    const faults = [];
    if (!outlined) faults.push('has no outline');
    if (element.tabIndex > 0) faults.push('has an order of its own');
    if (box.width < 1 || box.height < 1) faults.push('has no size');
    // A link in a line of text may be broken into two boxes with nothing between.
    const seen = [...element.getClientRects()].some((part) =>
      [0.5, 0.1, 0.9].some((share) => {
        const found = document.elementFromPoint(
          Math.max(0, part.x + part.width * share),
          part.y + part.height / 2,
        );
        return found !== null && (element.contains(found) || found.contains(element));
      }),
    );
    if (!seen) faults.push('is covered, or out of view');
    const before = globalThis.focus_before;
    const first = !before || before === element;
    const order = first ? null : before.compareDocumentPosition(element);
    // A date has a stop for each of its parts.
    const same = before === element && !element.type?.startsWith('date');
    globalThis.focus_before = element;
    const follows = order === null ? null : (order & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
    return { name, faults, same, follows };
  };
};

/** Presses `key` until the focus leaves the page, at most `steps` times; what was wrong on the way. */
async function walk(page, key, steps) {
  const wrong = [];
  let walked = 0;
  for (; walked < steps; walked += 1) {
    await page.keyboard.press(key);
    const now = await page.evaluate(() => globalThis.focus_now());
    if (now === null) break; // the end: the browser's own buttons come next
    if (now.same) wrong.push(`${now.name}: keeps the focus`);
    else if (now.follows === (key !== 'Tab')) {
      if (walked > 2) break; // around: from the last to the first
      wrong.push(`${now.name}: is out of order`);
    }
    wrong.push(...now.faults.map((fault) => `${now.name}: ${fault}`));
  }
  return { wrong, walked };
}

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
