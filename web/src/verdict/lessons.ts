// What a person may say of a result: annotations that the detector obeys, and what tells whether an
// alert was right. Pure.
import type { Json } from '../api/types';
import type { Lesson } from '../api/types_verdict';

/** `confirmed` teaches the detector nothing. */
export type Said = Lesson | 'confirmed';

export interface Teaching {
  lesson: Said;
  /** The member of the result's `change_annotations`. */
  annotation: string;
  /** A button's text, by whether it is taught. */
  offer: string;
  said: string;
  /** What it means. */
  meaning: string;
  /** What cannot be true at once, and is taken back. */
  against: readonly Said[];
}

export const k_teachings: readonly Teaching[] = [
  {
    lesson: 'expected',
    annotation: 'begins_distribution_change',
    offer: 'Let a new level begin here',
    said: 'A new level begins here',
    meaning:
      'a change that is meant to stay. The mean of the history starts anew at this commit, and later results are held against the new level.',
    against: ['noise'],
  },
  {
    lesson: 'machine_changed',
    annotation: 'machine_changed',
    offer: 'The machine changed here',
    said: 'The machine changed here',
    meaning: 'no change of the code. Verdicts begin anew from this result on.',
    against: ['noise', 'confirmed'],
  },
  {
    lesson: 'noise',
    annotation: 'noise',
    offer: 'This is noise',
    said: 'This is noise',
    meaning: 'nothing began here. Verdicts go back to the level before.',
    against: ['expected', 'machine_changed', 'confirmed'],
  },
  {
    lesson: 'confirmed',
    annotation: 'confirmed',
    offer: 'It did get slower here',
    said: 'It did get slower here',
    meaning:
      'an alert of this commit was right, and none would be a miss. Verdicts stay as they are.',
    against: ['noise', 'machine_changed'],
  },
];

type Annotations = Record<string, Json> | null;

export function is_taught(annotations: Annotations, teaching: Teaching): boolean {
  return annotations?.[teaching.annotation] === true;
}

/** The annotations to send to teach it, or to take it back where it is taught. */
export function toggled(annotations: Annotations, teaching: Teaching): Record<string, Json> {
  if (is_taught(annotations, teaching)) return { [teaching.annotation]: null };
  const taken_back = k_teachings.filter(
    (one) => teaching.against.includes(one.lesson) && is_taught(annotations, one),
  );
  return {
    [teaching.annotation]: true,
    ...Object.fromEntries(taken_back.map(({ annotation }) => [annotation, null])),
  };
}
