// Executes operations on one schema that has all the data: one JSON object a line on stdin, one answer a line on stdout.
//
//   {"id": 1, "schema": SDL, "world": WORLD}                 what follows is about this schema and these data
//   {"id": 2, "operation": TEXT, "variables": {}}            {"id": 2, "data": …, "errors": [PATH], "calls": [TEXT], "invalid": [TEXT],
//                                                            "touched": [FEATURE]}
//
// ../world/world.go says what a WORLD is and how a field's value is found in it.
import { createInterface } from "node:readline";
import { buildSchema, executeSync, getNamedType, isEnumType, isListType, isNonNullType, parse, validate } from "graphql";

let schema, world, calls, touched;

function canonical(v) {
  if (Array.isArray(v)) return `[${v.map(canonical).join(",")}]`;
  if (v === null || typeof v !== "object") return JSON.stringify(v);
  return `{${Object.keys(v).sort().map((k) => `${JSON.stringify(k)}:${canonical(v[k])}`).join(",")}}`;
}

function hash(text) {
  let h = 0x811c9dc5;
  for (const byte of Buffer.from(text)) h = Math.imul(h ^ byte, 0x01000193) >>> 0;
  return h;
}

// settle brings a value of the world into the form that graphql-js completes; objects keep the one above them. What
// clients cannot see is null.
function settle(v, type, args, above) {
  if (v === null || v === undefined) return null;
  if (isNonNullType(type)) return settle(v, type.ofType, args, above);
  if (v.alt) return settle(v.alt[hash(args) % v.alt.length], type, args, above);
  if (v.error !== undefined) return new Error(v.error);
  if (Array.isArray(v)) return v.map((x) => settle(x, isListType(type) ? type.ofType : type, args, above));
  if (v.text !== undefined) return `${v.text} ${args}`;
  if (v.json !== undefined) return v.json;
  if (v.ref !== undefined) return schema.getType(world.objects[v.ref].type) ? { object: world.objects[v.ref], above } : null;
  const named = getNamedType(type);
  return isEnumType(named) && !named.getValue(v) ? null : v;
}

// follow returns what a path leads to from an object for an argument of the leaf type. It throws where that fails.
function follow(object, [step, ...rest], leaf) {
  const args = canonical(step.arguments);
  const value = (v) => {
    if (v === null || v === undefined) return null;
    if (v.alt) return value(v.alt[hash(args) % v.alt.length]);
    if (v.error !== undefined) {
      touched.add("context that fails");
      throw new Error(v.error);
    }
    if (Array.isArray(v)) return v.map(value);
    if (v.text !== undefined) return `${v.text} ${args}`;
    if (v.json !== undefined) return v.json;
    if (v.ref !== undefined) return follow(world.objects[v.ref], rest, leaf);
    return leaf === "ID" ? String(v) : v;
  };
  return value(object.fields[step.field]);
}

// fromContexts returns the arguments that a field takes from the objects above its own.
function fromContexts(parent, name) {
  const out = {};
  for (const { argument, leaf, from } of world.contexts?.[`${parent.object.type}.${name}`] ?? []) {
    let at = parent.above;
    while (at && !from[at.object.type]) at = at.above;
    if (at && at !== parent.above) touched.add("context set farther above");
    out[argument] = at ? follow(at.object, from[at.object.type], leaf) : null;
    if (out[argument] === null) touched.add("context that is null");
  }
  return out;
}

function fieldResolver(parent, args, _context, info) {
  const { object } = parent;
  const text = canonical({ ...args, ...fromContexts(parent, info.fieldName) });
  if (object === world.objects[1]) calls.push(`${info.fieldName} ${text}`);
  return settle(object.fields[info.fieldName], info.returnType, text, parent);
}

function answer({ operation, variables }) {
  const document = parse(operation);
  const invalid = validate(schema, document);
  if (invalid.length > 0) return { invalid: invalid.map((e) => e.message) };
  calls = [];
  touched = new Set();
  const kind = document.definitions.find((d) => d.kind === "OperationDefinition").operation;
  const { data, errors } = executeSync({
    schema,
    document,
    rootValue: { object: world.objects[kind === "mutation" ? 1 : 0] },
    variableValues: variables,
    fieldResolver,
    typeResolver: ({ object }) => object.type,
  });
  if (data === undefined) return { invalid: errors.map((e) => e.message) };
  return { data, errors: (errors ?? []).map((e) => e.path ?? []), calls, touched: [...touched] };
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let reply = {};
  try {
    if (question.schema) {
      schema = buildSchema(question.schema);
      world = question.world;
    } else {
      reply = answer(question);
    }
  } catch (e) {
    reply = { invalid: [String(e?.stack ?? e)] };
  }
  process.stdout.write(JSON.stringify({ id: question.id, ...reply }) + "\n");
}
