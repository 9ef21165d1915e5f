// Traces as an exporter sends them, whose times are known to the nanosecond.
import assert from 'node:assert/strict';

const k_ms = 1_000_000;

export const shop = '5b8efff798038103d269b633813fc60c';
export const slower = '5b8efff798038103d269b633813fc60d';
export const rootless = '00000000000000000000000000000abc';
export const big = 'b0000000000000000000000000000001';
export const nobodys = 'f0000000000000000000000000000000';

const hex = (number) => number.toString(16).padStart(16, '0');

/** A span from `from` ms on, `took` ms long. */
function span(trace, id, parent, name, from, took, more = {}) {
  return {
    traceId: trace,
    spanId: hex(id),
    ...(parent ? { parentSpanId: hex(parent) } : {}),
    name,
    kind: 1,
    from,
    took,
    ...more,
  };
}

/** What an exporter sends: spans by service, all of which begin `start` ms after 1970. */
function request(start, by_service) {
  const ns = (ms) => String(BigInt(start) * 1_000_000n + BigInt(Math.round(ms * k_ms)));
  return {
    resourceSpans: Object.entries(by_service).map(([service, spans]) => ({
      resource: {
        attributes: [{ key: 'service.name', value: { stringValue: service } }],
      },
      scopeSpans: [
        {
          scope: { name: 'shop', version: '1.2' },
          spans: spans.map(({ from, took, ...rest }) => ({
            ...rest,
            startTimeUnixNano: ns(from),
            endTimeUnixNano: ns(from + took),
          })),
        },
      ],
    })),
  };
}

const text = (key, value) => ({ key, value: { stringValue: value } });

/**
 * 0 .. 100 ms of the front end; from 10 on the checkout works for `checkout` ms, in it the database from
 * 20 to 70; beside it the cache from 15 to 30, which fails.
 */
export function shop_request(start, trace = shop, checkout = 80) {
  return request(start, {
    frontend: [span(trace, 1, 0, 'GET /checkout', 0, checkout + 20, { kind: 2 })],
    checkout: [
      span(trace, 2, 1, 'charge', 10, checkout, {
        attributes: [text('card', 'visa "x" <b>'), { key: 'cents', value: { intValue: '4200' } }],
        events: [
          {
            timeUnixNano: String(BigInt(start + 12) * 1_000_000n),
            name: 'retry',
            attributes: [text('why', 'busy')],
          },
        ],
      }),
    ],
    db: [span(trace, 3, 2, 'insert order', 20, checkout - 30, { kind: 3 })],
    cache: [
      span(trace, 4, 1, 'get session', 15, 15, {
        status: { code: 2, message: 'no route to host' },
      }),
    ],
  });
}

/** One span whose parent never comes. */
export function rootless_request(start) {
  return request(start, { worker: [span(rootless, 9, 8, 'late work', 0, 3)] });
}

/** A root with `count - 1` children, each a step later, in requests of at most 20,000 spans. */
export function* big_requests(start, count) {
  const took = count / 100;
  yield request(start, { batch: [span(big, 1, 0, 'all of it', 0, took)] });
  const k_step = 20_000;
  for (let first = 2; first <= count; first += k_step) {
    const spans = [];
    for (let id = first; id < Math.min(first + k_step, count + 1); id++) {
      spans.push(span(big, id, 1, `step ${id}`, (id - 1) / 100, 0.005));
    }
    yield request(start, { batch: spans });
  }
}

/** The traces of a run, a second apart; each a little faster or slower than the one before. */
export function* run_requests(start, run, first, count, checkout) {
  for (let i = 0; i < count; i++) {
    const trace = `5b8efff798038103d269${String(first + i).padStart(12, '0')}`;
    const body = shop_request(start + 1000 * i, trace, checkout + (i % 3));
    for (const { resource } of body.resourceSpans) {
      resource.attributes.push(text('benchlake.run_id', run));
    }
    yield body;
  }
}

/** Sends a request to the server. */
export async function send({ url, token }, body) {
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.text());
}
