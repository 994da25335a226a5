// Answers composition requests: one JSON object a line on stdin, each composer's answer on a line of stdout.
//
//   {"id": 1, "subgraphs": [{"name": "a", "url": "http://a", "sdl": "..."}]}
//   {"id": 1, "apollo": ANSWER, "ms": wall-clock milliseconds, "cpuMs": of the processor, by all threads}
//   {"id": 1, "guild": ANSWER}
//   ANSWER = {"verdict": "OK|ERR|THROW", "codes": [], "messages": [], "hints": [{"code", "coordinate", "level"}], "supergraph": "", "api": ""}
import { createInterface } from "node:readline";
import { composeServices } from "@apollo/composition";
import { printSchema, Supergraph } from "@apollo/federation-internals";
import { composeServices as composeByGuild } from "@theguild/federation-composition";
import { parse } from "graphql";

const failed = (errors) => ({
  verdict: "ERR",
  codes: [...new Set(errors.map((e) => e.extensions?.code ?? "INVALID_GRAPHQL"))].sort(),
  messages: errors.map((e) => e.message),
});

function guarded(compose) {
  try {
    return compose();
  } catch (e) {
    const list = e?.extensions?.code ? failed([e]) : { codes: [], messages: [String(e?.message ?? e)] };
    return { ...list, verdict: "THROW" };
  }
}

// coordinate is "" where the hint's element has left the schema meanwhile.
const coordinate = ({ coordinate }) => (coordinate?.includes("<detached>") ? "" : (coordinate ?? ""));

function apollo(subgraphs) {
  const { errors, schema, supergraphSdl, hints } = composeServices(
    subgraphs.map((s) => ({ name: s.name, url: s.url, typeDefs: s.sdl })),
  );
  if (errors) return failed(errors);
  return {
    verdict: "OK",
    hints: hints.map((h) => ({ code: h.definition.code, coordinate: coordinate(h), level: h.definition.level.name })),
    supergraph: supergraphSdl,
    api: printSchema(schema.toAPISchema()),
  };
}

function guild(subgraphs) {
  const { errors, supergraphSdl, publicSdl } = composeByGuild(
    subgraphs.map((s) => ({ name: s.name, url: s.url, typeDefs: parse(s.sdl) })),
  );
  return errors ? failed(errors) : { verdict: "OK", supergraph: supergraphSdl, api: publicSdl };
}

// reading builds a model of a supergraph, as a router does at start.
function reading(sdl) {
  Supergraph.build(sdl, { supportedFeatures: null }).apiSchema();
  return { verdict: "OK" };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, subgraphs, supergraph } = JSON.parse(line);
  const reply = (answer) => process.stdout.write(JSON.stringify({ id, ...answer }) + "\n");
  if (supergraph) {
    reply({ apollo: guarded(() => reading(supergraph)) });
    continue;
  }
  const [start, before] = [performance.now(), process.cpuUsage()];
  const answer = guarded(() => apollo(subgraphs));
  const used = process.cpuUsage(before);
  reply({ apollo: answer, ms: performance.now() - start, cpuMs: (used.user + used.system) / 1000 });
  reply({ guild: guarded(() => guild(subgraphs)) });
}
