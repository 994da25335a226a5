// The console and GraphiQL in a real browser: no request leaves the platform, no error in the console, no accessibility
// violation; screenshots go to CHECK_ARTIFACTS when that is set.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium } from 'playwright-core'
import { admin, createProfile, login, url } from './platform.mjs'

let browser, page
const faults = []
const shots = process.env.CHECK_ARTIFACTS

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  })
  page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
  page.on('console', m => m.type() === 'error' && !/401|favicon/.test(m.text()) && faults.push(m.text()))
  page.on('pageerror', e => faults.push(String(e)))
  page.on('request', r => {
    if (!r.url().startsWith(url) && !/^(data|blob):/.test(r.url())) faults.push(`external request ${r.url()}`)
  })
})
after(() => browser?.close())

async function look(name) {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png` })
  const { violations } = await new AxeBuilder({ page }).analyze()
  assert.deepEqual(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`), [], `accessibility of ${name}`)
  assert.deepEqual(faults.splice(0), [], `faults on ${name}`)
}

async function signIn(password) {
  await page.getByLabel('Email address').fill(admin.email)
  await page.locator('input[autocomplete="current-password"]').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

test('a wrong password is refused with a sentence', async () => {
  await page.goto(`${url}/admin/`)
  await page.getByRole('heading', { name: 'Sign in to MediCore' }).waitFor()
  await look('sign-in')
  await signIn('wrong password')
  await page.getByText('Wrong email address or password').waitFor()
})

test('after signing in the profiles are listed with their billing accounts, and searched', async () => {
  const profile = await createProfile(await login(), 'Zoe Zimmermann')
  await signIn(admin.password)
  await page.getByRole('cell', { name: 'ACTIVE' }).first().waitFor({ timeout: 20_000 })
  await look('profiles')
  await page.getByLabel('Search by name').fill(profile.email)
  await page.getByRole('cell', { name: profile.email }).waitFor()
  await page.getByText('1 profiles').waitFor()
})

test('a new profile appears among the live events without a reload', async () => {
  await page.getByRole('link', { name: 'Live events' }).click()
  await page.getByText('Active profiles').waitFor()
  const token = await login()
  await page.waitForTimeout(500)
  await createProfile(token, 'Wanda Live')
  await page.getByRole('cell', { name: 'Wanda Live' }).waitFor({ timeout: 20_000 })
  await look('events')
})

test('a page reloaded in place stays', async () => {
  await page.reload()
  await page.getByRole('heading', { name: 'Live events' }).waitFor()
})

test('GraphiQL opens at /graphql and runs an operation', async () => {
  await page.goto(`${url}/graphql?query=${encodeURIComponent('{ __typename }')}`)
  await page.waitForFunction(() => document.querySelector('.graphiql-query-editor')?.textContent?.includes('__typename'), null, { timeout: 60_000 })
  const answered = () => page.evaluate(() => document.querySelector('.result-window')?.textContent?.includes('Query') ?? false)
  for (let i = 0; i < 40 && !(await answered()); i++) { // a click before the editors are ready runs nothing
    await page.getByRole('button', { name: /execute query/i }).first().click()
    await page.waitForTimeout(1000)
  }
  assert.ok(await answered(), 'the result shows the answer')
  if (shots) await page.screenshot({ path: `${shots}/graphiql.png` })
  assert.deepEqual(faults.splice(0).filter(f => f.startsWith('external')), [])
})
