// What a person does and sees in a room's page, by what it says to everybody: roles and labels.
import type { Locator, Page } from 'playwright-core'

/** Opens a room and comes in under a name. */
export async function enterRoom(page: Page, address: string, name: string): Promise<void> {
  await page.goto(address)
  await page.getByRole('textbox', { name: 'Your name' }).fill(name)
  await page.getByRole('button', { name: 'Enter the room' }).click()
  await composerOf(page).waitFor()
}

export function composerOf(page: Page): Locator {
  return page.getByRole('textbox', { name: 'Message' })
}

export async function say(page: Page, text: string): Promise<void> {
  await composerOf(page).fill(text)
  await composerOf(page).press('Escape')
  await composerOf(page).press('Enter')
}

/** Everything that the room shows, and what is on its way there. */
export function messagesOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Messages' })
}

/** Cards of requests, the oldest first. */
export function cardsOf(page: Page): Locator {
  return page.locator('#timeline').getByRole('article')
}

/** Waits until the newest card stands so. */
export function newestIs(
  page: Page,
  state: 'Delivered' | 'Failed' | 'Cancelled' | 'Waits for a choice',
  withinSeconds = 30,
): Promise<void> {
  const standing = cardsOf(page).last().locator('.state')
  return standing.getByText(state).waitFor({ timeout: withinSeconds * 1000 })
}

/** Opens the page of the card's song, which has a tab of its own. */
export async function mixerOf(page: Page): Promise<Page> {
  const opened = page.context().waitForEvent('page')
  await cardsOf(page).getByRole('link', { name: 'Open the mixer' }).click()
  return opened
}

export function stageOf(card: Locator, label: string): Locator {
  return card.getByRole('progressbar', { name: label })
}

/** How far a stage has come, in percent; undefined while it is not shown. */
export async function percentOf(card: Locator, label: string): Promise<number | undefined> {
  const stage = stageOf(card, label)
  if ((await stage.count()) === 0) return undefined
  return Number(await stage.getAttribute('aria-valuenow'))
}

/** Lets a file go over the page, as the browser's own drag does. */
export async function dropFile(page: Page, path: string): Promise<void> {
  const input = await page.context().newCDPSession(page)
  const data = { items: [], files: [path], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await input.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data })
}
