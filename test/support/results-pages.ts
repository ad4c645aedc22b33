// A server of results pages with songs of its own, for a browser.
import type { Page } from 'playwright-core'
import { resultsAddress } from '../../src/store/results.ts'
import { assets, openPage } from '../../src/web/pages.ts'
import { resultsApp } from '../../src/web/results/app.ts'
import { startWebServer } from '../../src/web/server.ts'
import { tapProcessor } from './audio-tap.ts'
import { type DeliveredSong, deliverSong } from './delivered.ts'
import { createWorld } from './world.ts'

export async function createResultsPages() {
  const world = await createWorld()
  const { db, files } = world.services
  const apps = [assets(), tapProcessor(), resultsApp({ db, files, page: openPage('results.html') })]
  const server = await startWebServer({ host: '127.0.0.1', port: 0 }, apps, world.log)
  world.onClose(() => server.stop())
  return {
    /** Opens a song's page, and waits until it can be played. */
    async open(page: Page, song: Partial<DeliveredSong>): Promise<void> {
      const { id } = await deliverSong(world, song)
      await page.goto(`${server.url}${await resultsAddress(db, id, new Date())}`)
      await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
    },
  }
}
