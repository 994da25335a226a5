// The GraphQL-over-HTTP specification's own audits: every one must be ok, also those that only advise.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverAudits } from 'graphql-http'
import { url } from './platform.mjs'

for (const [name, target] of [['gateway', url], ...Object.entries({ auth: process.env.CHECK_AUTH_URL }).filter(([, u]) => u)]) {
  for (const audit of serverAudits({ url: `${target}/graphql` })) {
    test(`${name}: ${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn()
      assert.equal(result.status, 'ok', result.reason)
    })
  }
}
