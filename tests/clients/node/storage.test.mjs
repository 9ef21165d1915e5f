// The Storage client from npm, as it is: rows read as Arrow, rows written by its managed writer through all
// kinds of streams. It sends the writer's schema with every message.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { adapt, managedwriter } from '@google-cloud/bigquery-storage';
import { RecordBatchReader } from 'apache-arrow';
import { new_dataset, path_of, project, reader_of, refusal, with_door, writer_of } from './door.mjs';

const { JSONWriter } = managedwriter;
const k_already_exists = 6;
const k_not_found = 5;
const k_failed_precondition = 9;
const k_out_of_range = 11;

const door = with_door();

const columns = [
  { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
  { name: 'name', type: 'STRING' },
];

async function new_table(fields = columns) {
  const dataset = await new_dataset(door);
  return (await dataset.createTable(`t_${randomUUID().slice(0, 8)}`, { schema: fields }))[0];
}

/** Rows as JSON, as the managed writer of the samples has them. */
async function json_writer(table, stream, { fields = columns, options = {} } = {}) {
  const writer = writer_of(door);
  const connection = await writer.createStreamConnection({
    destinationTable: path_of(table),
    ...stream,
  });
  connection.onConnectionError(() => {});
  const schema = adapt.convertBigQuerySchemaToStorageTableSchema({ fields });
  const protoDescriptor = adapt.convertStorageSchemaToProto2Descriptor(schema, 'root');
  const rows = new JSONWriter({ connection, protoDescriptor, ...options });
  return { writer, connection, rows };
}

const numbered = (from, to) =>
  Array.from({ length: to - from }, (_, i) => ({ id: from + i, name: `name ${from + i}` }));

async function ids_of(table) {
  const [rows] = await table.getRows();
  return rows.map(({ id }) => id).sort((a, b) => a - b);
}

const numbers = (from, to) => numbered(from, to).map(({ id }) => id);

test('rows of a table come as rows, in its columns', async () => {
  const table = await new_table();
  await table.insert(numbered(0, 1_000));
  const client = reader_of(door);
  const reader = await client.createTableReader({
    table: { projectId: project, datasetId: table.dataset.id, tableId: table.id },
  });
  const [rows, session] = await reader.getRows({ selectedFields: 'name,id' });
  assert.equal(session.estimatedRowCount, '1000');
  assert.deepEqual(
    rows.map(({ f }) => [Number(f[0].v), f[1].v]).sort((a, b) => a[0] - b[0]),
    numbered(0, 1_000).map(({ id, name }) => [id, name]),
  );
  reader.close();
});

test('record batches are Arrow', async () => {
  const table = await new_table();
  await table.insert(numbered(0, 5_000));
  const client = reader_of(door);
  const reader = await client.createArrowTableReader({
    table: { projectId: project, datasetId: table.dataset.id, tableId: table.id },
  });
  const found = [];
  for await (const batch of await reader.getRecordBatchStream()) {
    for (const id of batch.getChild('id')) found.push(Number(id));
  }
  assert.deepEqual(found.sort((a, b) => a - b), numbers(0, 5_000));
  reader.close();
});

test('a session has a restriction, and streams that go on at an offset', async () => {
  const table = await new_table();
  await table.insert(numbered(0, 3_000));
  const client = reader_of(door).getClient();
  const [session] = await client.createReadSession({
    parent: `projects/${project}`,
    readSession: {
      table: path_of(table),
      dataFormat: 'ARROW',
      readOptions: { selectedFields: ['id'], rowRestriction: 'id >= 1000' },
    },
    maxStreamCount: 1,
  });
  const read = async (offset) => {
    const found = [];
    for await (const answer of client.readRows({ readStream: session.streams[0].name, offset })) {
      const bytes = Buffer.concat([
        session.arrowSchema.serializedSchema,
        answer.arrowRecordBatch.serializedRecordBatch,
      ]);
      for (const batch of RecordBatchReader.from(bytes)) {
        for (const id of batch.getChild('id')) found.push(Number(id));
      }
    }
    return found;
  };
  const all = await read(0);
  assert.deepEqual([...all].sort((a, b) => a - b), numbers(1_000, 3_000));
  assert.deepEqual(await read(1_500), all.slice(1_500));
});

test('an empty table has no streams, a missing one is not found', async () => {
  const table = await new_table();
  const client = reader_of(door);
  const reader = await client.createTableReader({
    table: { projectId: project, datasetId: table.dataset.id, tableId: table.id },
  });
  assert.deepEqual((await reader.getRows())[0], []);
  const missing = await client.createTableReader({
    table: { projectId: project, datasetId: table.dataset.id, tableId: 'none' },
  });
  assert.equal((await refusal(missing.getRows())).code, k_not_found);
});

test('the default stream takes rows at once, without offsets', async () => {
  const table = await new_table();
  const { rows } = await json_writer(table, { streamId: managedwriter.DefaultStream });
  const writes = [rows.appendRows(numbered(0, 10)), rows.appendRows(numbered(10, 20))];
  for (const write of writes) {
    const answer = await write.getResult();
    assert.ifError(answer.error);
    assert.equal(answer.appendResult.offset, null);
  }
  assert.deepEqual(await ids_of(table), numbers(0, 20));
});

test('a committed stream takes each offset once', async () => {
  const table = await new_table();
  const { rows, connection } = await json_writer(table, {
    streamType: managedwriter.CommittedStream,
  });
  const first = await rows.appendRows(numbered(0, 10), 0).getResult();
  assert.equal(first.appendResult.offset.value, '0');
  const again = await rows.appendRows(numbered(0, 10), 0).getResult();
  assert.equal(again.error.code, k_already_exists);
  const ahead = await rows.appendRows(numbered(30, 40), 30).getResult();
  assert.equal(ahead.error.code, k_out_of_range);
  assert.ok(connection.isOpen(), 'a refused offset leaves the connection open');
  const next = await rows.appendRows(numbered(10, 20), 10).getResult();
  assert.equal(next.appendResult.offset.value, '10');
  assert.deepEqual(await ids_of(table), numbers(0, 20));
  assert.equal((await connection.finalize()).rowCount, '20');
  const { rows: late } = await json_writer(table, { streamId: connection.getStreamId() });
  const refused = await refused_with(late.appendRows(numbered(20, 21), 20));
  assert.equal(refused, k_failed_precondition);
});

/** The code that an append is refused with, in its answer or as the end of the connection. */
async function refused_with(write) {
  try {
    return (await write.getResult()).error.code;
  } catch (error) {
    return error.code;
  }
}

test('a buffered stream shows rows up to the offset that is flushed', async () => {
  const table = await new_table();
  const { rows, connection } = await json_writer(table, {
    streamType: managedwriter.BufferedStream,
  });
  await rows.appendRows(numbered(0, 10), 0).getResult();
  assert.deepEqual(await ids_of(table), []);
  assert.equal((await connection.flushRows({ offset: 3 })).offset, '3');
  assert.deepEqual(await ids_of(table), numbers(0, 4));
  await connection.flushRows({ offset: 9 });
  assert.deepEqual(await ids_of(table), numbers(0, 10));
});

test('pending streams are committed together', async () => {
  const table = await new_table();
  const made = [];
  for (const from of [0, 10]) {
    const one = await json_writer(table, { streamType: managedwriter.PendingStream });
    await one.rows.appendRows(numbered(from, from + 10), 0).getResult();
    made.push(one);
  }
  const commit = () =>
    made[0].writer.batchCommitWriteStream({
      parent: path_of(table),
      writeStreams: made.map(({ connection }) => connection.getStreamId()),
    });
  await made[0].connection.finalize();
  const early = await commit();
  assert.equal(early.commitTime, null);
  assert.equal(early.streamErrors[0].code, 'INVALID_STREAM_STATE');
  assert.deepEqual(await ids_of(table), []);
  await made[1].connection.finalize();
  const done = await commit();
  assert.deepEqual(done.streamErrors, []);
  assert.ok(Number(done.commitTime.seconds) > 0);
  assert.deepEqual(await ids_of(table), numbers(0, 20));
  assert.equal((await commit()).streamErrors[0].code, 'STREAM_ALREADY_COMMITTED');
});

test('a request with a bad row is refused whole, and says which', async () => {
  const table = await new_table();
  // The writer's schema lets the column be absent, the table's does not.
  const { rows, connection } = await json_writer(
    table,
    { streamType: managedwriter.CommittedStream },
    { fields: [{ name: 'id', type: 'INTEGER' }, columns[1]] },
  );
  const refused = await rows.appendRows([{ id: 1 }, { name: 'no id' }], 0).getResult();
  assert.deepEqual(refused.rowErrors.map(({ index }) => Number(index)), [1]);
  assert.match(refused.rowErrors[0].message, /id/);
  const good = await rows.appendRows([{ id: 1, name: 'a' }], 0).getResult();
  assert.equal(good.appendResult.offset.value, '0');
  assert.ok(connection.isOpen());
  assert.deepEqual(await ids_of(table), [1]);
});

test('each type of column arrives', async () => {
  const fields = [
    ['i', 'INTEGER'],
    ['f', 'FLOAT'],
    ['b', 'BOOLEAN'],
    ['s', 'STRING'],
    ['y', 'BYTES'],
    ['n', 'NUMERIC'],
    ['d', 'DATE'],
    ['dt', 'DATETIME'],
    ['t', 'TIME'],
    ['ts', 'TIMESTAMP'],
    ['j', 'JSON'],
  ].map(([name, type]) => ({ name, type }));
  fields.push({ name: 'l', type: 'INTEGER', mode: 'REPEATED' });
  fields.push({
    name: 'r',
    type: 'RECORD',
    fields: [
      { name: 'x', type: 'INTEGER' },
      { name: 'm', type: 'STRING', mode: 'REPEATED' },
    ],
  });
  const table = await new_table(fields);
  const { rows } = await json_writer(table, { streamType: managedwriter.CommittedStream }, { fields });
  const answer = await rows
    .appendRows([
      {
        i: 7,
        f: 1.5,
        b: true,
        s: 'ä',
        y: Buffer.from([0, 255]),
        n: '1.25',
        d: new Date('2024-02-29T00:00:00Z'),
        dt: '2024-02-29 10:11:12.000000',
        t: '10:11:12.500000',
        ts: new Date('2024-02-29T10:11:12.25Z'),
        j: '{"k":[1]}',
        l: [1, 2],
        r: { x: 3, m: ['a', 'b'] },
      },
      {},
    ])
    .getResult();
  assert.ifError(answer.error);
  const [found] = await table.getRows();
  const row = found.find(({ i }) => i === 7);
  assert.deepEqual([row.f, row.b, row.s, row.j], [1.5, true, 'ä', '{"k":[1]}']);
  assert.deepEqual(row.y, Buffer.from([0, 255]));
  assert.equal(row.n.toString(), '1.25');
  assert.deepEqual([row.d.value, row.dt.value, row.t.value], ['2024-02-29', '2024-02-29T10:11:12', '10:11:12.500000']);
  assert.equal(new Date(row.ts.value).getTime(), Date.UTC(2024, 1, 29, 10, 11, 12, 250));
  assert.deepEqual([row.l, row.r], [[1, 2], { x: 3, m: ['a', 'b'] }]);
  const empty = found.find(({ i }) => i === null);
  assert.deepEqual([empty.s, empty.l, empty.r], [null, [], null]);
});

test('a stream that is not there is not found', async () => {
  const table = await new_table();
  const { rows } = await json_writer(table, { streamId: `${path_of(table)}/streams/none` });
  assert.equal(await refused_with(rows.appendRows(numbered(0, 1), 0)), k_not_found);
});
