// Subscriptions and the protocol's close codes over WebSocket, by the graphql-ws client and by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { createProfile, eventOf, liveEvents, login, url } from './platform.mjs'

const wsUrl = `${url.replace(/^http/, 'ws')}/graphql`

test('an event reaches a subscription, joined from the other subgraphs', async () => {
  const token = await login()
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: { Authorization: `Bearer ${token}` }, retryAttempts: 0 })
  const iterator = client.iterate({ query: liveEvents })
  const waiting = iterator.next() // subscribes
  const settled = new Promise(ok => setTimeout(ok, 500))
  await settled
  const profile = await createProfile(token, 'Live Lee')
  const all = (async function* () {
    yield (await waiting).value
    yield* iterator
  })()
  const { event, cursor } = await eventOf(all, profile.id)
  assert.equal(event.type, 'CREATED')
  assert.equal(event.profile.name, 'Live Lee')
  assert.ok(cursor)
  await client.dispose()
})

test('queries and mutations run over the same socket', async () => {
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 })
  const results = []
  for await (const r of client.iterate({ query: '{ __typename }' })) results.push(r)
  assert.deepEqual(results, [{ data: { __typename: 'Query' } }])
  await client.dispose()
})

/** Opens a raw socket, sends the messages, and resolves with the code it is closed with. */
function closeCode(messages, protocol = 'graphql-transport-ws') {
  return new Promise((ok, no) => {
    const ws = new WebSocket(wsUrl, protocol)
    ws.on('open', () => messages.forEach(m => ws.send(typeof m === 'string' ? m : JSON.stringify(m))))
    ws.on('close', ok)
    ws.on('error', no)
    setTimeout(() => no(new Error('not closed after 20 s')), 20_000).unref()
  })
}
const init = { type: 'connection_init' }
const subscribe = { type: 'subscribe', id: '1', payload: { query: '{ __typename }' } }

test('a subscribe before connection_init closes with 4401', async () => assert.equal(await closeCode([subscribe]), 4401))
test('a second connection_init closes with 4429', async () => assert.equal(await closeCode([init, init]), 4429))
test('a message that is not JSON closes with 4400', async () => assert.equal(await closeCode([init, 'hello']), 4400))
test('a message of unknown type closes with 4400', async () => assert.equal(await closeCode([init, { type: 'shout' }]), 4400))
test('an id that is in use closes with 4409', async () => {
  const token = await login()
  const long = { type: 'subscribe', id: '1', payload: { query: liveEvents } }
  assert.equal(await closeCode([{ ...init, payload: { Authorization: `Bearer ${token}` } }, long, long]), 4409)
})
