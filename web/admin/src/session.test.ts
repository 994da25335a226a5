import { beforeEach, expect, test } from 'vitest'
import { currentSession, endSession, keepSession, maySee, type Session } from './session'

const session: Session = { token: 't', expiresAt: '2030-01-01T00:00:00Z', user: { id: '1', email: 'a@b.c', role: 'ADMIN' } }

beforeEach(() => sessionStorage.clear())

test('a kept session is found until its token ends', () => {
  keepSession(session)
  expect(currentSession(Date.parse('2029-12-31T00:00:00Z'))).toEqual(session)
  expect(currentSession(Date.parse('2030-01-02T00:00:00Z'))).toBeNull()
  expect(currentSession(Date.parse('2029-12-31T00:00:00Z'))).toBeNull() // an ended one is forgotten
})

test('a damaged session is dropped', () => {
  sessionStorage.setItem('medicore.session', '{')
  expect(currentSession()).toBeNull()
})

test('signing out forgets the session', () => {
  keepSession(session)
  endSession()
  expect(currentSession()).toBeNull()
})

test('an analyst sees events and no profiles', () => {
  expect(maySee('events', 'ANALYST')).toBe(true)
  expect(maySee('profiles', 'ANALYST')).toBe(false)
})
