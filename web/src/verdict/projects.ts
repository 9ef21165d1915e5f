// Which projects may be switched: those with a switch of their own, and all that have results. Pure.
import type { VerdictProjects } from '../api/types_verdict';

export interface SwitchedProject {
  repository: string;
  enabled: boolean;
  /** Empty: nobody switched it. */
  updated_by: string;
  updated_at: string | null;
}

/** By name; a repository that is not listed is as the default has it. */
export function projects_of(
  known: VerdictProjects,
  repositories: readonly string[],
): SwitchedProject[] {
  const listed = new Set(known.projects.map(({ repository }) => repository));
  const others = repositories
    .filter((one) => one !== '' && !listed.has(one))
    .map((repository) => ({
      repository,
      enabled: known.enabled_by_default,
      updated_by: '',
      updated_at: null,
    }));
  return [...known.projects, ...others].sort((a, b) => (a.repository < b.repository ? -1 : 1));
}

/** Whether any project has verdicts at all. */
export function any_enabled(known: VerdictProjects): boolean {
  return known.enabled_by_default || known.projects.some(({ enabled }) => enabled);
}
