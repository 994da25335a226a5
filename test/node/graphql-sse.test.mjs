// Subscriptions over server-sent events, distinct connections mode, by the graphql-sse client.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from 'graphql-sse'
import { createProfile, eventOf, liveEvents, login, url } from './platform.mjs'

test('an event reaches a subscription, joined from the other subgraphs', async () => {
  const token = await login()
  const client = createClient({ url: `${url}/graphql`, headers: { Authorization: `Bearer ${token}` }, retryAttempts: 0 })
  const iterator = client.iterate({ query: liveEvents })
  const waiting = iterator.next()
  await new Promise(ok => setTimeout(ok, 500))
  const profile = await createProfile(token, 'Sent Sam')
  const all = (async function* () {
    yield (await waiting).value
    yield* iterator
  })()
  const { event } = await eventOf(all, profile.id)
  assert.equal(event.type, 'CREATED')
  assert.equal(event.profile.name, 'Sent Sam')
  client.dispose()
})

test('without a token the subscription answers an error with a code and completes', async () => {
  const client = createClient({ url: `${url}/graphql`, retryAttempts: 0 })
  const results = []
  for await (const r of client.iterate({ query: liveEvents })) results.push(r)
  assert.equal(results.length, 1)
  assert.equal(results[0].errors[0].extensions.code, 'UNAUTHENTICATED')
})
