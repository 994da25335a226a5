import { AppShell, Burger, Button, Group, NavLink, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconActivity, IconLogout, IconUsers } from '@tabler/icons-react'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { currentSession, endSession, maySee } from './session'

const links = [
  { page: 'profiles', to: '/profiles', label: 'Profiles', icon: <IconUsers size={18} /> },
  { page: 'events', to: '/events', label: 'Live events', icon: <IconActivity size={18} /> },
] as const

/** The frame around every page: header, navigation, who is signed in. */
export function Shell() {
  const [open, { toggle, close }] = useDisclosure()
  const navigate = useNavigate()
  const path = useRouterState({ select: s => s.location.pathname })
  const user = currentSession()?.user
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !open } }} padding="md">
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between">
          <Group>
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Title order={1} size="h4">MediCore</Title>
          </Group>
          <Group gap="sm">
            <Text size="sm" visibleFrom="sm">{user?.email} ({user?.role.toLowerCase()})</Text>
            <Button
              variant="default" size="xs" leftSection={<IconLogout size={14} />}
              onClick={() => {
                endSession()
                void navigate({ to: '/sign-in' })
              }}
            >
              Sign out
            </Button>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {links.filter(l => user && maySee(l.page, user.role)).map(l => (
          <NavLink key={l.to} component={Link} to={l.to} label={l.label} leftSection={l.icon} active={path.endsWith(l.to)} variant="filled" onClick={close} />
        ))}
      </AppShell.Navbar>
      <AppShell.Main><Outlet /></AppShell.Main>
    </AppShell>
  )
}
