// The machine's Chromium, with a fresh profile for every person, and an eye on what each page complains of.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

/** This machine by a name that no browser trusts without a certificate. */
export const ELSEWHERE = 'elsewhere.test'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

export type Browser = Awaited<ReturnType<typeof openBrowser>>

/** A suite that needs a browser: skipped, and loudly, where there is none. */
export function describeInBrowser(name: string, suite: (browser: Browser) => void | Promise<void>): void {
  const file = findChromium()
  if (file) return void describe(name, async () => suite(await openBrowser(file)))
  console.warn(
    `\n!!! NO BROWSER, SO THIS IS NOT TESTED: ${name}. Install chromium, or name one in CHROMIUM.\n`,
  )
  describe(name, () => test.skip('needs a browser', () => {}))
}

function findChromium(): string | undefined {
  const named = process.env['CHROMIUM']
  if (named && !existsSync(named)) throw new Error(`CHROMIUM: there is no ${named}`)
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return named || NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync)
}

async function openBrowser(executablePath: string) {
  const browser = await chromium.launch({
    executablePath,
    // Chromium refuses its sandbox to root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [`--host-resolver-rules=MAP ${ELSEWHERE} 127.0.0.1`],
  })
  afterAll(() => browser.close())
  let problems: string[] = []
  let isOut = false
  let isStranger = false

  afterEach(async () => {
    const seen = problems
    problems = []
    for (const context of browser.contexts()) {
      for (const page of context.pages()) page.removeAllListeners()
      await context.close()
    }
    expect(seen, 'what the pages complained of').toEqual([])
  })

  function watch(page: Page): void {
    const note = (problem: string) => problems.push(`${page.url()}: ${problem}`)
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return
      // Of headers that it heeds only where there is a certificate.
      const isUntrusted = new URL(page.url()).hostname === ELSEWHERE
      const isExpected =
        (isUntrusted && /Cross-Origin-Opener-Policy|Origin-Agent-Cluster/.test(message.text())) ||
        (isOut && /^Failed to load resource: net::/.test(message.text())) ||
        (isStranger && /^Failed to load resource: .* 401 /.test(message.text()))
      if (!isExpected) note(`${message.type()} ${message.text()} (${message.location().url})`)
    })
    page.on('pageerror', (error) => note(`${error.stack ?? error}`))
    page.on('dialog', (dialog) => note(`a dialog: ${dialog.message()}`))
    page.on('crash', () => note('crashed'))
    page.on('requestfailed', (request) => {
      const text = request.failure()?.errorText ?? 'failed'
      // What a page gives up itself: a stream, or the rest of a sound file.
      if (!isOut && text !== 'net::ERR_ABORTED') note(`${request.method()} ${request.url()}: ${text}`)
    })
  }

  return {
    /** A page of somebody with a profile of their own; closed after the test. */
    async person(options: BrowserContextOptions = {}): Promise<Page> {
      const context = await browser.newContext(options)
      context.on('page', watch)
      return context.newPage()
    },

    /** While it works nobody has logged in, and requests may be refused for that. */
    async stranger<T>(work: () => Promise<T>): Promise<T> {
      isStranger = true
      try {
        return await work()
      } finally {
        isStranger = false
      }
    },

    /** While it works the server is away, and requests may fail. */
    async outage<T>(work: () => Promise<T>): Promise<T> {
      isOut = true
      try {
        return await work()
      } finally {
        isOut = false
      }
    },
  }
}
