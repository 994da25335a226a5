// The signed-in user: kept for the browser tab only, forgotten when the token ends.

export type Role = 'ADMIN' | 'CLINICIAN' | 'BILLING' | 'ANALYST'

export interface Session {
  token: string
  expiresAt: string
  user: { id: string; email: string; role: Role }
}

const key = 'medicore.session'

/** Returns the session if there is one whose token has not ended. */
export function currentSession(now = Date.now()): Session | null {
  const text = sessionStorage.getItem(key)
  if (!text) return null
  try {
    const session = JSON.parse(text) as Session
    if (Date.parse(session.expiresAt) > now) return session
  } catch {
    // not ours: drop it below
  }
  sessionStorage.removeItem(key)
  return null
}

export function keepSession(session: Session): void {
  sessionStorage.setItem(key, JSON.stringify(session))
}

export function endSession(): void {
  sessionStorage.removeItem(key)
}

/** What each page needs; the gateway enforces it, the console only hides what would be refused. */
const pages: Record<'profiles' | 'events', Role[]> = {
  profiles: ['ADMIN', 'CLINICIAN'],
  events: ['ADMIN', 'ANALYST'],
}

export function maySee(page: keyof typeof pages, role: Role): boolean {
  return pages[page].includes(role)
}
