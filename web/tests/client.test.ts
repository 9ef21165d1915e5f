import { afterEach, describe, expect, test, vi } from 'vitest';
import { get, is_abort, Problem, send, with_query } from '../src/api/client';
import { api } from '../src/api/endpoints';

function answer(body: string, init: ResponseInit = {}): ReturnType<typeof vi.fn> {
  const fetch = vi.fn(() => Promise.resolve(new Response(body, init)));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

async function failure(promise: Promise<unknown>): Promise<Problem> {
  const cause = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(cause).toBeInstanceOf(Problem);
  return cause as Problem;
}

afterEach(() => vi.unstubAllGlobals());

test('with_query leaves out what is empty and escapes the rest', () => {
  expect(with_query('/p', { a: 1, b: '', c: null, d: undefined, e: 'x&y', f: false })).toBe(
    '/p?a=1&e=x%26y&f=false',
  );
  expect(with_query('/p')).toBe('/p');
});

describe('get', () => {
  test('gives back the JSON of a good answer', async () => {
    answer('{"a":[1]}');
    expect(await get('/x')).toEqual({ a: [1] });
  });

  test('an error answer becomes a Problem with everything the server said', async () => {
    const body = {
      title: 'Unprocessable',
      detail: 'bad cursor: zz',
      code: 'invalid',
      request_id: 'r-1',
      errors: [{ location: 'query.cursor', message: 'not a cursor', value: 'zz' }],
    };
    answer(JSON.stringify(body), {
      status: 422,
      headers: { 'content-type': 'application/problem+json' },
    });
    const problem = await failure(get('/x'));
    expect(problem).toMatchObject({
      title: 'Unprocessable',
      status: 422,
      detail: 'bad cursor: zz',
      code: 'invalid',
      request_id: 'r-1',
    });
    expect(problem.faults).toHaveLength(1);
  });

  test('an answer of the InferenceX dashboard has its sentence', async () => {
    answer('{"error":"Unknown model"}', {
      status: 400,
      headers: { 'content-type': 'application/json' },
    });
    expect(await failure(get('/x'))).toMatchObject({ status: 400, detail: 'Unknown model' });
  });

  test('an error that is not JSON still has a title, a status and the request id', async () => {
    answer('<html>', {
      status: 502,
      statusText: 'Bad Gateway',
      headers: { 'content-type': 'text/html', 'x-request-id': 'r-2' },
    });
    expect(await failure(get('/x'))).toMatchObject({
      title: 'Bad Gateway',
      status: 502,
      request_id: 'r-2',
    });
  });

  test('an answer that is not JSON is named as such', async () => {
    answer('<html>');
    expect((await failure(get('/x'))).code).toBe('bad_answer');
  });

  test('no answer is a Problem with status 0', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(await failure(get('/x'))).toMatchObject({ status: 0, code: 'unreachable' });
  });

  test('an abort stays an abort', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new DOMException('gone', 'AbortError')));
    await expect(get('/x')).rejects.toSatisfy(is_abort);
  });
});

test('ids are escaped into paths', async () => {
  const fetch = answer('{}');
  await api.result('a/b?c');
  expect(fetch.mock.calls[0]?.[0]).toBe('/api/benchmark-results/a%2Fb%3Fc');
});

test('a failure of the legacy dialect says its sentences', async () => {
  const headers = { 'content-type': 'application/json' };
  const told = async (description: unknown) => {
    const body = JSON.stringify({ code: 400, name: 'Bad Request', description });
    answer(body, { status: 400, headers });
    return failure(get('/api/compare/runs/a...b/'));
  };
  expect(await told('empty baseline ID')).toMatchObject({
    title: 'Bad Request',
    status: 400,
    detail: 'empty baseline ID',
    code: '',
  });
  const fields = { _errors: ['Invalid email or password.'], email: ['a', 'b'] };
  expect((await told(fields)).detail).toBe('Invalid email or password. email: a b');
});

test('a change is sent as JSON, and an answer without a body is null', async () => {
  const fetch = answer('{"id":"1"}', { status: 201 });
  expect(await send('POST', '/api/tokens', { name: 'x' })).toEqual({ id: '1' });
  expect(fetch.mock.calls[0]![1]).toMatchObject({
    method: 'POST',
    body: '{"name":"x"}',
    headers: { 'content-type': 'application/json' },
  });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 204 })));
  expect(await send('DELETE', '/api/tokens/1')).toBeNull();
});

test('ids in paths are escaped, in pairs too', async () => {
  const fetch = answer('{"data":[],"metadata":{"next_page_cursor":null}}');
  await api.compare_runs('a/1', 'b 2', { threshold: '7' });
  expect(fetch.mock.calls[0]![0]).toBe(
    '/api/compare/runs/a%2F1...b%202/?threshold=7&page_size=1000',
  );
});
