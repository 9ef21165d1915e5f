// Many dots on a canvas, fast: a dot whose place is already covered is not drawn again, so the work
// is bounded by the area of the plot and not by the number of points.

export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Remembers which cells of an area are covered. */
export class Occupancy {
  #cells: Uint8Array;
  #columns: number;
  #rows: number;
  readonly #area: Area;
  readonly #cell: number;

  constructor(area: Area, cell: number) {
    this.#area = area;
    this.#cell = Math.max(1, cell);
    this.#columns = Math.ceil(area.width / this.#cell) + 1;
    this.#rows = Math.ceil(area.height / this.#cell) + 1;
    this.#cells = new Uint8Array(Math.max(0, this.#columns * this.#rows));
  }

  /** True when (x, y) lies inside and its cell was free; the cell is then taken. */
  take(x: number, y: number): boolean {
    const column = Math.floor((x - this.#area.left) / this.#cell);
    const row = Math.floor((y - this.#area.top) / this.#cell);
    if (!(column >= 0 && row >= 0 && column < this.#columns && row < this.#rows)) return false;
    const at = row * this.#columns + column;
    if (this.#cells[at]) return false;
    this.#cells[at] = 1;
    return true;
  }
}

/** Radius in CSS pixels for so many points on a plot: large and round while they are few. */
export function dot_radius(count: number): number {
  if (count <= 150) return 3.5;
  if (count <= 1500) return 2.5;
  return 1.5;
}
