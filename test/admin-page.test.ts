// The operator's page in a browser: what they see without reloading, and everything that they do there.

import type { Locator, Page } from 'playwright-core'
import { beforeEach, expect, test } from 'vitest'
import { startBot } from '../src/bot.ts'
import { readControls } from '../src/store/queue-controls.ts'
import type { Request } from '../src/store/requests.ts'
import { isAccessible } from './support/accessible.ts'
import { describeInBrowser, ELSEWHERE } from './support/browser.ts'
import { freePort } from './support/free-port.ts'
import { DESKTOP, openScreenshots } from './support/screenshots.ts'
import { until } from './support/until.ts'
import { type Action, createWorld, newSong } from './support/world.ts'

const SECRET = 'known to the operator alone'
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
/** A colour that is on its way to another one is none of the page's. */
const STILL = { reducedMotion: 'reduce' } as const
const SCRIPT = '<img src=x onerror=alert(1)><script>alert(1)</script>'
const IDLE_MS = 7_000

const ERRORS = [
  [
    'out_of_memory',
    'There was not enough memory for this song: close other programs or use a smaller model.',
  ],
  ['model_failed', 'The model stopped at 0:41 of 3:12.'],
  ['tool_stalled', 'The tool stopped making progress and was ended.'],
] as const
const FAILURES = ERRORS.map(([code, message]): Action => ({ do: 'error', code, retryable: true, message }))

describeInBrowser('the operator in a browser', async (browser) => {
  const world = await createWorld({ PORT: String(await freePort()), ADMIN_SECRET: SECRET })
  let bot = await startBot(world.settings, world.services, world.log)
  world.onClose(() => bot.stop())
  await world.rows(
    `insert into room_people (id, token_sha256, name) values ('ann', 'a', 'Ann'), ('ben', 'b', 'Ben')`,
  )
  await world.script({})
  await world.worker().decided
  beforeEach(() => world.script({}))
  const screenshots = await openScreenshots()

  /** What the next separations do; the script counts the calls of the tests before, too. */
  const next = async (...separate: Action[]) => {
    const calls = (await world.calls()).filter((name) => name === 'separate')
    await world.script({
      separate: [...calls.map((): Action => ({ do: 'succeed' })), ...separate, { do: 'succeed' }],
    })
  }
  const ask = async (person: 'ann' | 'ben' = 'ann'): Promise<Request> =>
    (await world.ask(newSong(), { platform: 'room', person, channel: 'rehearsal' })).request

  /** The page, as of somebody who has logged in. */
  const open = async (options: Parameters<typeof browser.person>[0] = {}): Promise<Page> => {
    const page = await browser.person({ ...STILL, ...options })
    await browser.stranger(async () => {
      await page.goto(`${bot.url}/admin`)
      await page.getByRole('textbox', { name: 'The ADMIN_SECRET' }).fill(SECRET)
      await page.getByRole('button', { name: 'Log in' }).click()
      await isLive(page)
    })
    return page
  }

  test('the secret opens the page and no other word does, and logging out closes it', async () => {
    // Where there is no certificate browsers say less of where a form comes from.
    const address = bot.url.replace('127.0.0.1', ELSEWHERE)
    const page = await browser.person(STILL)
    await browser.stranger(async () => {
      await page.goto(`${address}/admin`)
      await isAccessible(page)
      const secret = page.getByRole('textbox', { name: 'The ADMIN_SECRET' })
      await secret.fill('guessed and wrong')
      await secret.press('Enter')
      await page.getByRole('alert').getByText('That is not the ADMIN_SECRET').waitFor()
      await isAccessible(page)
      await secret.fill(SECRET)
      await secret.press('Enter')
      await isLive(page)
      await page.getByRole('button', { name: 'Log out' }).click()
      await secret.waitFor()
      await page.goto(`${address}/admin`)
      await secret.waitFor()
    })
  })

  test('a song that fails three times appears with the error of each attempt, and is delivered after Retry', {
    timeout: 120_000,
  }, async () => {
    const page = await open()
    await section(page, 'Discarded').getByText('Nothing was given up.').waitFor()
    await page.evaluate('globalThis.isSamePage = true')
    await next(...FAILURES)
    const { number } = await ask()
    const given = section(page, 'Discarded').getByRole('listitem', { name: `#${number} Band – Song` })
    await given.waitFor({ timeout: 60_000 })
    await given.getByText('Ann · Room · #rehearsal').waitFor()
    const attempts = await given
      .getByRole('list', { name: 'Attempts at Separation' })
      .getByRole('listitem')
      .allInnerTexts()
    expect(attempts).toHaveLength(3)
    for (const [index, [code, message]] of ERRORS.entries()) {
      expect(attempts[index]).toContain(`Attempt ${index + 1}`)
      expect(attempts[index]).toContain(`${message} ${code}`)
      expect(attempts[index]).toMatch(/after \d/)
    }
    expect(await page.title()).toMatch(/^\(1 discarded\)/)
    await isAccessible(page)

    await given.getByRole('button', { name: `Retry #${number}` }).click()
    await given.waitFor({ state: 'detached' })
    await group(page, 'Delivered today').getByText(`#${number} Band – Song`).waitFor({ timeout: 60_000 })
    await section(page, 'Discarded').getByText('Nothing was given up.').waitFor()
    expect(await page.evaluate('globalThis.isSamePage')).toBe(true)
  })

  test('while a queue is paused a request waits, and goes on once it is resumed, all by keyboard', {
    timeout: 120_000,
  }, async () => {
    const page = await open()
    const separation = queue(page, 'Separation')
    await separation.getByRole('button', { name: 'Pause Separation' }).focus()
    await page.keyboard.press('Enter')
    await separation.getByText('Paused').waitFor()
    await page.locator('#announcements').getByText('Separation is paused').waitFor()
    const { number } = await ask('ben')
    const request = group(page, 'Working')
      .getByRole('listitem')
      .filter({ hasText: `#${number} ` })
      .first()
    await stage(request, 'Separation', 'waiting').waitFor({ timeout: 60_000 })
    await until(async () => (await countOf(separation, 'Available')) === '1')
    await separation.getByRole('button', { name: 'Resume Separation' }).press('Enter')
    await separation.getByText('Paused').waitFor({ state: 'hidden' })
    // The focus is where one goes on.
    await page.locator('button:focus').filter({ hasText: 'Pause' }).waitFor()
    await group(page, 'Delivered today').getByText(`#${number} Band – Song`).waitFor({ timeout: 60_000 })
  })

  test('a queue is drained and scaled, and goes back to what each machine has set itself', async () => {
    const page = await open()
    const download = queue(page, 'Download')
    const own = world.settings.DOWNLOAD_CONCURRENCY
    const control = async () =>
      (await readControls(world.services.db)).find((one) => one.queue === 'download')
    await download.getByText(`0 of ${own}`).waitFor()
    const field = download.getByRole('spinbutton', { name: 'Download: jobs at once on each machine' })
    await field.fill('7')
    await download.getByRole('button', { name: 'Set Download' }).click()
    await download.getByText('0 of 7').waitFor()
    expect(await control()).toMatchObject({ concurrency: 7 })
    await field.fill('65')
    await field.press('Enter')
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    await field.press('Escape')
    expect(await field.inputValue()).toBe('7')
    await field.fill('')
    await field.press('Enter')
    await download.getByText(`0 of ${own}`).waitFor()
    expect(await control()).toMatchObject({ concurrency: null })

    await page.getByRole('button', { name: 'Drain all' }).click()
    await until(async () => (await page.getByText('Drained').count()) === 5)
    await page.getByRole('button', { name: 'Resume all' }).click()
    await until(
      async () =>
        (await page.locator('#queues').getByText('Drained').filter({ visible: true }).count()) === 0,
    )
  })

  test('what runs is shown by its machine, and is cancelled', { timeout: 120_000 }, async () => {
    const page = await open()
    await next({ do: 'succeed', seconds: 60 })
    const { number } = await ask()
    const running = section(page, 'Machines').getByRole('list', { name: 'Running' }).getByRole('listitem')
    const job = running.filter({ hasText: 'Separation' })
    await job.getByText('Band – Song').waitFor({ timeout: 60_000 })
    await job.getByText(`#${number}`).waitFor()
    await until(async () => Number(await job.getByRole('progressbar').getAttribute('aria-valuenow')) > 0)
    await group(page, 'Working')
      .getByRole('button', { name: `Cancel #${number}` })
      .click()
    await job.waitFor({ state: 'detached' })
    await group(page, 'Cancelled').getByText(`#${number} Band – Song`).waitFor()
  })

  test('requests are filtered and looked for, and what stands in a title is words', {
    timeout: 120_000,
  }, async () => {
    const page = await open()
    await world.script({ download: [{ do: 'succeed', title: SCRIPT }] })
    const { number } = await ask()
    await group(page, 'Delivered today').getByText(SCRIPT).waitFor({ timeout: 60_000 })
    const found = page.getByRole('list', { name: 'Found' }).locator('.request')
    await page.getByRole('searchbox').fill(`#${number}`)
    await until(async () => (await found.count()) === 1)
    expect(await found.innerText()).toContain(SCRIPT)
    await page.getByRole('button', { name: 'Failed' }).click()
    await page.getByText('There is no such request.').waitFor()
    await page.getByRole('button', { name: 'Delivered today' }).click()
    await until(async () => (await found.count()) === 1)
    await page.getByRole('searchbox').fill('')
    await until(async () => (await found.count()) > 1)
    await page.getByRole('button', { name: 'Newest' }).click()
    await group(page, 'Delivered today').waitFor()
    expect(await page.locator('img[src="x"], script:not([src])').count()).toBe(0)
  })

  test('why something is not done is said', async () => {
    const page = await open()
    await page.route('**/admin/api/queues/**', (route) => route.abort('connectionrefused'))
    await browser.outage(async () => {
      await queue(page, 'Search').getByRole('button', { name: 'Pause Search' }).click()
      await page.getByRole('alert').getByText('The server cannot be reached: try again.').waitFor()
    })
  })

  test('a page that nobody touches asks for nothing, finds its server again, and asks for the secret once it is another', {
    timeout: 120_000,
  }, async () => {
    const page = await open()
    await page.waitForLoadState('networkidle').catch(() => {})
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    expect(asked).toEqual([])
    const restart = async (secret: string) => {
      await bot.stop()
      await page.getByText('Reconnecting').waitFor()
      bot = await startBot({ ...world.settings, ADMIN_SECRET: secret }, world.services, world.log)
    }
    await browser.outage(async () => {
      await restart(SECRET)
      await isLive(page)
      await browser.stranger(async () => {
        await restart('another one of that length')
        await page.getByRole('textbox', { name: 'The ADMIN_SECRET' }).waitFor({ timeout: 30_000 })
      })
      await bot.stop()
      bot = await startBot(world.settings, world.services, world.log)
    })
  })

  test("the pages of pg-boss's dashboard load, and offer nothing that changes anything", {
    timeout: 120_000,
  }, async () => {
    const page = await open()
    await page.getByRole('link', { name: 'Jobs' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    for (const name of ['Jobs', 'Queues', 'Schedules', 'Migrations', 'Warnings']) {
      await page.getByRole('link', { name, exact: true }).first().click()
      await page.getByRole('heading', { name, level: 1 }).waitFor()
    }
    for (const path of [
      'queues/download',
      'queues/download/metrics',
      'jobs?state=all',
      'send',
      'queues/create',
      'schedules/new',
    ]) {
      await page.goto(`${bot.url}/admin/jobs/${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      const changing = page.getByRole('button', { name: /^(retry|cancel|resume|delete|send|create)/i })
      expect(await changing.count(), path).toBe(0)
      expect(await page.locator('form[method="post" i]').count(), path).toBe(0)
    }
    await page.getByText('queues and requests are changed at /admin').waitFor()
  })

  test('axe finds nothing, and nothing is wider than a phone, dark and light', {
    timeout: 180_000,
  }, async () => {
    const titles = [
      'First Light',
      'Harbour Song',
      'Paper Boats',
      'Static on the Line',
      'Nine Mile Road',
      'Slow Machine',
    ]
    const calls = (await world.calls()).filter((name) => name === 'download')
    const download = [...calls, ...titles].map((title): Action => ({ do: 'succeed', title }))
    const done = (await world.calls())
      .filter((name) => name === 'separate')
      .map((): Action => ({ do: 'succeed' }))
    const slow: Action = { do: 'succeed', seconds: 60 }
    await world.script({ download, separate: [...done, ...FAILURES, slow] })
    const failed = await ask('ben')
    await world.ended(failed, 60)
    for (let songs = 0; songs < 4; songs++) await ask(songs % 2 === 0 ? 'ann' : 'ben')
    await until(async () => {
      const [row] = await world.rows(
        `select count(*)::int as n from stages where stage = 'processing' and fraction > 0.2 and state = 'running'`,
      )
      return row?.n === 2
    }, 90)
    await world.rows(`update tracks set artist = 'The Lanterns'`)
    const page = await open({ viewport: DESKTOP })
    await queue(page, 'Analysis').getByRole('button', { name: 'Pause Analysis' }).click()
    await queue(page, 'Analysis').getByText('Paused').waitFor()
    await screenshots.take(page, 'admin')
    await isAccessible(page)
    await page.setViewportSize(PHONE.viewport)
    await isAccessible(page)
    await queue(page, 'Analysis').getByRole('button', { name: 'Resume Analysis' }).click()
    await queue(page, 'Analysis').getByText('Paused').waitFor({ state: 'hidden' })
    await world.script({})
  })
})

async function isLive(page: Page): Promise<void> {
  await page.locator('#line').getByText('Live', { exact: true }).waitFor()
}

function section(page: Page, name: string): Locator {
  return page.getByRole('region', { name })
}

function group(page: Page, name: string): Locator {
  return page.getByRole('list', { name, exact: true })
}

function queue(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${name}`) }) })
}

function stage(request: Locator, label: string, state: string): Locator {
  return request.locator(`.stage[data-state="${state}"]`).filter({ hasText: label })
}

function countOf(row: Locator, label: string): Promise<string> {
  return row.locator(`[data-label="${label}"]`).innerText()
}
