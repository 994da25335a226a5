import { Alert, Button, Card, Center, PasswordInput, Stack, TextInput, Title } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { gql, useMutation } from 'urql'
import { explain } from '../api'
import { keepSession, type Session } from '../session'

const SignIn = gql<{ login: Session }, { email: string; password: string }>`
  mutation SignIn($email: String!, $password: String!) {
    login(email: $email, password: $password) { token expiresAt user { id email role } }
  }
`

export function SignInPage() {
  const navigate = useNavigate()
  const [{ error, fetching }, signIn] = useMutation(SignIn)
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')

  async function submit(e: FormEvent) {
    e.preventDefault()
    const { data } = await signIn({ email, password })
    if (!data) return
    keepSession(data.login)
    await navigate({ to: '/' })
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
