// Frames of a flame graph: how wide each is and where it stands.
import type { Frame } from '../api/types_traces';

export type Weight = 'self_ns' | 'critical_ns';

export interface PlacedFrame {
  index: number;
  depth: number;
  /** Of the root's width, 0 .. 1. */
  left: number;
  width: number;
  weight: number;
}

export interface Flame {
  placed: PlacedFrame[];
  depth: number;
  total: number;
}

/** What a frame and all below it weigh. Parents stand before their children. */
export function weights_of(frames: readonly Frame[], by: Weight): number[] {
  const weights = frames.map((frame) => frame[by]);
  for (let i = frames.length - 1; i >= 0; i--) {
    const { parent } = frames[i]!;
    if (parent !== null) weights[parent]! += weights[i]!;
  }
  return weights;
}

/**
 * The frames as wide as they weigh, the heaviest first, from `root` (null: all roots). Those narrower
 * than `least` of the whole are left out, with what is above them. Parents of the root are as wide as
 * it.
 */
export function flame_of(
  frames: readonly Frame[],
  by: Weight,
  root: number | null,
  least: number,
): Flame {
  const weights = weights_of(frames, by);
  const children = new Map<number | null, number[]>();
  for (const [i, { parent }] of frames.entries()) {
    const list = children.get(parent);
    if (list) list.push(i);
    else children.set(parent, [i]);
  }
  for (const list of children.values()) list.sort((a, b) => weights[b]! - weights[a]!);
  const placed: PlacedFrame[] = [];
  let depth = 0;
  for (const index of ancestors_of(frames, root)) {
    placed.push({ index, depth: depth++, left: 0, width: 1, weight: weights[index]! });
  }
  const begin = root === null ? (children.get(null) ?? []) : [root];
  const total = begin.reduce((sum, index) => sum + weights[index]!, 0);
  let deepest = depth;
  const waiting = place_row(begin, 0, depth);
  while (waiting.length > 0) {
    const frame = waiting.pop()!;
    if (frame.width < least) continue;
    placed.push(frame);
    deepest = Math.max(deepest, frame.depth + 1);
    waiting.push(...place_row(children.get(frame.index) ?? [], frame.left, frame.depth + 1));
  }
  return { placed, depth: deepest, total };

  function place_row(row: readonly number[], left: number, at: number): PlacedFrame[] {
    return row.map((index) => {
      const width = total > 0 ? weights[index]! / total : 0;
      const frame = { index, depth: at, left, width, weight: weights[index]! };
      left += width;
      return frame;
    });
  }
}

function ancestors_of(frames: readonly Frame[], index: number | null): number[] {
  const found: number[] = [];
  let at = index === null ? null : frames[index]!.parent;
  while (at !== null) {
    found.unshift(at);
    at = frames[at]!.parent;
  }
  return found;
}
