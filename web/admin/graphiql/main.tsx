import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import { createGraphiQLFetcher } from '@graphiql/toolkit'
import { GraphiQL } from 'graphiql'
import { createClient } from 'graphql-ws'
import { createRoot } from 'react-dom/client'

const url = new URL('/graphql', location.href)
const ws = new URL(url)
ws.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'

// Headers set in the editor reach a subscription as the connection's payload.
const fetcher = createGraphiQLFetcher({ url: url.href, wsClient: createClient({ url: ws.href, lazy: true }) })

const example = `# Sign in first and put the token into the Headers tab: {"Authorization": "Bearer <token>"}
mutation SignIn {
  login(email: "testpriti@test.com", password: "password123") { token expiresAt }
}
`
// A link may carry the operation: /graphql?query=…&variables=…
const link = new URLSearchParams(location.search)
createRoot(document.getElementById('root')!).render(
  <GraphiQL fetcher={fetcher} defaultQuery={example} initialQuery={link.get('query') ?? undefined} initialVariables={link.get('variables') ?? undefined} />,
)
