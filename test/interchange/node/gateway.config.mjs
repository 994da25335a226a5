// Another federation gateway over our services: it passes the caller's token on, as ours does, and asks nobody else.
import { defineConfig } from "@graphql-hive/gateway";

export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs({ request }) {
      return { authorization: request.headers.get("authorization") ?? undefined };
    },
  },
  transportEntries: { "*.http": { options: { method: "POST" } } }, // our services take subscriptions by POST, not by GET
  landingPage: false,
  graphiql: false,
});
