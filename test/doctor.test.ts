import { describe, expect, test } from 'vitest'
import { createCommandLine } from './support/command-line.ts'

describe('npm run doctor', async () => {
  const cli = await createCommandLine()

  test('says what works, what does not, and ends with 0 when nothing needed is missing', {
    timeout: 90_000,
  }, async () => {
    const run = cli.start(['doctor'])
    expect(await run.ended, run.stdout()).toBe(0)
    for (const words of [
      /✓ Node v\d+/,
      /✓ PostgreSQL \d+\.\d+, embedded/,
      /✓ LISTEN and session locks work/,
      /demucs \d/,
      /spotdl \d/,
      /✓ Device: /,
      /✓ Models here: .*tiny/,
      /GiB free/,
    ]) {
      expect(run.stdout()).toMatch(words)
    }
  })

  test('ends with 1 when the database cannot be reached, without its password', {
    timeout: 90_000,
  }, async () => {
    const run = cli.start(['doctor'], { DATABASE_URL: 'postgres://ann:hunter2@127.0.0.1:9/band' })
    expect(await run.ended).toBe(1)
    expect(run.stdout()).toMatch(/✗ PostgreSQL, at 127.0.0.1:9: .*check DATABASE_URL/)
    expect(run.stdout() + run.stderr()).not.toMatch(/hunter2/)
  })
})

describe('npm run models', async () => {
  const cli = await createCommandLine()

  test('lists what is here and says how to get the rest', { timeout: 60_000 }, async () => {
    const run = cli.start(['models'])
    expect(await run.ended, run.stderr()).toBe(0)
    expect(run.stdout()).toMatch(/✓ tiny .*here, [0-9a-f]{8}/)
    expect(run.stdout()).toMatch(/· htdemucs .*npm run models.*fetch htdemucs/)
  })

  test('where weights cannot be fetched, says what to do', { timeout: 60_000 }, async () => {
    const run = cli.start(['models', 'fetch', 'htdemucs'])
    expect(await run.ended).toBe(1)
    expect(run.stderr()).toMatch(/\(weights_unavailable\)/)
  })
})
