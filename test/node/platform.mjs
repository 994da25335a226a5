// Talks to the platform that CHECK_URL names, as its own users do.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

export const url = process.env.CHECK_URL ?? 'http://127.0.0.1:8084'
export const admin = { email: 'testpriti@test.com', password: 'password123' }

export async function login() {
  const r = await fetch(`${url}/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(admin) })
  assert.equal(r.status, 200, 'login of the seeded administrator')
  return (await r.json()).token
}

export async function createProfile(token, name = 'Node Client') {
  const r = await fetch(`${url}/api/medical-profiles`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ name, email: `${randomUUID()}@example.com`, address: '1 Test Road', dateOfBirth: '1990-01-02', registeredDate: '2024-01-02' }),
  })
  assert.equal(r.status, 201)
  return r.json()
}

export const liveEvents = `subscription { profileEvents { cursor event { id type profileId profile { name billingAccount { id } } } } }`

/** Resolves with the first event of the profile that the async iterator yields; fails after 30 s. */
export async function eventOf(iterator, id) {
  const timeout = new Promise((_, no) => setTimeout(() => no(new Error(`no event of ${id} after 30 s`)), 30_000).unref())
  const search = (async () => {
    for await (const { data, errors } of iterator) {
      assert.equal(errors, undefined, JSON.stringify(errors))
      if (data.profileEvents.event.profileId === id) return data.profileEvents
    }
    throw new Error('the subscription ended')
  })()
  return Promise.race([search, timeout])
}
