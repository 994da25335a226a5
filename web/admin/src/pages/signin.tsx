import { Alert, Button, Card, Center, PasswordInput, Stack, TextInput, Title } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { type CombinedError, gql, useClient } from 'urql'
import { explain } from '../api'
import { keepSession, type Session } from '../session'

const SignIn = gql<{ login: { token: string; expiresAt: string } }, { email: string; password: string }>`
  mutation SignIn($email: String!, $password: String!) { login(email: $email, password: $password) { token expiresAt } }
`
const Me = gql<{ me: Session['user'] }, Record<string, never>>`
  query Me { me { id email role } }
`

export function SignInPage() {
  const navigate = useNavigate()
  const client = useClient()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [fetching, setFetching] = useState(false)
  const [error, setError] = useState<CombinedError>()

  /** Signs in, then asks with the new token who that is. */
  async function signIn(): Promise<void> {
    const { data, error } = await client.mutation(SignIn, { email, password }).toPromise()
    if (!data?.login) return setError(error)
    const { token, expiresAt } = data.login
    const me = await client.query(Me, {}, { requestPolicy: 'network-only', fetchOptions: { headers: { Authorization: `Bearer ${token}` } } }).toPromise()
    if (!me.data?.me) return setError(me.error)
    keepSession({ token, expiresAt, user: me.data.me })
    await navigate({ to: '/' })
  }

  async function submit(e: FormEvent) {
    e.preventDefault()
    setFetching(true)
    setError(undefined)
    await signIn()
    setFetching(false)
  }

  return (
    <Center mih="100vh" p="md" component="main">
      <Card withBorder shadow="sm" padding="lg" w={360}>
        <form onSubmit={e => void submit(e)}>
          <Stack>
            <Title order={1} size="h3">Sign in to MediCore</Title>
            {error && <Alert color="red" role="alert">{explain(error)}</Alert>}
            <TextInput label="Email address" type="email" autoComplete="username" required value={email} onChange={e => setEmail(e.currentTarget.value)} />
            <PasswordInput label="Password" autoComplete="current-password" required value={password} onChange={e => setPassword(e.currentTarget.value)} />
            <Button type="submit" loading={fetching}>Sign in</Button>
          </Stack>
        </form>
      </Card>
    </Center>
  )
}
