// Where the focus goes, key by key, and whether it can be seen there.

/** Gives pages what looks at the focus; `faults` of the element that has it, and its name. */
export const watch = () => {
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
export async function walk(page, key, steps) {
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
