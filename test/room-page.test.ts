// The room in a browser: everything that people do there, with tools that follow a script.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { beforeEach, expect, test } from 'vitest'
import { startBot } from '../src/bot.ts'
import { describeInBrowser } from './support/browser.ts'
import { freePort } from './support/free-port.ts'
import {
  cardsOf,
  composerOf,
  dropFile,
  enterRoom,
  messagesOf,
  mixerOf,
  newestIs,
  percentOf,
  say,
} from './support/room-page.ts'
import { until } from './support/until.ts'
import { type Action, createWorld } from './support/world.ts'

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
const SLOW: Action[] = [{ do: 'succeed', seconds: 60 }]
const IDLE_MS = 5_000

describeInBrowser('the room in a browser', async (browser) => {
  const world = await createWorld({ PORT: String(await freePort()), ADMIN_SECRET: 'nobody here knows it' })
  beforeEach(() => world.script({}))
  let bot = await startBot(world.settings, world.services, world.log)
  world.onClose(() => bot.stop())
  await world.worker().decided
  const addressOf = (room: string) => `${bot.url}/rooms/${room}`

  /** A song that nobody has given before. */
  const newFile = async (name: string, bytes = 20_000) => {
    const path = join(world.folder, name)
    await writeFile(path, randomBytes(bytes))
    return path
  }

  test('a song is dropped, cancelled, asked for again, fails, and is there after one more try', async () => {
    const page = await browser.person()
    await enterRoom(page, addressOf('band'), 'Ann')
    await world.script({ separate: SLOW })
    await dropFile(page, await newFile('Band - Song.flac'))
    const card = cardsOf(page)
    await until(async () => Number(await percentOf(card, 'Separation')) > 0)
    await card.getByRole('button', { name: 'Cancel' }).click()
    await newestIs(page, 'Cancelled')

    await world.script({
      separate: [{ do: 'error', code: 'bad_audio', retryable: false, message: 'It is broken.' }],
    })
    await card.getByRole('button', { name: 'Retry' }).click()
    await card.getByText('It is broken.').waitFor()

    await world.script({})
    await card.getByRole('button', { name: 'Retry' }).click()
    await newestIs(page, 'Delivered')
    expect(await cardsOf(page).count()).toBe(1)
    expect(await card.getByRole('button', { name: /^Play / }).count()).toBe(4)
  })

  test('a song is chosen, shows how far it is sent, and is taken back', async () => {
    const page = await browser.person()
    await enterRoom(page, addressOf('slow'), 'Ann')
    const network = await page.context().newCDPSession(page)
    const limits = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 }
    await network.send('Network.emulateNetworkConditions', limits)
    await choose(page, await newFile('Long.flac', 3_000_000))
    const upload = page.getByRole('progressbar', { name: 'Upload of Long.flac' })
    await until(async () => {
      const percent = Number(await upload.getAttribute('aria-valuenow'))
      return percent > 0 && percent < 100
    })
    await page.getByRole('button', { name: 'Cancel Long.flac' }).click()
    await upload.waitFor({ state: 'detached' })

    await network.send('Network.emulateNetworkConditions', { ...limits, uploadThroughput: -1 })
    await choose(page, await newFile('Short.flac'))
    await newestIs(page, 'Delivered')
    expect(await cardsOf(page).count()).toBe(1)
  })

  test('two people in a room see each other, what they say and what they ask for', async () => {
    const [ann, ben] = [await browser.person(), await browser.person()]
    await enterRoom(ann, addressOf('duo'), 'Ann')
    await enterRoom(ben, addressOf('duo'), 'Ben')
    for (const page of [ann, ben]) expect(await until(() => peopleOn(page, 2))).toEqual(['Ann', 'Ben'])
    await say(ann, 'one, two')
    await messagesOf(ben).getByText('one, two').waitFor()
    await say(ben, 'three, four')
    await messagesOf(ann).getByText('three, four').waitFor()
    await world.script({ separate: SLOW })
    await choose(ann, await newFile('Duo.flac'))
    await until(async () => Number(await percentOf(cardsOf(ben), 'Separation')) > 0)
    // It is not his.
    expect(await cardsOf(ben).getByRole('button').count()).toBe(0)
    await world.script({})
    await cardsOf(ann).getByRole('button', { name: 'Cancel' }).click()
    await newestIs(ben, 'Cancelled')
  })

  test('everything is done by keyboard: a name, a command from the list, its song, a button of the card', async () => {
    const page = await browser.person()
    await page.goto(addressOf('keys'))
    const { keyboard } = page
    await page.locator('#entry-name:focus').waitFor()
    await keyboard.type('Kay')
    await keyboard.press('Enter')
    await page.locator('#composer-field:focus').waitFor()
    await keyboard.type('/sep')
    await page.getByRole('option', { name: '/separate', selected: true }).waitFor()
    await keyboard.press('ArrowDown')
    await keyboard.press('ArrowUp')
    await page.getByRole('option', { name: '/separate', selected: true }).waitFor()
    await keyboard.press('Enter')
    expect(await composerOf(page).inputValue()).toBe('/separate ')
    await world.script({ separate: SLOW })
    await keyboard.type('https://youtu.be/dQw4w9WgXcQ')
    await keyboard.press('Escape')
    await keyboard.press('Enter')
    const cancel = cardsOf(page).getByRole('button', { name: 'Cancel' })
    await cancel.waitFor()
    await until(async () => {
      await keyboard.press('Shift+Tab')
      return (await page.locator('button:focus').filter({ hasText: 'Cancel' }).count()) > 0
    })
    await keyboard.press('Enter')
    await newestIs(page, 'Cancelled')
  })

  test('axe finds nothing, and nothing is wider than a phone, dark and light', {
    timeout: 120_000,
  }, async () => {
    // A colour that is on its way to another one is none of the page's.
    const page = await browser.person({ ...PHONE, reducedMotion: 'reduce' })
    await page.goto(addressOf('axe'))
    await page.getByRole('textbox', { name: 'Your name' }).waitFor()
    await isAccessible(page)
    await enterRoom(page, addressOf('axe'), 'Ann')
    await isAccessible(page)
    await choose(page, await newFile('A very long name of a song that goes on and on and does not end.flac'))
    await newestIs(page, 'Delivered')
    await say(page, `words ${'without-a-break'.repeat(20)}`)
    await say(page, '/help')
    await page.getByText('Only you can see this').first().waitFor()
    await world.script({ separate: [{ do: 'error', code: 'bad_audio', retryable: false }] })
    await choose(page, await newFile('Broken.flac'))
    await newestIs(page, 'Failed')
    await isAccessible(page)
    await page.setViewportSize({ width: 1280, height: 800 })
    await isAccessible(page, '#side')
    await page.setViewportSize(PHONE.viewport)
    const mixer = await mixerOf(page)
    await mixer.getByRole('button', { name: 'Play', exact: true }).waitFor()
    await isAccessible(mixer)
    await mixer.keyboard.press('?')
    await mixer.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await isAccessible(mixer, 'dialog')
  })

  test('a script in a name, in words, in a title or in a file name is words', async () => {
    const script = '<img src=x onerror=alert(1)><script>alert(1)</script>'
    const [ann, ben] = [await browser.person(), await browser.person()]
    await enterRoom(ann, addressOf('script'), '<img src=x onerror=alert(1)>')
    await enterRoom(ben, addressOf('script'), 'Ben')
    await say(ann, script)
    await messagesOf(ben).getByText(script).waitFor()
    await world.script({ download: [{ do: 'succeed', title: script }] })
    await choose(ann, await newFile('<svg onload=alert(1)>.flac'))
    await newestIs(ben, 'Delivered')
    expect(await cardsOf(ben).getByRole('heading').innerText()).toBe(script)
    const mixer = await mixerOf(ben)
    await mixer.getByRole('heading', { name: script }).waitFor()
    for (const page of [ben, mixer])
      expect(await page.locator('img[src="x"], svg[onload], script:not([src])').count()).toBe(0)
  })

  test('all tabs of a browser are told through one stream, also when the tab that has it is closed', async () => {
    const first = await browser.person()
    let streams = 0
    first.context().on('request', (request) => {
      if (request.url().endsWith('/events')) streams++
    })
    await enterRoom(first, addressOf('tabs'), 'Ann')
    const others = await Promise.all(Array.from({ length: 6 }, () => first.context().newPage()))
    for (const page of others) await page.goto(addressOf('tabs'))
    await say(first, 'to all tabs')
    for (const page of others) await messagesOf(page).getByText('to all tabs').waitFor()
    expect(streams).toBe(1)
    await first.close()
    const [one, ...more] = others as [Page, ...Page[]]
    await say(one, 'still here')
    for (const page of more) await messagesOf(page).getByText('still here').waitFor()
    expect(streams).toBe(2)
  })

  test('a page that nobody touches asks for nothing, and finds its server again after a restart', async () => {
    const page = await browser.person()
    await enterRoom(page, addressOf('idle'), 'Ann')
    await choose(page, await newFile('Idle.flac'))
    await newestIs(page, 'Delivered')
    await page.waitForLoadState('networkidle').catch(() => {})
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    expect(asked).toEqual([])

    await browser.outage(async () => {
      await bot.stop()
      await page.getByText('Reconnecting').waitFor()
      await say(page, 'said while it was away')
      bot = await startBot(world.settings, world.services, world.log)
      await page.getByText('Reconnecting').waitFor({ state: 'hidden' })
    })
    const other = await browser.person()
    await enterRoom(other, addressOf('idle'), 'Ben')
    await messagesOf(other).getByText('said while it was away').waitFor()
    // The room may show what was said before the page has heard that it was taken.
    await until(async () => (await page.locator('#outbox').getByText('said while it was away').count()) === 0)
    expect(await messagesOf(page).getByText('said while it was away').count()).toBe(1)
    expect(await cardsOf(page).count()).toBe(1)
  })
})

async function choose(page: Page, path: string): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add a song' }).click()
  await (await chooser).setFiles(path)
}

async function peopleOn(page: Page, count: number): Promise<string[] | undefined> {
  const names = await page.locator('#people').getByRole('listitem').allInnerTexts()
  return names.length === count ? names.sort() : undefined
}

/** @param part of the page that was not looked at before; all of it otherwise */
async function isAccessible(page: Page, part = 'html'): Promise<void> {
  // Preloading makes a style of every shadow root's, which the page's policy does not let pass.
  const axe = () => new AxeBuilder({ page }).include(part).options({ preload: false })
  await page.emulateMedia({ colorScheme: 'light' })
  expect(await problemsOf(axe())).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await problemsOf(axe().withRules('color-contrast'))).toEqual([])
  const scrolling = page.locator('html, main, [role=region]')
  const isTooWide = await scrolling.evaluateAll((all) =>
    all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map(({ id }) => id),
  )
  expect(isTooWide).toEqual([])
}

async function problemsOf(axe: AxeBuilder): Promise<unknown[]> {
  const { violations } = await axe.analyze()
  return violations.map(({ id, nodes }) => [
    id,
    nodes.map(({ html, failureSummary }) => [html, failureSummary]),
  ])
}
