// Has other federation gateways answer operations: one JSON object a line on stdin, one answer a line on stdout.
//
//   {"id": 1, "supergraph": SDL}                                   what follows is asked of gateways over this supergraph
//   {"id": 2, "gateway": "apollo", "operation": TEXT, "variables": {}}
//   {"id": 2, "data": …, "errors": [PATH], "failed": TEXT}
//
// The subgraphs are asked at the URLs that the supergraph names; the header x-question of a request is the question's id.
import { createInterface } from "node:readline";
import { createHash } from "node:crypto";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { parse } from "graphql";

// What a gateway still does after its answer, or after it was given up, is no answer.
process.on("unhandledRejection", () => {});
process.on("uncaughtException", () => {});

const silent = { debug() {}, info() {}, warn() {}, error() {} };
let gateways = {};

async function apollo(supergraphSdl) {
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger: silent,
    buildService: ({ url }) => new RemoteGraphQLDataSource({ url, willSendRequest: ({ request, context }) => request.http.headers.set("x-question", context.question) }),
  });
  const { schema, executor } = await gateway.load();
  return {
    answer(query, variables, question) {
      return executor({
        document: parse(query),
        request: { query, variables },
        queryHash: createHash("sha256").update(query).digest("hex"),
        context: { question },
        schema,
        logger: silent,
        metrics: {},
        overallCachePolicy: { restrict() {} },
      });
    },
    stop: () => gateway.stop(),
  };
}

async function hive(supergraph) {
  const gateway = createGatewayRuntime({ supergraph, logging: false, maskedErrors: false, landingPage: false, graphiqlEndpoint: false, propagateHeaders: { fromClientToSubgraphs: ({ request }) => ({ "x-question": request.headers.get("x-question") }) } });
  return {
    async answer(query, variables, question) {
      const response = await gateway.fetch("http://gateway/graphql", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json", "x-question": question },
        body: JSON.stringify({ query, variables }),
      });
      return response.json();
    },
    stop: () => gateway[Symbol.asyncDispose]?.(),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const q = JSON.parse(line);
  let reply;
  try {
    if (q.supergraph) {
      await Promise.all(Object.values(gateways).map((g) => g.stop()));
      gateways = {};
      reply = { unloaded: {} };
      for (const [name, make] of Object.entries({ apollo, hive })) {
        try {
          gateways[name] = await make(q.supergraph);
        } catch (e) {
          reply.unloaded[name] = String(e?.message ?? e);
        }
      }
    } else {
      const { data, errors } = await gateways[q.gateway].answer(q.operation, q.variables, String(q.id));
      reply = { data: data ?? null, errors: errors?.map((e) => e.path ?? []), messages: errors?.map((e) => e.message) };
    }
  } catch (e) {
    reply = { failed: String(e?.stack ?? e) };
  }
  process.stdout.write(JSON.stringify({ id: q.id, ...reply }) + "\n");
}
process.exit(0);
