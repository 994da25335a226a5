import { Alert, Badge, Card, Group, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core'
import { gql, useSubscription } from 'urql'
import { explain } from '../api'

interface EventMessage {
  profileEvents: { cursor: string; event: { id: string; type: 'CREATED' | 'UPDATED' | 'DELETED'; at: string; profileId: string; profile: { id: string; name: string | null } | null } }
}
interface Summary {
  analyticsSummary: { totalEvents: number; activeProfiles: number; byType: { type: string; count: number }[] }
}

const LiveEvents = gql<EventMessage>`
  subscription LiveEvents { profileEvents { cursor event { id type at profileId profile { id name } } } }
`
const LiveSummary = gql<Summary>`
  subscription LiveSummary { analyticsSummary { totalEvents activeProfiles byType { type count } } }
`

const kept = 100 // newest events shown
const colors = { CREATED: 'green', UPDATED: 'blue', DELETED: 'red' }

export function EventsPage() {
  const [events] = useSubscription({ query: LiveEvents }, (seen: EventMessage['profileEvents'][] = [], next) =>
    [next.profileEvents, ...seen.filter(m => m.event.id !== next.profileEvents.event.id)].slice(0, kept))
  const [summary] = useSubscription<Summary>({ query: LiveSummary })
  const figures = summary.data?.analyticsSummary
  return (
    <Stack>
      <Title order={2}>Live events</Title>
      {(events.error ?? summary.error) && <Alert color="red" role="alert">{explain((events.error ?? summary.error)!)}</Alert>}
      {figures && (
        <SimpleGrid cols={{ base: 2, sm: 5 }}>
          <Figure label="Active profiles" value={figures.activeProfiles} />
          <Figure label="Events" value={figures.totalEvents} />
          {figures.byType.map(t => <Figure key={t.type} label={t.type.charAt(0) + t.type.slice(1).toLowerCase()} value={t.count} />)}
        </SimpleGrid>
      )}
      <Table.ScrollContainer minWidth={560}>
        <Table>
          <Table.Thead>
            <Table.Tr><Table.Th>Time</Table.Th><Table.Th>What</Table.Th><Table.Th>Profile</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody aria-live="polite">
            {(events.data ?? []).map(({ event: e }) => (
              <Table.Tr key={e.id}>
                <Table.Td>{new Date(e.at).toLocaleTimeString()}</Table.Td>
                <Table.Td><Badge variant="light" color={colors[e.type]} c="var(--mantine-color-text)">{e.type}</Badge></Table.Td>
                <Table.Td>{e.profile?.name ?? e.profileId}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {!events.data?.length && <Group><Text>Waiting for the next event.</Text></Group>}
    </Stack>
  )
}

function Figure({ label, value }: { label: string; value: number }) {
  return (
    <Card withBorder padding="sm">
      <Text size="sm">{label}</Text>
      <Text size="xl" fw={700}>{value.toLocaleString()}</Text>
    </Card>
  )
}
