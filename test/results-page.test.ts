// The results page in a browser: what is saved of it, and what it costs.
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeInBrowser } from './support/browser.ts'
import { knownSamples, knownStems } from './support/known-stems.ts'
import { createResultsPages } from './support/results-pages.ts'
import { until } from './support/until.ts'

/** Decoded as a whole, the song would take four times as much; so would what these jumps leave behind, were it not tidied up. */
const MOST_BYTES = 300 * 1024 ** 2
const JUMPS = 25
const WAV_HEADER_BYTES = 44

describeInBrowser('the results page in a browser', async (browser) => {
  const results = await createResultsPages()

  test('a mix is saved as it is heard: one stem alone is that stem, sample for sample', async () => {
    const song = await knownStems(12.3, ['vocals', 'drums'])
    const page = await browser.person()
    await results.open(page, song)
    await page.keyboard.press('Shift+Digit2')
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download mix' }).click()
    const mix = await readFile(await (await saved).path())
    const known = Buffer.from(knownSamples(song.samples, 2).buffer)
    expect(mix.subarray(WAV_HEADER_BYTES).equals(known)).toBe(true)
  })

  // What a process holds is read where Linux tells it.
  const testOnLinux = test.runIf(process.platform === 'linux')
  const name = 'six stems of ten minutes take little memory, wherever they are played'
  testOnLinux(name, { timeout: 120_000 }, async () => {
    const stems = ['vocals', 'drums', 'bass', 'guitar', 'piano', 'other']
    // The same fifty seconds, again and again.
    const { samples, player } = await knownStems(50, ['vocals'])
    const { pieces = [], peaks = { min: [], max: [] } } = player['vocals'] ?? {}
    const vocals = { peaks, pieces: Array.from({ length: 12 }, () => pieces).flat() }
    const page = await browser.person()
    await results.open(page, {
      samples: 12 * samples,
      player: Object.fromEntries(stems.map((stem) => [stem, vocals])),
    })
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    const position = page.getByRole('slider', { name: 'Position', exact: true })
    const memory = await memoryOf(page)
    let most = 0
    for (let jump = 0; jump < JUMPS; jump++) {
      const seconds = (jump * 97) % 590
      await position.fill(String(seconds))
      await until(async () => Number(await position.inputValue()) > seconds + 0.1)
      most = Math.max(most, await memory())
    }
    expect(most).toBeLessThan(MOST_BYTES)
  })
})

/** Reads how many bytes the page's own process holds. */
async function memoryOf(page: Page): Promise<() => Promise<number>> {
  const browser = await page.context().browser()?.newBrowserCDPSession()
  if (!browser) throw new Error('the page has no browser')
  return async () => {
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo')
    const renderers = processInfo.filter(({ type }) => type === 'renderer')
    const bytes = renderers.map(({ id }) => {
      const rollup = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8')
      return 1024 * Number(/^Private_Dirty: +(\d+) kB/m.exec(rollup)?.[1])
    })
    return Math.max(...bytes)
  }
}
