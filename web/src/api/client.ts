// One way to ask the server: JSON there and back, and a Problem when it does not work out.

export interface Fault {
  location?: string;
  message?: string;
  value?: unknown;
}

interface ProblemBody {
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  request_id?: string;
  errors?: Fault[] | null;
}

/**
 * What the legacy dialect answers: `description` is a sentence, or sentences by field. The
 * InferenceX dashboard's routes answer a sentence as `error`.
 */
interface LegacyBody {
  code?: number | string;
  name?: string;
  description?: unknown;
  error?: string;
}

/** Why a request failed, ready to be shown. `status` is 0 when no answer came back. */
export class Problem extends Error {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
  readonly faults: Fault[];

  constructor(body: ProblemBody) {
    super(body.title ?? 'Request failed');
    this.title = body.title ?? 'Request failed';
    this.status = body.status ?? 0;
    this.detail = body.detail ?? '';
    this.code = body.code ?? '';
    this.request_id = body.request_id ?? '';
    this.faults = body.errors ?? [];
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** `path?a=1&b=2`; empty and absent values are left out, keys keep their order. */
export function with_query(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/** Any failure as a Problem; an abort is passed on as it is, because nobody waits for it. */
export function as_problem(cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  return new Problem({
    title: 'The server did not answer',
    detail: `Is it running? (${cause instanceof Error ? cause.message : String(cause)})`,
    code: 'unreachable',
  });
}

export function is_abort(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === 'AbortError';
}

function sentences(description: unknown): string {
  if (typeof description === 'string') return description;
  if (typeof description !== 'object' || description === null) return '';
  return Object.entries(description)
    .map(([field, texts]) => {
      const text = [texts].flat().join(' ');
      return field.startsWith('_') ? text : `${field}: ${text}`;
    })
    .join(' ');
}

/** The problem of an answer in either dialect. */
async function problem_of(response: Response): Promise<Problem> {
  let body: ProblemBody & LegacyBody = {};
  if (response.headers.get('content-type')?.includes('json')) {
    body = ((await response.json().catch(() => ({}))) as typeof body | null) ?? {};
  }
  return new Problem({
    ...body,
    code: typeof body.code === 'string' ? body.code : '',
    detail: body.detail ?? body.error ?? sentences(body.description),
    title: body.title ?? body.name ?? (response.statusText || `Status ${response.status}`),
    status: response.status,
    request_id: body.request_id ?? response.headers.get('x-request-id') ?? '',
  });
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (is_abort(cause)) throw cause;
    throw as_problem(cause);
  }
  if (!response.ok) throw await problem_of(response);
  return response;
}

async function json_of<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (cause) {
    if (is_abort(cause)) throw cause;
    throw new Problem({
      title: 'The answer was not JSON',
      status: response.status,
      detail: cause instanceof Error ? cause.message : String(cause),
      code: 'bad_answer',
    });
  }
}

/** Fetches JSON. Throws Problem (or the AbortError of `signal`). */
export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const headers = { accept: 'application/json' };
  return json_of(await ask(with_query(path, query), { headers, signal: signal ?? null }));
}

/** The same as text of a media type. */
export async function get_text(
  path: string,
  query: Query,
  type: string,
  signal?: AbortSignal,
): Promise<string> {
  const headers = { accept: type };
  return (await ask(with_query(path, query), { headers, signal: signal ?? null })).text();
}

/** Changes something; the answer's JSON, null when it has no body. Throws Problem (or the AbortError of `signal`). */
export async function send<T = null>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  const init: RequestInit = { method, headers, signal: signal ?? null };
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  const response = await ask(path, init);
  const empty = response.status === 204 || response.headers.get('content-length') === '0';
  return empty ? (null as T) : json_of(response);
}
