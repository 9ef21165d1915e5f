import { describe, expect, test } from 'vitest';
import { after_click, lines_on, lines_text } from '../src/inference/legend';

describe('legend', () => {
  const all = ['a', 'b', 'c'];

  test('with all on, a click leaves one; a second brings all back', () => {
    expect(after_click(all, 'b', all)).toEqual(['b']);
    expect(after_click(['b'], 'b', all)).toEqual(all);
  });

  test('with some on, a click adds or takes away, in the order of the legend', () => {
    expect(after_click(['c'], 'a', all)).toEqual(['a', 'c']);
    expect(after_click(['a', 'c'], 'a', all)).toEqual(['c']);
  });

  test('the address names what is on, and nothing when all are', () => {
    expect(lines_text(all, all)).toBeNull();
    expect(lines_on(lines_text(['a', 'c'], all), all)).toEqual(['a', 'c']);
    expect(lines_on(null, all)).toEqual(all);
    expect(lines_on('gone', all)).toEqual(all);
  });
});
