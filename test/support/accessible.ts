// Whether everybody can use a page: axe finds nothing, and nothing is wider than the window.
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** @param part of the page that was not looked at before; all of it otherwise */
export async function isAccessible(page: Page, part = 'html'): Promise<void> {
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
