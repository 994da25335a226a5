// Has other federation gateways answer operations: one JSON object a line on stdin, one answer a line on stdout.
//
//   {"id": 1, "supergraph": SDL}                                   what follows is asked of gateways over this supergraph
//   {"id": 2, "gateway": "apollo", "operation": TEXT, "variables": {}}
//   {"id": 2, "data": …, "errors": [PATH], "failed": TEXT, "cost": {"requests": 1, "levels": 1, "fields": 1}, "plan": TEXT,
//    "fetches": [{"subgraph": NAME, "document": TEXT}]}
//
// The subgraphs are asked at the URLs that the supergraph names; the header x-question of a request is the question's id.
// The plan and its cost come from gateways that tell them.
import { createInterface } from "node:readline";
import { createHash } from "node:crypto";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { prettyFormatQueryPlan } from "@apollo/query-planner";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { parse, valueFromASTUntyped } from "graphql";

// What a gateway still does after its answer, or after it was given up, is no answer.
process.on("unhandledRejection", () => {});
process.on("uncaughtException", () => {});

const silent = { debug() {}, info() {}, warn() {}, error() {} };
let gateways = {};

// planCost is the cost of Apollo's plan where the variables have these values.
function planCost(node, on) {
  switch (node?.kind) {
    case "Fetch":
      return { requests: 1, levels: 1, fields: fieldsOf(node.operation, on) };
    case "Flatten":
      return planCost(node.node, on);
    case "Condition":
      return planCost(on(node.condition) ? node.ifClause : node.elseClause, on);
    case "Sequence":
    case "Parallel": {
      const below = node.nodes.map((n) => planCost(n, on));
      const sum = (part) => below.reduce((n, c) => n + c[part], 0);
      return { requests: sum("requests"), fields: sum("fields"), levels: node.kind === "Sequence" ? sum("levels") : Math.max(0, ...below.map((c) => c.levels)) };
    }
    default:
      return { requests: 0, levels: 0, fields: 0 };
  }
}

// fieldsOf counts the fields that a document asks for, apart from _entities and __typename.
function fieldsOf(text, on) {
  const doc = parse(text);
  const fragments = Object.fromEntries(doc.definitions.filter((d) => d.kind === "FragmentDefinition").map((d) => [d.name.value, d]));
  const holds = ({ name, arguments: [{ value }] }) => (value.kind === "Variable" ? on(value.name.value) : value.value) === (name.value === "include");
  const count = (set) =>
    (set?.selections ?? []).reduce((n, s) => {
      if (!s.directives.every((d) => !["skip", "include"].includes(d.name.value) || holds(d))) return n;
      if (s.kind === "FragmentSpread") return n + count(fragments[s.name.value].selectionSet);
      return n + (s.kind === "Field" && !["_entities", "__typename"].includes(s.name.value) ? 1 : 0) + count(s.selectionSet);
    }, 0);
  return count(doc.definitions.find((d) => d.kind === "OperationDefinition").selectionSet);
}

// fetchesOf lists what the plan asks, whether or not there are objects to ask for.
function fetchesOf(node) {
  if (node?.kind === "Fetch") return [{ subgraph: node.serviceName, document: node.operation }];
  return [node?.node, node?.ifClause, node?.elseClause, ...(node?.nodes ?? [])].flatMap((n) => (n ? fetchesOf(n) : []));
}

async function apollo(supergraphSdl) {
  let plan;
  const gateway = new ApolloGateway({
    experimental_didResolveQueryPlan: ({ queryPlan }) => (plan = queryPlan),
    supergraphSdl,
    logger: silent,
    buildService: ({ url }) => new RemoteGraphQLDataSource({ url, willSendRequest: ({ request, context }) => request.http.headers.set("x-question", context.question) }),
  });
  const { schema, executor } = await gateway.load();
  return {
    async answer(query, variables, question) {
      const document = parse(query);
      plan = undefined;
      const answer = await executor({
        document,
        request: { query, variables },
        queryHash: createHash("sha256").update(query).digest("hex"),
        context: { question },
        schema,
        logger: silent,
        metrics: {},
        overallCachePolicy: { restrict() {} },
      });
      const defined = document.definitions.find((d) => d.kind === "OperationDefinition").variableDefinitions ?? [];
      const on = (name) => variables?.[name] ?? valueFromASTUntyped(defined.find((d) => d.variable.name.value === name)?.defaultValue ?? { kind: "NullValue" });
      return { ...answer, ...(plan && { cost: planCost(plan.node, on), plan: prettyFormatQueryPlan(plan), fetches: fetchesOf(plan.node) }) };
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
      const { data, errors, cost, plan, fetches } = await gateways[q.gateway].answer(q.operation, q.variables, String(q.id));
      reply = { data: data ?? null, errors: errors?.map((e) => e.path ?? []), messages: errors?.map((e) => e.message), cost, plan, fetches };
    }
  } catch (e) {
    reply = { failed: String(e?.stack ?? e) };
  }
  process.stdout.write(JSON.stringify({ id: q.id, ...reply }) + "\n");
}
process.exit(0);
