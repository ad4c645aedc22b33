import { expect, test } from 'vitest'
import { ageDays, readDownloader } from '../../src/tools/downloader.ts'

test.each([
  ['2026.8.19', '2026-08-19T00:00:00Z', 0],
  ['2026.8.19', '2026-08-19T23:59:59Z', 0],
  ['2026.08.19', '2026-10-18T00:00:00Z', 60],
  ['2026.2.28.232911.dev0', '2026-03-01T12:00:00Z', 1],
])('yt-dlp %s is at %s %i days old', (version, now, days) => {
  expect(ageDays(version, Date.parse(now))).toBe(days)
})

test('reads the version that is installed', async () => {
  const { version, ageDays: age } = (await readDownloader(Date.UTC(2100, 0, 1))) ?? {}
  expect(version).toMatch(/^20\d\d\.\d+\.\d+/)
  expect(age).toBeGreaterThan(20_000)
})
