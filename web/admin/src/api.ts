// The gateway's GraphQL, as the console uses it: requests by POST, subscriptions by server-sent events.
import { createClient as createSSE } from 'graphql-sse'
import { cacheExchange, Client, type CombinedError, fetchExchange, mapExchange, subscriptionExchange } from 'urql'
import { currentSession, endSession } from './session'

const url = '/graphql'

function authorization(): Record<string, string> {
  const session = currentSession()
  return session ? { Authorization: `Bearer ${session.token}` } : {}
}

export function createApi(onSignedOut: () => void): Client {
  const events = createSSE({ url, headers: authorization, retryAttempts: Infinity })
  return new Client({
    url,
    preferGetMethod: false,
    fetchOptions: () => ({ headers: authorization() }),
    exchanges: [
      mapExchange({
        onError(error) {
          if (currentSession() && codes(error).includes('UNAUTHENTICATED')) {
            endSession()
            onSignedOut()
          }
        },
      }),
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: sink => ({
            unsubscribe: events.subscribe(
              { query: query!, variables: variables as Record<string, unknown> },
              { next: v => sink.next(v as never), error: e => sink.error(e), complete: () => sink.complete() },
            ),
          }),
        }),
      }),
    ],
  })
}

/** The `code` extensions of an answer's errors. */
export function codes(error: CombinedError): string[] {
  return error.graphQLErrors.map(e => String(e.extensions.code ?? ''))
}

/** A sentence for the person at the screen. */
export function explain(error: CombinedError): string {
  if (error.networkError) return 'The gateway cannot be reached. Try again in a moment.'
  const code = codes(error)[0]
  if (code === 'FORBIDDEN') return 'Your role may not see this.'
  if (code === 'UNAUTHENTICATED') return 'Wrong email address or password, or the account is locked.'
  return error.graphQLErrors[0]?.message ?? error.message
}
