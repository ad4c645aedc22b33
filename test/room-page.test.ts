// The room in a browser: everything that people do there, with tools that follow a script.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { beforeEach, expect, test } from 'vitest'
import { startBot } from '../src/bot.ts'
import type { Recording, Resolved } from '../src/domain/recording.ts'
import { isAccessible } from './support/accessible.ts'
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
const SPOTIFY = 'spotify:track:4uLU6hMCjMI75M1A2tKUQC'
/** A colour that is on its way to another one is none of the page's. */
const STILL = { reducedMotion: 'reduce' } as const
const SLOW: Action[] = [{ do: 'succeed', seconds: 60 }]
const DEAD = { do: 'error', code: 'no_match', retryable: false, message: 'No recording of it was found.' }
const IDLE_MS = 5_000
const SCRIPT = '<img src=x onerror=alert(1)><script>alert(1)</script>'

const recording = (id: string, title: string, reason: string | null): Recording => ({
  link: `https://www.youtube.com/watch?v=${id}`,
  title,
  channel: 'Channel',
  durationSeconds: 285,
  confidence: 0.4,
  reason,
})
const CHOICES = {
  found: 'choices',
  song: null,
  choices: [
    recording('aaaaaaaaaaa', SCRIPT, 'live'),
    recording('bbbbbbbbbbb', 'A title that goes on and on, wider than any telephone '.repeat(3), null),
    recording('ccccccccccc', 'Right', '12 s longer'),
  ],
} satisfies Resolved
/** The last of its songs cannot be fetched at all. @param letter their ids begin with it */
const listOf = (count: number, letter: string): Resolved => ({
  found: 'list',
  title: 'Friday gig',
  owner: 'Ann',
  total: count,
  songs: Array.from({ length: count }, (_, number) => ({
    link: number === count - 1 ? null : `spotify:track:${String(number).padStart(22, letter)}`,
    title: number === 5 ? SCRIPT : `Song ${number}`,
    artist: 'Band',
    durationSeconds: 30,
    unavailable: number === count - 1 ? 'a local file' : null,
  })),
})

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

  /** What `resolve` does from now on: the script counts the calls of the tests before, too. */
  const next = async (...actions: Action[]): Promise<Action[]> => {
    const calls = (await world.calls()).filter((name) => name === 'resolve')
    return [...calls.map((): Action => ({ do: 'succeed' })), ...actions, { do: 'succeed' }]
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

  test('where it is not sure which recording is meant, who asked chooses by keyboard, and others see what is asked', async () => {
    const [ann, ben] = [await browser.person(STILL), await browser.person({ ...PHONE, ...STILL })]
    await enterRoom(ann, addressOf('choose'), 'Ann')
    await enterRoom(ben, addressOf('choose'), 'Ben')
    await world.script({ resolve: await next({ do: 'succeed', found: CHOICES }) })
    await say(ann, `/separate ${SPOTIFY}`)
    await newestIs(ann, 'Waits for a choice')
    await ann.locator('#announcements').getByText('which one is it? 3 recordings to choose from').waitFor()
    const choices = cardsOf(ann).getByRole('group', { name: 'Which one is it?' })
    const leads = await Promise.all((await choices.getByRole('link').all()).map(leadsTo))
    expect(leads).toEqual(CHOICES.choices.map(({ link }) => [link, '_blank', 'noopener noreferrer']))
    await cardsOf(ben).getByText('Ann is asked.').waitFor()
    expect(
      await cardsOf(ben).getByRole('link', { name: 'Listen to Channel - Right (in a new tab)' }).count(),
    ).toBe(1)
    expect(await cardsOf(ben).getByRole('button').count()).toBe(0)
    for (const page of [ann, ben]) await isAccessible(page)

    await choices.getByRole('button', { name: 'None of them: give a link' }).click()
    expect(await composerOf(ann).inputValue()).toMatch(/^\/wrong \d+ $/)
    await composerOf(ann).fill('')
    const right = ann.locator('button:focus').filter({ hasText: 'Channel - Right 4:45 · 12 s longer' })
    await until(async () => {
      await ann.keyboard.press('Shift+Tab')
      return (await right.count()) > 0
    })
    await ann.keyboard.press('Enter')
    await choices.waitFor({ state: 'detached' })
    // A second Enter does not fall on Cancel.
    await ann.locator('article:focus').waitFor()
    for (const page of [ann, ben]) {
      const sound = cardsOf(page).getByText('Sound:').getByRole('link')
      expect(await leadsTo(sound)).toEqual([CHOICES.choices[2]?.link, '_blank', 'noopener noreferrer'])
    }
    await newestIs(ann, 'Delivered')
  })

  test('who hears that it is the wrong song gives the link of the right one', async () => {
    const page = await browser.person(STILL)
    await enterRoom(page, addressOf('wrong'), 'Ann')
    await say(page, '/separate spotify:track:0000000000000000000001')
    await newestIs(page, 'Delivered')
    await cardsOf(page).getByText('Sound: Band - Song').getByText('· 93 % sure').waitFor()
    const link = 'https://www.youtube.com/watch?v=ddddddddddd'
    await composerOf(page).fill(link)
    await composerOf(page).press('Escape')
    await cardsOf(page).getByRole('button', { name: 'Wrong song?' }).click()
    const number = (await cardsOf(page).locator('.number').innerText()).slice(1)
    await page.locator('#composer-field:focus').waitFor()
    expect(await composerOf(page).inputValue()).toBe(`/wrong ${number} ${link}`)
    await isAccessible(page)
    await composerOf(page).press('Enter')
    await until(async () => (await cardsOf(page).count()) === 2)
    await newestIs(page, 'Delivered')
    expect(await cardsOf(page).last().getByText('Sound:').count()).toBe(0)
  })

  test('a list is one card, folded where it is long, and cancelled as one', async () => {
    const page = await browser.person({ ...PHONE, ...STILL })
    await enterRoom(page, addressOf('list'), 'Ann')
    await world.script({
      resolve: await next({ do: 'succeed', found: listOf(14, 'x') }, DEAD),
      separate: SLOW,
    })
    await say(page, '/separate https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M')
    const songs = songsOn(cardsOf(page))
    await songs.filter({ hasText: '%' }).first().waitFor()
    await songs.filter({ hasText: DEAD.message }).waitFor()
    await songs.filter({ hasText: 'It is a local file.' }).waitFor()
    expect(await songs.count()).toBe(12)
    await isAccessible(page)
    await page.getByRole('button', { name: 'Show all 14 songs', expanded: false }).click()
    expect(await songs.count()).toBe(14)
    await isAccessible(page)
    await cardsOf(page).getByRole('button', { name: 'Cancel' }).click()
    await newestIs(page, 'Cancelled')
    await cardsOf(page).getByText('0 of 14 delivered, 2 failed, 12 cancelled').waitFor()
    expect(await cardsOf(page).count()).toBe(1)
  })

  test('the songs of a list come as they are there, each found from the list, and stay in that order', async () => {
    const page = await browser.person()
    await enterRoom(page, addressOf('songs'), 'Ann')
    const download: Action[] = [{ do: 'succeed', title: SCRIPT }]
    await world.script({ resolve: await next({ do: 'succeed', found: listOf(6, 'y') }, DEAD), download })
    await say(page, '/separate https://open.spotify.com/album/2noRn2Aes5aoNVsU6iWThc')
    const list = cardsOf(page).first()
    await list.getByText('4 of 6 delivered, 2 failed').waitFor()
    await until(async () => (await cardsOf(page).count()) === 5)
    await say(page, 'said afterwards')
    expect(await page.locator('img[src="x"], script:not([src])').count()).toBe(0)
    const last = songsOn(list)
      .filter({ has: page.getByRole('button') })
      .last()
    await last.getByRole('button', { name: SCRIPT }).click()
    const led = page.locator('article:focus')
    expect(await led.locator('.head .number').innerText()).toBe(await last.locator('.number').innerText())
    expect(await led.getByRole('button', { name: /^Play / }).count()).toBe(4)
    const numbers = () => cardsOf(page).locator('.head .number').allInnerTexts()
    const before = await numbers()
    await page.reload()
    await messagesOf(page).getByText('said afterwards').waitFor()
    expect(await numbers()).toEqual(before)
  })

  test('axe finds nothing, and nothing is wider than a phone, dark and light', {
    timeout: 120_000,
  }, async () => {
    const page = await browser.person({ ...PHONE, ...STILL })
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
    const [ann, ben] = [await browser.person(), await browser.person()]
    await enterRoom(ann, addressOf('script'), '<img src=x onerror=alert(1)>')
    await enterRoom(ben, addressOf('script'), 'Ben')
    await say(ann, SCRIPT)
    await messagesOf(ben).getByText(SCRIPT).waitFor()
    await world.script({ download: [{ do: 'succeed', title: SCRIPT }] })
    await choose(ann, await newFile('<svg onload=alert(1)>.flac'))
    await newestIs(ben, 'Delivered')
    expect(await cardsOf(ben).getByRole('heading').innerText()).toBe(SCRIPT)
    const mixer = await mixerOf(ben)
    await mixer.getByRole('heading', { name: SCRIPT }).waitFor()
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

/** The songs on the card of a list. */
function songsOn(card: Locator): Locator {
  return card.getByRole('list', { name: 'Songs' }).getByRole('listitem')
}

/** Where a link leads, and how. */
function leadsTo(link: Locator): Promise<(string | null)[]> {
  return Promise.all(['href', 'target', 'rel'].map((name) => link.getAttribute(name)))
}

async function choose(page: Page, path: string): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add a song' }).click()
  await (await chooser).setFiles(path)
}

async function peopleOn(page: Page, count: number): Promise<string[] | undefined> {
  const names = await page.locator('#people').getByRole('listitem').allInnerTexts()
  return names.length === count ? names.sort() : undefined
}
