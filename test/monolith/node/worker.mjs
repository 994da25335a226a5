// Executes operations on one schema that has all the data: one JSON object a line on stdin, one answer a line on stdout.
//
//   {"id": 1, "schema": SDL, "world": WORLD}                 what follows is about this schema and these data
//   {"id": 2, "operation": TEXT, "variables": {}}            {"id": 2, "data": …, "errors": [PATH], "calls": [TEXT], "invalid": [TEXT]}
//
// ../world/world.go says what a WORLD is and how a field's value is found in it.
import { createInterface } from "node:readline";
import { buildSchema, executeSync, getNamedType, isEnumType, isListType, isNonNullType, parse, validate } from "graphql";

let schema, world, calls;

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

// settle brings a value of the world into the form that graphql-js completes. What clients cannot see is null.
function settle(v, type, args) {
  if (v === null || v === undefined) return null;
  if (isNonNullType(type)) return settle(v, type.ofType, args);
  if (v.alt) return settle(v.alt[hash(args) % v.alt.length], type, args);
  if (v.error !== undefined) return new Error(v.error);
  if (Array.isArray(v)) return v.map((x) => settle(x, isListType(type) ? type.ofType : type, args));
  if (v.text !== undefined) return `${v.text} ${args}`;
  if (v.json !== undefined) return v.json;
  if (v.ref !== undefined) return schema.getType(world.objects[v.ref].type) ? world.objects[v.ref] : null;
  const named = getNamedType(type);
  return isEnumType(named) && !named.getValue(v) ? null : v;
}

function fieldResolver(object, args, _context, info) {
  const text = canonical(args);
  if (object === world.objects[1]) calls.push(`${info.fieldName} ${text}`);
  return settle(object.fields[info.fieldName], info.returnType, text);
}

function answer({ operation, variables }) {
  const document = parse(operation);
  const invalid = validate(schema, document);
  if (invalid.length > 0) return { invalid: invalid.map((e) => e.message) };
  calls = [];
  const kind = document.definitions.find((d) => d.kind === "OperationDefinition").operation;
  const { data, errors } = executeSync({
    schema,
    document,
    rootValue: world.objects[kind === "mutation" ? 1 : 0],
    variableValues: variables,
    fieldResolver,
    typeResolver: (object) => object.type,
  });
  if (data === undefined) return { invalid: errors.map((e) => e.message) };
  return { data, errors: errors?.map((e) => e.path ?? []), calls };
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
