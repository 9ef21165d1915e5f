// What every page of a domain must pass: it fits on wide and narrow screens, is accessible in both themes, and each
// element that takes the focus shows it.
import assert from 'node:assert/strict';
import { walk, watch } from './focus.mjs';
import { desktop, mobile, screenshot, serious_faults, settled, with_page } from './harness.mjs';

const k_steps_max = 120;

/** `looks`: paths of the server at `url`, by name; screenshots are NAME-LOOK-DEVICE-THEME. */
export async function expect_fitting(url, name, looks) {
  const open = async (page, path) => {
    await page.goto(url + path);
    await settled(page);
  };
  for (const [device, viewport] of Object.entries({ desktop, mobile })) {
    for (const theme of ['light', 'dark']) {
      for (const [look, path] of Object.entries(looks)) {
        await with_page({ at: url, viewport, theme }, async (page) => {
          await open(page, path);
          await screenshot(page, `${name}-${look}-${device}-${theme}`);
          const over = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          assert.ok(over <= 1, `${look} on ${device} is ${over} pixels too wide`);
          assert.deepEqual(await serious_faults(page), [], `${look} ${device} ${theme}`);
        });
      }
    }
  }
  for (const [look, path] of Object.entries(looks)) {
    await with_page({ at: url }, async (page) => {
      await page.addInitScript(watch);
      await open(page, path);
      const { wrong } = await walk(page, 'Tab', k_steps_max);
      assert.deepEqual(wrong, [], look);
    });
  }
}
