// @defer in multipart responses, as real clients read them: meros, and Apollo Client with both of its handlers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { Defer20220824Handler, GraphQL17Alpha9Handler } from '@apollo/client/incremental'
import { parse, print } from 'graphql'
import { meros } from 'meros/browser'
import { createProfile, login, url } from './platform.mjs'

const now = `query Of($id: ID!) { medicalProfile(id: $id) { id name billingAccount { id status } } }`
const later = `query Of($id: ID!) {
  medicalProfile(id: $id) { id ...Rest @defer(label: "rest") ... @defer(label: "bill") { billingAccount { id ... @defer(label: "status") { status } } } }
}
fragment Rest on MedicalProfile { name }`

const token = await login()
const profile = await createProfile(token, 'Later Lou')
const headers = { authorization: `Bearer ${token}` }

const ask = (query, accept) =>
  fetch(`${url}/graphql`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json', accept }, body: JSON.stringify({ query, variables: { id: profile.id } }) })

async function whole() {
  const deadline = Date.now() + 20_000 // the account is opened by an event
  for (;;) {
    const { data, errors } = await (await ask(now, 'application/json')).json()
    assert.equal(errors, undefined)
    if (data.medicalProfile.billingAccount) return data
    assert.ok(Date.now() < deadline, 'no billing account')
    await new Promise(ok => setTimeout(ok, 100))
  }
}

function put(target, path, data) {
  const at = path.reduce((o, key) => o[key], target)
  for (const [key, value] of Object.entries(data)) {
    if (value && at[key] && typeof value === 'object') put(at, [key], value)
    else at[key] = value
  }
}

test('without a wish for parts everything comes at once', async () => {
  const want = await whole()
  const r = await ask(later, 'application/json')
  assert.match(r.headers.get('content-type'), /^application\/json/)
  assert.deepEqual(await r.json(), { data: want })
})

test('meros reads the parts that Apollo clients ask for, and they add up', async () => {
  const want = await whole()
  const r = await ask(later, 'multipart/mixed;deferSpec=20220824, application/json')
  assert.match(r.headers.get('content-type'), /^multipart\/mixed;.*deferSpec=20220824/)
  let data, more
  const labels = []
  for await (const { json, body } of await meros(r)) {
    assert.ok(json)
    if (!data) {
      data = body.data
      assert.deepEqual(data, { medicalProfile: { id: profile.id } })
    }
    for (const item of body.incremental ?? []) {
      assert.equal(item.errors, undefined)
      labels.push(item.label)
      put(data, item.path, item.data)
    }
    more = body.hasNext
  }
  assert.equal(more, false)
  assert.deepEqual(labels.sort(), ['bill', 'rest', 'status'])
  assert.deepEqual(data, want)
})

test("meros reads the working group's form, and the parts add up", async () => {
  const want = await whole()
  let data, more
  const pending = {}
  for await (const { body } of await meros(await ask(later, 'multipart/mixed'))) {
    data ??= body.data
    for (const p of body.pending ?? []) pending[p.id] = p
    for (const item of body.incremental ?? []) put(data, [...pending[item.id].path, ...(item.subPath ?? [])], item.data)
    for (const { id, errors } of body.completed ?? []) {
      assert.equal(errors, undefined)
      delete pending[id]
    }
    more = body.hasNext
  }
  assert.equal(more, false)
  assert.deepEqual(pending, {})
  assert.deepEqual(data, want)
})

for (const [name, handler] of Object.entries({ 'deferSpec=20220824': Defer20220824Handler, 'incrementalSpec=v0.2': GraphQL17Alpha9Handler })) {
  test(`Apollo Client shows the first result, then the rest (${name})`, async () => {
    const want = await whole()
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new HttpLink({ uri: `${url}/graphql`, headers }),
      incrementalHandler: new handler(),
    })
    const seen = []
    await new Promise((done, failed) => {
      const watch = client.watchQuery({ query: gql(later), variables: { id: profile.id }, errorPolicy: 'none' }).subscribe({
        next: ({ data, dataState, error }) => {
          if (error) failed(error)
          if (data) seen.push(structuredClone(data))
          if (dataState === 'complete') {
            watch.unsubscribe()
            done()
          }
        },
        error: failed,
      })
    })
    const last = JSON.parse(JSON.stringify(seen.at(-1), (key, v) => (key === '__typename' ? undefined : v)))
    assert.deepEqual(last, want)
    assert.ok(seen.length > 1, 'the parts did not come one after another')
    assert.equal(seen[0].medicalProfile.billingAccount, undefined)
    client.stop()
  })
}

test('the schema tells that @defer is understood', async () => {
  const r = await ask('{ __schema { directives { name locations args { name } } } }', 'application/json')
  const { data } = await r.json()
  const defer = data.__schema.directives.find(d => d.name === 'defer')
  assert.deepEqual(defer.args.map(a => a.name).sort(), ['if', 'label'])
  assert.ok(print(parse(later)).includes('@defer'))
})
