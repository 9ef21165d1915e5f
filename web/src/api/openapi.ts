// Reads as much of an OpenAPI 3.1 document as the reference page shows.

export type Node = Record<string, unknown>;

export interface Parameter {
  name: string;
  where: string;
  required: boolean;
  type: string;
  description: string;
}

export interface Answer {
  status: string;
  description: string;
  media: string;
  schema: Node | null;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  tag: string;
  summary: string;
  description: string;
  parameters: Parameter[];
  body: { media: string; schema: Node | null; required: boolean } | null;
  answers: Answer[];
}

export interface Reference {
  title: string;
  version: string;
  description: string;
  groups: { tag: string; description: string; operations: Operation[] }[];
}

const k_methods = ['get', 'post', 'put', 'patch', 'delete', 'head'];
const k_depth_max = 8;

function node(value: unknown): Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Node)
    : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Follows `$ref`s within the document; what cannot be found is an empty node. */
export function resolve(document: Node, value: unknown): Node {
  let found = node(value);
  for (let hop = 0; hop < k_depth_max && typeof found.$ref === 'string'; hop++) {
    const steps = found.$ref.replace(/^#\//, '').split('/');
    let at: unknown = document;
    for (const step of steps) at = node(at)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
    found = node(at);
  }
  return found;
}

/** A schema's name or type in a few words: "string (date-time)", "array of Result", "a | b". */
export function type_name(document: Node, value: unknown): string {
  const given = node(value);
  if (typeof given.$ref === 'string') return given.$ref.split('/').at(-1) ?? '';
  const options = [...list(given.oneOf), ...list(given.anyOf)];
  if (options.length) return options.map((one) => type_name(document, one)).join(' | ');
  if (given.const !== undefined) return JSON.stringify(given.const);
  if (Array.isArray(given.enum)) return given.enum.map((one) => JSON.stringify(one)).join(' | ');
  const types = Array.isArray(given.type) ? given.type.map(text) : [text(given.type)];
  const names = types.map((type) => {
    if (type === 'array') return `array of ${type_name(document, given.items) || 'anything'}`;
    return given.format && type === 'string' ? `string (${text(given.format)})` : type;
  });
  return names.filter(Boolean).join(' | ');
}

export interface Field {
  name: string;
  type: string;
  required: boolean;
  description: string;
  /** The schema to open for more, when there is one. */
  inner: Node | null;
}

/** The object that a schema leads to: itself, an array's items, the first object of a choice. */
export function object_of(document: Node, value: unknown, depth = 0): Node | null {
  if (depth > k_depth_max) return null;
  const found = resolve(document, value);
  if (found.properties) return found;
  if (found.items) return object_of(document, found.items, depth + 1);
  for (const one of [...list(found.oneOf), ...list(found.anyOf), ...list(found.allOf)]) {
    const inner = object_of(document, one, depth + 1);
    if (inner) return inner;
  }
  return null;
}

export function fields(document: Node, schema: Node): Field[] {
  const required = new Set(list(schema.required).map(text));
  return Object.entries(node(schema.properties)).map(([name, value]) => ({
    name,
    type: type_name(document, value),
    required: required.has(name),
    description: text(node(value).description) || text(resolve(document, value).description),
    inner: object_of(document, value),
  }));
}

function first_media(content: unknown): { media: string; schema: Node | null } {
  const [media, body] = Object.entries(node(content))[0] ?? ['', null];
  const schema = body === null ? {} : node(node(body).schema);
  return { media, schema: Object.keys(schema).length ? schema : null };
}

function read_parameter(document: Node, value: unknown): Parameter {
  const found = resolve(document, value);
  return {
    name: text(found.name),
    where: text(found.in),
    required: found.required === true,
    type: type_name(document, found.schema),
    description: text(found.description),
  };
}

function read_answer(document: Node, status: string, value: unknown): Answer {
  const found = resolve(document, value);
  return { status, description: text(found.description), ...first_media(found.content) };
}

function read_operation(document: Node, path: string, method: string, item: Node): Operation {
  const found = node(item[method]);
  const body = found.requestBody ? resolve(document, found.requestBody) : null;
  return {
    id: text(found.operationId) || `${method}-${path.replace(/\W+/g, '-')}`,
    method: method.toUpperCase(),
    path,
    tag: text(list(found.tags)[0]) || 'Other',
    summary: text(found.summary),
    description: text(found.description),
    parameters: [...list(item.parameters), ...list(found.parameters)].map((one) =>
      read_parameter(document, one),
    ),
    body: body && { ...first_media(body.content), required: body.required === true },
    answers: Object.entries(node(found.responses)).map(([status, value]) =>
      read_answer(document, status, value),
    ),
  };
}

/** Arranges the document's operations by their first tag, in the document's order. */
export function read_reference(document: Node): Reference {
  const info = node(document.info);
  const groups = new Map<string, Operation[]>();
  for (const tag of list(document.tags)) groups.set(text(node(tag).name), []);
  for (const [path, value] of Object.entries(node(document.paths))) {
    const item = resolve(document, value);
    for (const method of k_methods) {
      if (!item[method]) continue;
      const operation = read_operation(document, path, method, item);
      if (!groups.has(operation.tag)) groups.set(operation.tag, []);
      groups.get(operation.tag)!.push(operation);
    }
  }
  const described = new Map(
    list(document.tags).map((tag) => [text(node(tag).name), text(node(tag).description)]),
  );
  return {
    title: text(info.title),
    version: text(info.version),
    description: text(info.description),
    groups: [...groups]
      .filter(([, operations]) => operations.length > 0)
      .map(([tag, operations]) => ({ tag, description: described.get(tag) ?? '', operations })),
  };
}
