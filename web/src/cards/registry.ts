// What the home page shows. Each domain adds its card here, in the order of urgency.
import type { Component } from 'svelte';
import GotFaster from './GotFaster.svelte';
import GuiltyCommits from './GuiltyCommits.svelte';
import GotSlower from './GotSlower.svelte';
import LatestRuns from './LatestRuns.svelte';

export interface Card {
  id: string;
  title: string;
  /** Where "all" leads. */
  more: string;
  view: Component;
  /** Takes the whole width. */
  wide?: boolean;
}

export const cards: readonly Card[] = [
  {
    id: 'guilty-commits',
    title: 'Commits to look at',
    more: '/series?sort=change&status=regressed',
    view: GuiltyCommits,
    wide: true,
  },
  {
    id: 'got-slower',
    title: 'Got slower',
    more: '/series?sort=change&status=regressed',
    view: GotSlower,
  },
  {
    id: 'got-faster',
    title: 'Got faster',
    more: '/series?sort=change&status=improved',
    view: GotFaster,
  },
  { id: 'latest-runs', title: 'Recent runs', more: '/runs', view: LatestRuns, wide: true },
];
