import { Alert, Badge, Button, Group, Loader, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { gql, useQuery } from 'urql'
import { explain } from '../api'

interface Profile {
  id: string
  name: string
  email: string
  dateOfBirth: string
  registeredDate: string
  billingAccount: { id: string; status: string; balance: { amount: number; currency: string } | null } | null
}
interface Page {
  medicalProfiles: {
    totalCount: number
    pageInfo: { hasNextPage: boolean; endCursor: string | null }
    edges: { node: Profile }[]
  }
}

const Profiles = gql<Page, { first: number; after: string | null; search: string | null }>`
  query Profiles($first: Int!, $after: String, $search: String) {
    medicalProfiles(first: $first, after: $after, filter: { search: $search }, orderBy: { field: NAME, direction: ASC }) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges { node { id name email dateOfBirth registeredDate billingAccount { id status balance { amount currency } } } }
    }
  }
`

const pageSize = 20
const colors: Record<string, string> = { ACTIVE: 'green', PENDING: 'yellow', SUSPENDED: 'orange', CLOSED: 'gray' }

/** An amount of minor units as the reader's locale writes it. */
export function money({ amount, currency }: { amount: number; currency: string }): string {
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency })
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

export function ProfilesPage() {
  const [search, setSearch] = useState('')
  const [wanted] = useDebouncedValue(search.trim(), 250)
  const [pages, setPages] = useState<(string | null)[]>([null]) // cursors of the pages gone through; the last is shown
  const [{ data, error, fetching }] = useQuery({
    query: Profiles, variables: { first: pageSize, after: pages[pages.length - 1], search: wanted || null }, requestPolicy: 'cache-and-network',
  })
  const list = data?.medicalProfiles
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={2}>Profiles</Title>
        {fetching && <Loader size="sm" aria-label="Loading" />}
      </Group>
      <TextInput
        aria-label="Search by name or email address" placeholder="Search by name or email address" leftSection={<IconSearch size={16} />} value={search} maw={420}
        onChange={e => {
          setSearch(e.currentTarget.value)
          setPages([null])
        }}
      />
      {error && <Alert color="red" role="alert">{explain(error)}</Alert>}
      {list && (
        <>
          <Table.ScrollContainer minWidth={720}>
            <Table striped highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th><Table.Th>Email</Table.Th><Table.Th>Born</Table.Th><Table.Th>Registered</Table.Th><Table.Th>Billing</Table.Th><Table.Th ta="right">Balance</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.edges.map(({ node: p }) => (
                  <Table.Tr key={p.id}>
                    <Table.Td>{p.name}</Table.Td>
                    <Table.Td>{p.email}</Table.Td>
                    <Table.Td>{p.dateOfBirth}</Table.Td>
                    <Table.Td>{p.registeredDate}</Table.Td>
                    <Table.Td>{p.billingAccount ? <Badge autoContrast variant="light" color={colors[p.billingAccount.status] ?? 'gray'} c="var(--mantine-color-text)">{p.billingAccount.status}</Badge> : <Text size="sm" c="var(--mantine-color-text)">not known</Text>}</Table.Td>
                    <Table.Td ta="right">{p.billingAccount?.balance ? money(p.billingAccount.balance) : ''}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {list.edges.length === 0 && <Text>No profile matches.</Text>}
          <Group justify="space-between">
            <Text size="sm">{list.totalCount} profiles</Text>
            <Group gap="xs">
              <Button size="xs" variant="default" disabled={pages.length === 1} onClick={() => setPages(pages.slice(0, -1))}>Previous</Button>
              <Button size="xs" variant="default" disabled={!list.pageInfo.hasNextPage} onClick={() => setPages([...pages, list.pageInfo.endCursor])}>Next</Button>
            </Group>
          </Group>
        </>
      )}
    </Stack>
  )
}
