// The results page plays: what leaves every stem's gain is the song's own samples, all stems at the same one, for a minute and whatever a
// hand does meanwhile.
import { expect, test } from 'vitest'
import { prepareTap, type Tap } from './support/audio-tap.ts'
import { describeInBrowser } from './support/browser.ts'
import { knownStems } from './support/known-stems.ts'
import { createResultsPages } from './support/results-pages.ts'
import { until } from './support/until.ts'

describeInBrowser('stems on the results page', async (browser) => {
  const results = await createResultsPages()

  test('every stem is at the same sample of the song for a minute, through a mute, a level and a jump', {
    timeout: 150_000,
  }, async () => {
    const stems = ['vocals', 'drums', 'bass', 'other']
    // Small, as drawing what is played takes more of a machine than playing it.
    const page = await browser.person({ viewport: { width: 360, height: 400 } })
    const tap = await prepareTap(page)
    await results.open(page, await knownStems(90, stems))
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    const { sampleRateHz } = await tap.begin()
    expect(sampleRateHz).toBe(44_100)
    const lead = await allTogether(tap)

    const mute = page.getByRole('button', { name: 'Mute bass' })
    const volume = page.getByRole('slider', { name: 'Volume of other' })
    await mute.click()
    await until(async () => (await tap.now())[2] === 'silence')
    await volume.fill('40')
    await until(async () => (await tap.now())[3] === 'other')
    await mute.click()
    await volume.fill('100')
    expect(await allTogether(tap)).toBe(lead)

    await tap.heard(62 * sampleRateHz)
    expect(await allTogether(tap)).toBe(lead)
    // The two that nobody touched: not a sample is missing, doubled or another one.
    const [vocals, drums] = (await tap.stretches()).map((all) =>
      all.filter(({ state }) => state !== 'silence'),
    )
    const [{ from = 0, until: end = 0 } = {}] = vocals ?? []
    expect(vocals).toEqual([{ from, until: end, state: lead }])
    expect(drums).toEqual(vocals)
    expect(end - from).toBeGreaterThan(60 * sampleRateHz)

    await page.locator('#play').press('ArrowLeft')
    await until(async () => (await tap.now())[0] !== lead)
    expect(Number(lead) - Number(await allTogether(tap))).toBeGreaterThan(4 * sampleRateHz)
  })
})

/** Waits until every stem sounds at one sample of the song, as it is. @returns how far ahead of the clock they are */
async function allTogether(tap: Tap): Promise<number> {
  let now: Awaited<ReturnType<Tap['now']>> = []
  const isTogether = async () => {
    now = await tap.now()
    return typeof now[0] === 'number' && now.every((state) => state === now[0])
  }
  await until(isTogether).catch(() => expect(now, 'all alike').toBe(0))
  return Number(now[0])
}
