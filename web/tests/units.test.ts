import { describe, expect, test } from 'vitest';
import {
  format_change,
  format_number,
  format_sigmas,
  format_value,
  scale_for,
} from '../src/format/units';

const text = (value: number | null, unit: string | null) =>
  format_value(value, unit).text.replaceAll('\u00a0', ' ');

describe('format_value', () => {
  test.each([
    [1.23456, 's', '1.235 s'],
    [0.00123456, 's', '1.235 ms'],
    [45.6e-6, 's', '45.60 µs'],
    [7.5e-9, 's', '7.500 ns'],
    [2e-10, 's', '0.2000 ns'],
    [1234.5, 's', '1,235 s'],
    [0, 's', '0 s'],
    [-0.002, 's', '-2.000 ms'],
    [1500, 'ns', '1.500 µs'],
    [12, 'ns', '12.00 ns'],
    [2.5e9, 'ns', '2.500 s'],
    [512, 'B', '512 B'],
    [1536, 'B', '1.500 KiB'],
    [3 * 1024 ** 3, 'B', '3.000 GiB'],
    [0.25, 'B', '0.2500 B'],
    [1_234_000, 'B/s', '1.234 MB/s'],
    [12, 'i/s', '12.00 i/s'],
    [45_600_000, 'i/s', '45.60 M i/s'],
    [3.14159, 'furlong', '3.142 furlong'],
    [3.14159, null, '3.142'],
  ])('%d %s reads %s', (value, unit, expected) => {
    expect(text(value, unit)).toBe(expected);
  });

  test('a value that rounds up to the next unit is shown in it', () => {
    expect(text(0.99996, 's')).toBe('1.000 s');
    expect(text(1023.99, 'B')).toBe('1.000 KiB');
    expect(text(999_960, 'B/s')).toBe('1.000 MB/s');
  });

  test('what is not a number is a dash with no unit', () => {
    expect(text(null, 's')).toBe('–');
    expect(text(Number.NaN, 's')).toBe('–');
    expect(text(Infinity, 's')).toBe('–');
  });

  test('the exact value keeps every digit and the stored unit', () => {
    expect(format_value(0.0012345678901, 's').exact).toBe('0.0012345678901 s');
  });
});

test('very large and very small plain numbers use the exponent form', () => {
  expect(format_number(1.5e12)).toBe('1.500e+12');
  expect(format_number(0.00001234)).toBe('1.234e-5');
});

test('one scale fits a whole axis', () => {
  expect(scale_for('s', 0.08)).toEqual({ factor: 1e3, label: 'ms' });
  expect(scale_for('s', 0).label).toBe('s');
  expect(scale_for('ns', 0).label).toBe('ns');
});

describe('format_change', () => {
  test('negative is worse, in the words of the unit', () => {
    expect(format_change(-12.34, 's')).toMatchObject({
      direction: 'worse',
      text: '12.3\u00a0% slower',
    });
    expect(format_change(-12.34, 'B')?.text).toBe('12.3\u00a0% larger');
    expect(format_change(95.1, 'i/s')).toMatchObject({
      direction: 'better',
      text: '95.1\u00a0% faster',
    });
    expect(format_change(3, null)?.text).toBe('3.0\u00a0% better');
  });

  test('large changes drop the decimals, tiny ones are unchanged', () => {
    expect(format_change(-5503.2, 's')?.size).toBe('5,503\u00a0%');
    expect(format_change(0.01, 's')?.direction).toBe('same');
    expect(format_change(null, 's')).toBeNull();
    expect(format_change(Number.NaN, 's')).toBeNull();
  });
});

test('sigmas carry their sign', () => {
  expect(format_sigmas(7.25)).toBe('+7.3\u00a0σ');
  expect(format_sigmas(-137.4)).toBe('\u2212137\u00a0σ');
  expect(format_sigmas(0)).toBe('0.0\u00a0σ');
  expect(format_sigmas(-0.04)).toBe('0.0\u00a0σ');
});
