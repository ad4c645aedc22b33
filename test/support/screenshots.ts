// Pictures of the pages: those in the README are made anew with UPDATE_SCREENSHOTS=1, else they are only looked at.
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect } from 'vitest'

/** Whether the README's are made anew: with the model that comes along then, not with the tests' own. */
export const FOR_README = process.env['UPDATE_SCREENSHOTS'] === '1'

const DOCS = join(import.meta.dirname, '../../docs')
export const DESKTOP = { width: 1200, height: 800 }
const DEVICES = { desktop: DESKTOP, phone: { width: 390, height: 844 } }
const SCHEMES = ['light', 'dark'] as const
/** Less is an empty page. */
const LEAST_BYTES = 12_000
const MOST_BYTES = 300_000

export async function openScreenshots() {
  const folder = FOR_README ? DOCS : await mkdtemp(join(tmpdir(), 'sound-forge-screenshots-'))
  afterAll(() => (FOR_README ? undefined : rm(folder, { recursive: true, force: true })))

  return {
    /** `<name>-desktop-light.png` and the three others; the page is as it was afterwards. */
    async take(page: Page, name: string): Promise<void> {
      const before = page.viewportSize()
      for (const [device, size] of Object.entries(DEVICES))
        for (const colorScheme of SCHEMES) {
          await page.setViewportSize(size)
          await page.emulateMedia({ colorScheme })
          await isDrawn(page)
          const path = join(folder, `${name}-${device}-${colorScheme}.png`)
          await page.screenshot({ path, animations: 'disabled', caret: 'hide' })
          const { size: bytes } = await stat(path)
          expect(bytes, path).toBeGreaterThan(LEAST_BYTES)
          expect(bytes, path).toBeLessThan(MOST_BYTES)
        }
      await page.emulateMedia({ colorScheme: null })
      if (before) await page.setViewportSize(before)
    },
  }
}

/** Waits until what has changed is on the screen. */
function isDrawn(page: Page): Promise<void> {
  return page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))',
  )
}
