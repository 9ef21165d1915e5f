// Names of benchmarks, commits and places in the form that people scan.
import type { Json } from '../api/types';

/** What stands before the last dot, slash or `::`, and the last part, which people look for. */
export function split_name(name: string): { path: string; leaf: string } {
  const at = Math.max(name.lastIndexOf('.'), name.lastIndexOf('/'), name.lastIndexOf('::') + 1);
  return at > 0 && at < name.length - 1
    ? { path: name.slice(0, at + 1).replace(/(\.|\/|::)$/, ''), leaf: name.slice(at + 1) }
    : { path: '', leaf: name };
}

/** The parts between which a name may be broken: each ends with a separator. */
export function break_steps(name: string): string[] {
  return name.split(/(?<=[./:_])/);
}

/** Case parameters without the name, as `key=value`, sorted by key. */
export function tag_texts(tags: Record<string, string> | null | undefined): string[] {
  return Object.entries(tags ?? {})
    .filter(([key]) => key !== 'name')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
}

export function short_sha(sha: string | null | undefined): string {
  return sha ? sha.slice(0, 8) : '\u2013';
}

/** "django/django" of "https://github.com/django/django". */
export function short_repository(repository: string | null | undefined): string {
  return (repository ?? '').replace(/^https?:\/\/[^/]+\//, '') || '\u2013';
}

/** Where a commit can be read, for repositories that live at an https address. */
export function commit_href(repository: string | null | undefined, sha: string | null | undefined) {
  return sha && repository?.startsWith('https://') ? `${repository}/commit/${sha}` : null;
}

/** A context's values in the order of its keys: what tells two series of one name apart. */
export function context_text(context: Json): string {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) return '';
  return Object.entries(context)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, value]) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join(' · ');
}

/** A message's first line. */
export function first_line(message: string | null | undefined): string {
  return (message ?? '').split('\n', 1)[0]!.trim();
}
