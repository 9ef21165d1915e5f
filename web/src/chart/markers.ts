// Marks of points as SVG paths around a place, so that lines are told apart without colours.

export type Marker = 'circle' | 'square' | 'triangle' | 'diamond';

const rounded = (value: number) => Math.round(value * 100) / 100;

/** A closed path; `size` is half of the mark's width. */
export function marker_path(marker: Marker, x: number, y: number, size: number): string {
  const at = (dx: number, dy: number) => `${rounded(x + dx * size)} ${rounded(y + dy * size)}`;
  switch (marker) {
    case 'circle': {
      const turn = `a${size} ${size} 0 1 0`;
      return `M${at(-1, 0)}${turn} ${2 * size} 0${turn} ${-2 * size} 0z`;
    }
    case 'square':
      return `M${at(-1, -1)}L${at(1, -1)}L${at(1, 1)}L${at(-1, 1)}z`;
    case 'triangle':
      return `M${at(0, -1.25)}L${at(1.15, 0.85)}L${at(-1.15, 0.85)}z`;
    case 'diamond':
      return `M${at(0, -1.3)}L${at(1.3, 0)}L${at(0, 1.3)}L${at(-1.3, 0)}z`;
  }
}
