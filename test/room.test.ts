// The sample song in, four playing stems out, in a browser: `npm start` as a person runs it, with the real tools and a database of its own.
import { execFileSync } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeInBrowser } from './support/browser.ts'
import { createCommandLine, PYTHON, type Run, SONG } from './support/command-line.ts'
import { freePort } from './support/free-port.ts'
import { killNaming, killTree } from './support/processes.ts'
import { cardsOf, enterRoom, mixerOf, newestIs, percentOf, stageOf } from './support/room-page.ts'
import { DESKTOP, FOR_README, openScreenshots } from './support/screenshots.ts'
import { until } from './support/until.ts'

const STEMS = ['bass', 'drums', 'other', 'vocals']
const fileOf = (stem: string) => `Sound Forge Alchemy - First Light (${stem}).mp3`

describeInBrowser('npm start, with the room', async (browser) => {
  // The same one for both: a page finds its server again.
  const port = await freePort()
  const model = FOR_README ? { MODEL: 'starter', MODEL_REPO: '' } : {}
  const cli = await createCommandLine({ PORT: String(port), ...model })
  const screenshots = await openScreenshots()

  test('the sample song, with everything killed in the middle, comes back as four stems that play, on a page that reconnects by itself', {
    timeout: 300_000,
  }, async () => {
    const first = cli.start(['start'])
    const address = await addressOf(first)
    const page = await browser.person({ viewport: DESKTOP })
    await enterRoom(page, address, 'Ann')
    const sample = page.getByRole('button', { name: 'Try it with the sample song' })
    await sample.waitFor()
    await screenshots.take(page, 'welcome')
    await sample.click()
    const card = cardsOf(page)
    await stageOf(card, 'Separation').waitFor()
    await page.evaluate('globalThis.isSamePage = true')
    await until(async () => Number(await percentOf(card, 'Separation')) >= 10, 120)

    await browser.outage(async () => {
      killTree(first.pid)
      killNaming(cli.dataDir) // the database is nobody's child
      await first.ended
      await page.getByText('Reconnecting').waitFor()
      expect(await addressOf(cli.start(['start']))).toBe(address)
      await page.getByText('Reconnecting').waitFor({ state: 'hidden', timeout: 30_000 })
    })
    await newestIs(page, 'Delivered', 150)
    expect(await page.evaluate('globalThis.isSamePage')).toBe(true)
    expect(await cardsOf(page).count()).toBe(1)
    expect(await card.getByRole('heading').innerText()).toBe('First Light')
    const facts = await card.getByRole('list', { name: 'About the song' }).innerText()
    expect(facts).toMatch(/^0:48\n\d+ BPM\n[A-G].*\n(tiny|starter)$/)

    const stems = card.getByRole('list', { name: 'Stems' }).getByRole('listitem')
    expect((await stems.locator('.stem-name').allTextContents()).sort()).toEqual(STEMS)
    for (const stem of STEMS) await plays(card, stem)
    await screenshots.take(page, 'room')

    const saved = page.waitForEvent('download')
    await card.getByRole('link', { name: /^Download vocals/ }).click()
    const vocals = await saved
    expect(vocals.suggestedFilename()).toBe(fileOf('vocals'))
    const vocalsAt = join(cli.folder, 'vocals.mp3')
    await copyFile(await vocals.path(), vocalsAt)
    expect(samplesOf(vocalsAt)).toBe(samplesOf(SONG))
    const all = page.waitForEvent('download')
    await card.getByRole('link', { name: /^Download all/ }).click()
    expect(namesIn(await (await all).path())).toEqual(expect.arrayContaining(STEMS.map(fileOf)))
  })

  test('the mixer plays them all, with mute, solo and a jump', { timeout: 60_000 }, async () => {
    const room = await browser.person({ viewport: DESKTOP })
    await enterRoom(room, `http://127.0.0.1:${port}`, 'Ben')
    const page = await mixerOf(room)
    const position = page.getByRole('slider', { name: 'Position', exact: true })
    const seconds = async () => Number(await position.inputValue())
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    await until(async () => (await seconds()) > 1)
    await page.getByRole('button', { name: 'Mute drums' }).click()
    await position.fill('30')
    await until(async () => (await seconds()) > 30.5)
    await screenshots.take(page, 'results')
    const solo = page.getByRole('button', { name: 'Solo vocals' })
    await solo.click()
    expect(await solo.getAttribute('aria-pressed')).toBe('true')
    const at = await seconds()
    await until(async () => (await seconds()) > at + 0.5)
  })

  async function addressOf(run: Run): Promise<string> {
    await cli.saw(run, /the worker is up/)
    const address = /http:\/\/[\d.]+:\d+/.exec(run.stdout())?.[0]
    if (!address) throw new Error(`no address: ${run.stdout()}`)
    return address
  }
})

/** A stem plays in its message, until another one does. */
async function plays(card: Locator, stem: string): Promise<void> {
  const audio = card.getByRole('listitem').filter({ hasText: stem }).locator('audio')
  const state = () =>
    audio.evaluate((one) => [one.duration, one.currentTime, one.error?.message] as const) as Promise<
      [number, number, string | undefined]
    >
  await card.getByRole('button', { name: `Play ${stem}` }).click()
  const [seconds] = await until(async () => {
    const seen = await state()
    return (seen[1] > 0.5 || seen[2]) && seen
  })
  expect(seconds).toBeCloseTo(48, 0)
}

/** Length by a decoder that is not ours: libsndfile. */
function samplesOf(file: string): number {
  const script = 'import sys, soundfile; print(soundfile.info(sys.argv[1]).frames)'
  return Number(execFileSync(PYTHON, ['-c', script, file], { encoding: 'utf8' }))
}

function namesIn(zip: string): string[] {
  const script =
    'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(*z.namelist(), sep="\\n")'
  return execFileSync(PYTHON, ['-c', script, zip], { encoding: 'utf8' }).trim().split('\n')
}
