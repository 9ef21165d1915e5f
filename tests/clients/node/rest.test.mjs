// The REST client from npm, as it is: datasets, tables, rows, queries, loads, jobs.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OAuth2Client } from 'google-auth-library';
import { new_dataset, project, refusal, rest_client, with_door } from './door.mjs';

const door = with_door();

const columns = [
  { name: 'id', type: 'INT64', mode: 'REQUIRED' },
  { name: 'name', type: 'STRING' },
];

async function table_of(rows, schema = columns) {
  const dataset = await new_dataset(door);
  const [table] = await dataset.createTable('t', { schema });
  if (rows.length > 0) await table.insert(rows);
  return table;
}

const by_id = (rows) => rows.map(({ id, name }) => [id, name]).sort((a, b) => a[0] - b[0]);

test('datasets are made, found, changed and dropped', async () => {
  const dataset = await new_dataset(door);
  const [ids] = await door.rest.getDatasets();
  assert.ok(ids.some(({ id }) => id === dataset.id));
  await dataset.setMetadata({ description: 'of a test', labels: { team: 'a' } });
  const [metadata] = await dataset.getMetadata();
  assert.equal(metadata.description, 'of a test');
  assert.deepEqual(metadata.labels, { team: 'a' });
  assert.equal((await refusal(door.rest.createDataset(dataset.id))).code, 409);
  await dataset.createTable('t', { schema: columns });
  assert.equal((await refusal(dataset.delete())).code, 400);
  await dataset.delete({ force: true });
  assert.deepEqual(await dataset.exists(), [false]);
});

test('datasets are listed page by page', async () => {
  const made = [await new_dataset(door), await new_dataset(door), await new_dataset(door)];
  const found = [];
  let query = { maxResults: 2, autoPaginate: false };
  while (query) {
    const [page, next] = await door.rest.getDatasets(query);
    assert.ok(page.length <= 2);
    found.push(...page.map(({ id }) => id));
    query = next;
  }
  for (const { id } of made) assert.equal(found.filter((each) => each === id).length, 1);
});

test('tables have the columns that they were made with, and take more', async () => {
  const table = await table_of([]);
  const [metadata] = await table.getMetadata();
  assert.deepEqual(
    metadata.schema.fields.map(({ name, type, mode }) => [name, type, mode]),
    [
      ['id', 'INTEGER', 'REQUIRED'],
      ['name', 'STRING', undefined],
    ],
  );
  await table.setMetadata({ schema: { fields: [...columns, { name: 'more', type: 'FLOAT64' }] } });
  const [changed] = await table.getMetadata();
  assert.equal(changed.schema.fields[2].name, 'more');
  const [tables] = await table.dataset.getTables();
  assert.deepEqual(
    tables.map(({ id }) => id),
    ['t'],
  );
  await table.delete();
  assert.equal((await refusal(table.getMetadata())).code, 404);
});

test('rows are inserted, and read back by pages', async () => {
  const rows = Array.from({ length: 25 }, (_, id) => ({ id, name: `name ${id}` }));
  const table = await table_of(rows);
  const [all] = await table.getRows();
  assert.deepEqual(
    by_id(all),
    rows.map(({ id, name }) => [id, name]),
  );
  const found = [];
  let query = { maxResults: 10, autoPaginate: false };
  const sizes = [];
  while (query) {
    const [page, next] = await table.getRows(query);
    sizes.push(page.length);
    found.push(...page);
    query = next;
  }
  assert.deepEqual(sizes, [10, 10, 5]);
  assert.deepEqual(by_id(found), by_id(all));
});

test('a bad row of an insert is named, and no row is taken', async () => {
  const table = await table_of([]);
  const error = await refusal(table.insert([{ id: 1 }, { id: 'many' }, { id: 3 }]));
  assert.equal(error.name, 'PartialFailureError');
  assert.deepEqual(
    error.errors.map(({ row, errors }) => [row.id, errors[0].reason]),
    [
      [1, 'stopped'],
      ['many', 'invalid'],
      [3, 'stopped'],
    ],
  );
  const unknown = await refusal(table.insert([{ id: 1, nope: 2 }]));
  assert.match(unknown.errors[0].errors[0].message, /nope/);
  assert.equal((await table.getRows())[0].length, 0);
});

test('a row that is sent again under its insertId is there once', async () => {
  const table = await table_of([]);
  const row = { insertId: randomUUID(), json: { id: 1, name: 'once' } };
  await table.insert([row], { raw: true });
  await table.insert([row], { raw: true });
  assert.equal((await table.getRows())[0].length, 1);
});

test('queries with parameters by name and by place', async () => {
  const [named] = await door.rest.query({
    query: 'SELECT @n + 1 AS n, @s AS s, ARRAY_LENGTH(@l) AS l, @t AS t',
    params: { n: 41, s: "it's", l: [1, 2, 3], t: door.rest.timestamp('2024-02-29T10:00:00.5Z') },
  });
  assert.deepEqual([named[0].n, named[0].s, named[0].l], [42, "it's", 3]);
  assert.equal(new Date(named[0].t.value).getTime(), Date.UTC(2024, 1, 29, 10, 0, 0, 500));
  const [placed] = await door.rest.query({
    query: 'SELECT ? AS a, ? AS b',
    params: [true, null],
    types: ['BOOL', 'INT64'],
  });
  assert.deepEqual(placed, [{ a: true, b: null }]);
});

test('every type arrives as Node has it', async () => {
  const [[row]] = await door.rest.query(
    "SELECT 1 AS i, 1.5 AS f, TRUE AS b, 'ä' AS s, b'\\x00\\xff' AS y, NUMERIC '1.25' AS n, BIGNUMERIC '2.5' AS g, " +
      "DATE '2024-02-29' AS d, TIME '10:11:12.5' AS t, DATETIME '2024-02-29 10:11:12' AS dt, " +
      "TIMESTAMP '2024-02-29 10:11:12+02' AS ts, [1, 2] AS l, STRUCT(1 AS a, ['x'] AS b) AS r, " +
      'JSON \'{"k": [1]}\' AS j, CAST(NULL AS STRING) AS z',
  );
  assert.deepEqual([row.i, row.f, row.b, row.s], [1, 1.5, true, 'ä']);
  assert.deepEqual(row.y, Buffer.from([0, 255]));
  assert.deepEqual([row.n.toString(), row.g.toString()], ['1.25', '2.5']);
  assert.deepEqual(
    [row.d.value, row.t.value, row.dt.value],
    ['2024-02-29', '10:11:12.500000', '2024-02-29T10:11:12'],
  );
  assert.equal(new Date(row.ts.value).getTime(), Date.UTC(2024, 1, 29, 8, 11, 12));
  assert.deepEqual([row.l, row.r, row.j, row.z], [[1, 2], { a: 1, b: ['x'] }, '{"k": [1]}', null]);
});

test('a query is answered by pages, by jobs.query and by a job', async () => {
  const query = 'SELECT x FROM UNNEST(GENERATE_ARRAY(1, 2500)) AS x ORDER BY x';
  const expected = Array.from({ length: 2500 }, (_, i) => i + 1);
  const [fast] = await door.rest.query({ query, maxResults: 1000 });
  assert.deepEqual(fast.map(({ x }) => x), expected);
  const [job] = await door.rest.createQueryJob({ query });
  const sizes = [];
  const found = [];
  let next = { maxResults: 1000, autoPaginate: false };
  while (next) {
    const [page, after_it] = await job.getQueryResults(next);
    sizes.push(page.length);
    found.push(...page.map(({ x }) => x));
    next = after_it;
  }
  assert.deepEqual(sizes, [1000, 1000, 500]);
  assert.deepEqual(found, expected);
  const streamed = [];
  for await (const row of door.rest.createQueryStream({ query })) streamed.push(row.x);
  assert.deepEqual(streamed, expected);
});

test('the slow path of a query is a job', async () => {
  process.env.FAST_QUERY_PATH = 'DISABLED';
  try {
    assert.deepEqual((await door.rest.query('SELECT 7 AS n'))[0], [{ n: 7 }]);
  } finally {
    delete process.env.FAST_QUERY_PATH;
  }
});

test('statements change rows, and say how many', async () => {
  const table = await table_of([{ id: 1, name: 'a' }]);
  const name = `\`${table.dataset.id}.t\``;
  await door.rest.query(`INSERT INTO ${name} (id, name) VALUES (2, 'b'), (3, 'c')`);
  const [job] = await door.rest.createQueryJob(`UPDATE ${name} SET name = 'z' WHERE id > 1`);
  await job.getQueryResults();
  const [metadata] = await job.getMetadata();
  assert.equal(metadata.statistics.query.numDmlAffectedRows, '2');
  const [rows] = await door.rest.query(`SELECT id, name FROM ${name} ORDER BY id`);
  assert.deepEqual(by_id(rows), [
    [1, 'a'],
    [2, 'z'],
    [3, 'z'],
  ]);
});

test('a fault of SQL is the client’s, at once', async () => {
  for (const [query, code, what] of [
    ['SELEC 1', 400, /\[1:1\]/],
    ['SELECT 1 / 0', 400, /zero/],
    ['SELECT * FROM nowhere.nothing', 404, /nowhere/],
  ]) {
    const fast = await refusal(door.rest.query(query));
    assert.equal(fast.code, code);
    assert.match(fast.message, what);
    const [job] = await door.rest.createQueryJob(query).catch((error) => [{ error }]);
    const slow = job.error ?? (await refusal(job.getQueryResults()));
    assert.match(slow.message, what);
  }
});

test('a dry run says what a query would read', async () => {
  const [job] = await door.rest.createQueryJob({ query: 'SELECT 1 AS one', dryRun: true });
  assert.equal(job.metadata.statistics.query.schema.fields[0].name, 'one');
});

test('an answer goes into a table', async () => {
  const dataset = await new_dataset(door);
  const [job] = await door.rest.createQueryJob({
    query: 'SELECT 1 AS id',
    destination: dataset.table('made'),
  });
  await job.getQueryResults();
  assert.deepEqual((await dataset.table('made').getRows())[0], [{ id: 1 }]);
  const [copied] = await dataset.table('made').createCopyJob(dataset.table('copy'));
  await copied.promise();
  assert.deepEqual((await dataset.table('copy').getRows())[0], [{ id: 1 }]);
});

test('files are loaded: one upload for a small one, a resumable one for others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'benchlake-load-'));
  try {
    const table = await table_of([]);
    const csv = join(folder, 'rows.csv');
    writeFileSync(csv, 'id,name\n' + Array.from({ length: 60_000 }, (_, i) => `${i},n${i}\n`).join(''));
    const options = { sourceFormat: 'CSV', skipLeadingRows: 1, schema: { fields: columns } };
    const [loaded] = await table.load(csv, options);
    assert.equal(loaded.status.state, 'DONE');
    assert.equal(loaded.statistics.load.outputRows, '60000');
    const json = join(folder, 'rows.json');
    writeFileSync(json, '{"id": 60000, "name": "last"}\n');
    await table.load(json, { sourceFormat: 'NEWLINE_DELIMITED_JSON' });
    const [[counted]] = await door.rest.query(
      `SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS ids FROM \`${table.dataset.id}.t\``,
    );
    assert.deepEqual(counted, { n: 60_001, ids: 60_001 });
    writeFileSync(csv, 'id,name\n1,a\nx,b\n');
    const error = await refusal(table.load(csv, options));
    assert.match(error.message, /row 2|row 3/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('rows are streamed into a table by its write stream', async () => {
  const table = await table_of([]);
  const stream = table.createWriteStream('json');
  const job = new Promise((done, fail) => stream.on('job', done).on('error', fail));
  stream.end('{"id": 1, "name": "a"}\n{"id": 2, "name": "b"}\n');
  await (await job).promise();
  assert.deepEqual(by_id((await table.getRows())[0]), [
    [1, 'a'],
    [2, 'b'],
  ]);
});

test('jobs are listed, found, and cancelled', async () => {
  const [job] = await door.rest.createQueryJob(
    'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT COUNT(*) FROM n',
  );
  assert.deepEqual((await door.rest.query({ query: 'SELECT 1 AS n', useQueryCache: false }))[0], [{ n: 1 }]);
  await job.cancel();
  const error = await refusal(job.promise());
  assert.match(error.message, /cancel/i);
  const [jobs] = await door.rest.getJobs({ maxResults: 5, autoPaginate: false });
  assert.ok(jobs.some(({ id }) => id === job.id));
  assert.deepEqual(await door.rest.job(job.id).exists(), [true]);
  assert.deepEqual(await door.rest.job('never').exists(), [false]);
});

test('a job id is taken once', async () => {
  const jobId = `mine_${randomUUID()}`;
  const [job] = await door.rest.createQueryJob({ query: 'SELECT 1 AS n', jobId });
  assert.equal(job.id, jobId);
  await job.getQueryResults();
  const again = await refusal(door.rest.createQueryJob({ query: 'SELECT 2 AS n', jobId }));
  assert.equal(again.code, 409);
  assert.equal(again.errors[0].reason, 'duplicate');
});

test('the environment’s host and a made-up token do, too', async () => {
  process.env.BIGQUERY_EMULATOR_HOST = door.url;
  try {
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: 'made up', expiry_date: Date.now() + 3_600_000 });
    const client = rest_client({ authClient });
    assert.deepEqual((await client.query('SELECT 1 AS n'))[0], [{ n: 1 }]);
    const [dataset] = await client.createDataset(`e_${randomUUID().replaceAll('-', '')}`);
    assert.equal(dataset.metadata.datasetReference.projectId, project);
  } finally {
    delete process.env.BIGQUERY_EMULATOR_HOST;
  }
});
