// Measured values as people read them: four significant digits and a prefix that fits.
// Seconds and bytes per second scale by 1000, bytes by 1024 (KiB); the exact value goes in a title.

export interface Scale {
  /** Displayed number = value * factor. */
  factor: number;
  label: string;
}

export interface Formatted {
  number: string;
  unit: string;
  /** Number and unit with a no-break space. */
  text: string;
  /** The exact value and the unit as stored. */
  exact: string;
}

const k_digits = 4;
const k_nothing = '\u2013';

const k_seconds: Scale[] = [
  { factor: 1, label: 's' },
  { factor: 1e3, label: 'ms' },
  { factor: 1e6, label: '\u00b5s' },
  { factor: 1e9, label: 'ns' },
];

const k_nanoseconds: Scale[] = k_seconds.map(({ factor, label }) => ({
  factor: factor / 1e9,
  label,
}));

const k_bytes: Scale[] = ['TiB', 'GiB', 'MiB', 'KiB', 'B'].map((label, i) => ({
  factor: 1 / 1024 ** (4 - i),
  label,
}));

function decimal(unit: string): Scale[] {
  return ['T', 'G', 'M', 'k', ''].map((prefix, i) => ({
    factor: 1 / 1000 ** (4 - i),
    label: unit.startsWith('i') ? `${prefix} ${unit}`.trim() : prefix + unit,
  }));
}

const k_scales: Record<string, Scale[]> = {
  s: k_seconds,
  ns: k_nanoseconds,
  B: k_bytes,
  'B/s': decimal('B/s'),
  'i/s': decimal('i/s'),
};

// Making a formatter takes far longer than using it, and a report has thousands of numbers.
const k_formats = Array.from(
  { length: 21 },
  (_, decimals) =>
    new Intl.NumberFormat('en-US', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    }),
);

/** Grouped by thousands, with exactly that many decimals (at most 20). */
function grouped(value: number, decimals: number): string {
  return k_formats[decimals]!.format(value);
}

function rounded(value: number): number {
  return Number(value.toPrecision(k_digits));
}

/** The scale in which `magnitude` reads as 1 or more, else the finest one of the unit. */
export function scale_for(unit: string | null, magnitude: number): Scale {
  const scales = k_scales[unit ?? ''];
  if (!scales) return { factor: 1, label: unit ?? '' };
  const size = Math.abs(magnitude);
  const fitting = scales.find((scale) => rounded(size * scale.factor) >= 1);
  return fitting ?? (size === 0 ? scales_of_zero(scales) : scales[scales.length - 1]!);
}

function scales_of_zero(scales: Scale[]): Scale {
  return scales.find((scale) => scale.factor === 1) ?? scales[0]!;
}

/** Four significant digits, grouped by thousands; exponent form for the very large and small. */
export function format_number(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(rounded(value));
  if (size >= 1e9 || size < 1e-4) return value.toExponential(k_digits - 1);
  const decimals = Math.max(0, k_digits - 1 - Math.floor(Math.log10(size)));
  return grouped(value, decimals);
}

export function format_value(value: number | null | undefined, unit: string | null): Formatted {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return { number: k_nothing, unit: '', text: k_nothing, exact: 'no value' };
  }
  const scale = scale_for(unit, value);
  const scaled = value * scale.factor;
  const whole_bytes = scale.label === 'B' && Number.isInteger(value);
  const number = whole_bytes ? grouped(scaled, 0) : format_number(scaled);
  const text = scale.label ? `${number}\u00a0${scale.label}` : number;
  return { number, unit: scale.label, text, exact: `${value} ${unit ?? ''}`.trim() };
}

export function format_count(value: number): string {
  return grouped(value, 0);
}

/** What is better, as the server says it of a unit. */
export function better_of(less_is_better: boolean | null): string {
  return less_is_better === null ? k_nothing : less_is_better ? 'less' : 'more';
}

/** "1 result", "1,200 results". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${format_count(count)} ${count === 1 ? one : many}`;
}

export interface Change {
  /** Size without sign, e.g. "12.3 %". */
  size: string;
  /** "worse", "better" or "same". */
  direction: 'worse' | 'better' | 'same';
  /** What moved, in the words of the unit: "12.3 % slower". */
  text: string;
}

const k_words: Record<string, [worse: string, better: string]> = {
  s: ['slower', 'faster'],
  ns: ['slower', 'faster'],
  B: ['larger', 'smaller'],
  'B/s': ['slower', 'faster'],
  'i/s': ['slower', 'faster'],
};

/** A change as the API gives it (percent, negative = worse) in words. */
export function format_change(
  percent: number | null | undefined,
  unit: string | null,
): Change | null {
  if (percent === null || percent === undefined || !Number.isFinite(percent)) return null;
  const magnitude = Math.abs(percent);
  const digits = magnitude >= 100 ? 0 : 1;
  const shown = grouped(magnitude, digits);
  const size = `${shown}\u00a0%`;
  if (magnitude < 0.05) return { size, direction: 'same', text: 'unchanged' };
  const [worse, better] = k_words[unit ?? ''] ?? ['worse', 'better'];
  return percent < 0
    ? { size, direction: 'worse', text: `${size} ${worse}` }
    : { size, direction: 'better', text: `${size} ${better}` };
}

/** A distance in standard deviations, with its sign: "+7.2 σ". */
export function format_sigmas(value: number): string {
  const shown = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);
  if (Number(shown) === 0) return `0.0\u00a0σ`;
  return `${value > 0 ? '+' : ''}${shown}\u00a0σ`.replace('-', '\u2212');
}
