// Listens to what leaves each stem's gain of a results page, while the page plays stems of known_stems.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import type { Page } from 'playwright-core'
import type { WebApp, WebEnv } from '../../src/web/app.ts'

const FOLDER = join(import.meta.dirname, 'audio-tap')
const PROCESSOR = '/tap-processor.js'

/** From the clock's sample `clock` on. A number: the stem sounds, sample for sample, and is that far ahead of the clock. */
type Change = { stem: number; clock: number; state: number | 'silence' | 'other' }
type Heard = { clock: number; changes: Change[] }
export type Stretch = { from: number; until: number; state: Change['state'] }

/** To be served beside the page: a browser loads its audio thread's scripts past Playwright. */
export function tapProcessor(): WebApp {
  const script = readFileSync(join(FOLDER, 'processor.mjs'), 'utf8')
  return new Hono<WebEnv>().get(PROCESSOR, (context) =>
    context.body(script, 200, { 'Content-Type': 'text/javascript' }),
  )
}

export type Tap = Awaited<ReturnType<typeof prepareTap>>

/** To be called before the page is opened. */
export async function prepareTap(page: Page) {
  await page.addInitScript({ path: join(FOLDER, 'page.mjs') })

  return {
    /** Once it plays. */
    begin: () =>
      page.evaluate(`tapStems('${PROCESSOR}')`) as Promise<{ stems: number; sampleRateHz: number }>,

    /** Waits until so many samples were heard. */
    heard: (samples: number) =>
      page.waitForFunction(
        (count) => (globalThis as unknown as { heard: Heard }).heard.clock > count,
        samples,
        {
          polling: 500,
          timeout: 120_000,
        },
      ),

    /** What was heard of each stem so far. */
    async stretches(): Promise<Stretch[][]> {
      const { clock, changes } = (await page.evaluate('heard')) as Heard
      const stems = Math.max(...changes.map(({ stem }) => stem)) + 1
      return Array.from({ length: stems }, (_, stem) => {
        const own = changes.filter((change) => change.stem === stem)
        return own.map(({ clock: from, state }, index) => ({
          from,
          until: own[index + 1]?.clock ?? clock,
          state,
        }))
      })
    },

    /** What is heard of each stem now. */
    async now(): Promise<Change['state'][]> {
      return (await this.stretches()).map((own) => own.at(-1)?.state ?? 'silence')
    },
  }
}
