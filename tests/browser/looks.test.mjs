// Every view on a desk and in a hand, light and dark: nothing sticks out, everything is readable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  desktop,
  mobile,
  open,
  screenshot,
  serious_faults,
  skip,
  views,
  with_browser,
  with_page,
} from './harness.mjs';

with_browser();

for (const [device, viewport] of Object.entries({ desktop, mobile })) {
  for (const theme of ['light', 'dark']) {
    test(`every view on ${device} in ${theme} fits and is accessible`, { skip }, async () => {
      for (const [name, path] of Object.entries(await views())) {
        await with_page({ viewport, theme }, async (page) => {
          await open(page, path);
          await screenshot(page, `${name}-${device}-${theme}`);
          const over = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          assert.ok(over <= 1, `${name} is ${over} pixels too wide`);
          // Contrast depends on the theme, structure on the width: three of the four cover both.
          if (device === 'mobile' && theme === 'dark') return;
          assert.deepEqual(await serious_faults(page), [], `${name} ${device} ${theme}`);
        });
      }
    });
  }
}

test('on a small screen the whole navigation is in view', { skip }, () =>
  with_page({ viewport: mobile }, async (page) => {
    await open(page, '/');
    for (const link of await page.locator('nav a').all()) {
      const box = await link.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= mobile.width, 'across');
      assert.ok(box.y >= 0 && box.y + box.height <= mobile.height, 'down');
    }
    await page.locator('nav a', { hasText: 'Compare' }).tap();
    assert.equal(new URL(page.url()).pathname, '/compare');
  }),
);

test('a tap on the chart inspects, it does not leave', { skip }, async () => {
  const { trend } = await views();
  await with_page({ viewport: mobile }, async (page) => {
    await open(page, trend);
    await page.locator('.chart .u-over').scrollIntoViewIfNeeded();
    const box = await page.locator('.chart .u-over').boundingBox();
    await page.touchscreen.tap(box.x + box.width * 0.4, box.y + box.height * 0.5);
    await page.locator('.tip').waitFor();
    assert.equal(new URL(page.url()).pathname, trend);
  });
});

test('the first Tab offers to skip to the content', { skip }, () =>
  with_page({}, async (page) => {
    await open(page, '/');
    await page.keyboard.press('Tab');
    const skip_link = page.getByRole('link', { name: 'Skip to content' });
    assert.ok(await skip_link.evaluate((link) => link === document.activeElement));
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'content');
  }),
);
