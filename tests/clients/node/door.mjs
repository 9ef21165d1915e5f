// A server of a test's own and the Node clients of one user, unmodified: no credentials, no TLS.
//
// BENCHLAKE_PROGRAM  the program (build/release/benchlake)
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BigQuery } from '@google-cloud/bigquery';
import { managedwriter, reader } from '@google-cloud/bigquery-storage';
import { PassThroughClient } from 'google-auth-library';

// Credentials must be of the grpc-js that the client itself calls with.
const of_storage = createRequire(
  createRequire(import.meta.url).resolve('@google-cloud/bigquery-storage'),
);
const { grpc } = of_storage('google-gax');

export const project = 'p';
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const program = process.env.BENCHLAKE_PROGRAM ?? join(root, 'build/release/benchlake');

/** A server that anybody may use, while a file's tests run; empty until they begin. */
export function with_door() {
  const door = { closes: [] };
  const folder = mkdtempSync(join(tmpdir(), 'benchlake-node-'));
  let server;
  before(async () => {
    server = spawn(program, ['serve', '--data', join(folder, 'data'), '--http', '127.0.0.1:0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, BENCHLAKE_BIGQUERY_OPEN: 'true', BENCHLAKE_LOG_LEVEL: 'error' },
    });
    for await (const line of createInterface({ input: server.stdout })) {
      const ready = JSON.parse(line);
      if (!ready.http) continue;
      Object.assign(door, { url: ready.http, grpc: ready.grpc });
      break;
    }
    if (!door.url) throw new Error('the server did not start');
    door.rest = rest_client({ apiEndpoint: door.url });
  });
  after(async () => {
    for (const close of door.closes) await close();
    const ended = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  });
  return door;
}

export const rest_client = (options) =>
  new BigQuery({ projectId: project, authClient: new PassThroughClient(), ...options });

/** Options of a Storage client: an address without TLS. */
export function storage_options(door) {
  const [host, port] = door.grpc.split(':');
  return {
    projectId: project,
    apiEndpoint: host,
    port: Number(port),
    sslCreds: grpc.credentials.createInsecure(),
    authClient: new PassThroughClient(), // else it asks the network who it is
  };
}

export function writer_of(door) {
  const client = new managedwriter.WriterClient(storage_options(door));
  door.closes.push(async () => {
    client.close();
    await client.getClient().close();
  });
  return client;
}

export function reader_of(door) {
  const client = new reader.ReadClient(storage_options(door));
  door.closes.push(() => client.getClient().close());
  return client;
}

/** A new dataset's handle. */
export async function new_dataset(door) {
  const [dataset] = await door.rest.createDataset(`d_${randomUUID().replaceAll('-', '')}`);
  return dataset;
}

/** `projects/P/datasets/D/tables/T`. */
export const path_of = (table) =>
  `projects/${project}/datasets/${table.dataset.id}/tables/${table.id}`;

/** What `ask` is refused with; fails when it is not refused. */
export async function refusal(ask) {
  try {
    await ask;
  } catch (error) {
    return error;
  }
  throw new Error('was not refused');
}
