// Where a sign-in may lead back to: places of this page only.

/** `text` when it is a path of this page, else the fallback. `//host` and `/\host` are none. */
export function safe_target(text: string | null | undefined, fallback = '/account'): string {
  if (!text || !/^\/(?![/\\])/.test(text) || /[\u0000-\u001f\\]/.test(text)) return fallback;
  return text;
}
