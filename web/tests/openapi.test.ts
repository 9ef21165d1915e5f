import { expect, test } from 'vitest';
import {
  fields,
  object_of,
  read_reference,
  resolve,
  type_name,
  type Node,
} from '../src/api/openapi';

const document: Node = {
  openapi: '3.1.0',
  info: { title: 'benchlake', version: '1.2.3' },
  tags: [{ name: 'results', description: 'Results' }, { name: 'unused' }],
  paths: {
    '/api/results/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: {
        tags: ['results'],
        summary: 'One result',
        parameters: [{ $ref: '#/components/parameters/Size' }],
        responses: {
          200: {
            description: 'ok',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Page' } } },
          },
          404: { $ref: '#/components/responses/Missing' },
        },
      },
      post: {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Result' } } },
        },
        responses: {},
      },
    },
  },
  components: {
    parameters: { Size: { name: 'page_size', in: 'query', schema: { type: 'integer' } } },
    responses: { Missing: { description: 'nothing there' } },
    schemas: {
      Page: {
        type: 'object',
        properties: { results: { type: 'array', items: { $ref: '#/components/schemas/Result' } } },
      },
      Result: {
        type: 'object',
        required: ['id'],
        properties: {
          id: { type: 'string', format: 'uuid', description: 'its id' },
          unit: { enum: ['s', 'B'] },
          value: { type: ['number', 'null'] },
          self: { $ref: '#/components/schemas/Result' },
        },
      },
      Loop: { $ref: '#/components/schemas/Loop' },
    },
  },
};

test('operations are grouped by tag, with the parameters of path and operation', () => {
  const reference = read_reference(document);
  expect(reference.groups.map(({ tag }) => tag)).toEqual(['results', 'Other']);
  const [get] = reference.groups[0]!.operations;
  expect(get).toMatchObject({ method: 'GET', path: '/api/results/{id}', summary: 'One result' });
  expect(get?.parameters.map(({ name, where, required }) => [name, where, required])).toEqual([
    ['id', 'path', true],
    ['page_size', 'query', false],
  ]);
  expect(get?.answers.map(({ status, description }) => [status, description])).toEqual([
    ['200', 'ok'],
    ['404', 'nothing there'],
  ]);
  expect(reference.groups[1]!.operations[0]?.body?.required).toBe(true);
});

test('types are named in a few words', () => {
  expect(type_name(document, { type: 'string', format: 'date-time' })).toBe('string (date-time)');
  expect(type_name(document, { type: ['number', 'null'] })).toBe('number | null');
  expect(
    type_name(document, { type: 'array', items: { $ref: '#/components/schemas/Result' } }),
  ).toBe('array of Result');
  expect(type_name(document, { enum: ['s', 'B'] })).toBe('"s" | "B"');
  expect(type_name(document, { anyOf: [{ type: 'string' }, { type: 'null' }] })).toBe(
    'string | null',
  );
});

test('the object behind an array of references is found, with its fields', () => {
  const page = object_of(document, { $ref: '#/components/schemas/Page' });
  const [results] = fields(document, page!);
  expect(results).toMatchObject({ name: 'results', required: false });
  const [id] = fields(document, results!.inner!);
  expect(id).toMatchObject({
    name: 'id',
    required: true,
    type: 'string (uuid)',
    description: 'its id',
  });
});

test('references in a circle and to nowhere end', () => {
  expect(object_of(document, { $ref: '#/components/schemas/Loop' })).toBeNull();
  expect(resolve(document, { $ref: '#/nowhere/at/all' })).toEqual({});
  expect(read_reference({})).toMatchObject({ title: '', groups: [] });
});
