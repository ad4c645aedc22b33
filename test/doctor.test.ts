import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createCommandLine } from './support/command-line.ts'
import { startDiscord } from './support/discord/server.ts'

/** Where YouTube is asked for a sign of life. */
const nowhere = { DOWNLOAD_PROXY: 'http://127.0.0.1:9' }

describe('npm run doctor', async () => {
  const cli = await createCommandLine(nowhere)

  test('says what works, what does not, and ends with 0 when nothing needed is missing', {
    timeout: 90_000,
  }, async () => {
    const run = cli.start(['doctor'])
    expect(await run.ended, run.stdout()).toBe(0)
    for (const words of [
      /✓ Node v\d+/,
      /✓ This machine works: resolve, download, analysis, processing, delivery/,
      /· No worker is at work just now: `npm start`/,
      /✓ \d+ of \d+ connections are in use/,
      /· \/admin is closed: `echo "ADMIN_SECRET=.*` opens it/,
      /✓ PostgreSQL \d+\.\d+, embedded/,
      /✓ LISTEN and session locks work/,
      /demucs \d/,
      /spotdl \d/,
      /✓ yt-dlp solves YouTube's challenges with Node \d+/,
      /(✓ yt-dlp [\w.]+ is \d+ days old$|· yt-dlp [\w.]+ is \d+ days old, .*`npm run update-downloader`$)/m,
      /✓ Songs are taken by: upload, link, search, spotify, /,
      /· YouTube does not answer from here, and recordings for spotify, apple, deezer, tidal, .*DOWNLOAD_PROXY/,
      /✓ Device: /,
      /✓ Models here: .*tiny/,
      /GiB free/,
      /· Discord is not set up: set DISCORD_TOKEN and DISCORD_APPLICATION_ID/,
      /· Slack is not set up: set SLACK_BOT_TOKEN/,
    ]) {
      expect(run.stdout()).toMatch(words)
    }
  })

  test('ends with 1 when the database cannot be reached, without its password', {
    timeout: 90_000,
  }, async () => {
    const run = cli.start(['doctor'], { DATABASE_URL: 'postgres://ann:hunter2@127.0.0.1:9/band' })
    expect(await run.ended).toBe(1)
    expect(run.stdout()).toMatch(
      /✗ PostgreSQL, at 127.0.0.1:9: .*check DATABASE_URL: `sudo systemctl start postgresql`$/m,
    )
    expect(run.stdout() + run.stderr()).not.toMatch(/hunter2/)
  })
})

describe('npm run doctor, of what is missing', async () => {
  const cli = await createCommandLine(nowhere)

  test('every line that fails says the command that mends it', { timeout: 90_000 }, async () => {
    const run = cli.start(['doctor'], {
      DATABASE_URL: 'postgres://ann:hunter2@127.0.0.1:9/band',
      FILES: 's3://band/stems',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'ann',
      AWS_SECRET_ACCESS_KEY: 'hunter3',
      DEVICE: 'cuda',
      MODEL: 'nowhere',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    })
    expect(await run.ended).toBe(1)
    const failing = run
      .stdout()
      .split('\n')
      .filter((line) => line.startsWith('✗'))
    for (const about of ['PostgreSQL', 'S3', 'DEVICE', 'MODEL', 'OTEL_EXPORTER_OTLP_ENDPOINT'])
      expect(failing.join('\n')).toContain(about)
    for (const line of failing) expect(line).toMatch(/: `[^`]+`$/)
    expect(run.stdout() + run.stderr()).not.toMatch(/hunter[23]/)
  })

  test('a machine that only downloads is asked for nothing else', { timeout: 90_000 }, async () => {
    const run = cli.start(['doctor'], { WORKER_QUEUES: 'resolve,download' })
    expect(await run.ended, run.stdout()).toBe(0)
    expect(run.stdout()).toContain('✓ This machine works: resolve, download\n')
    expect(run.stdout()).not.toMatch(/demucs|Models here/)
  })
})

describe('npm run doctor, of downloads', async () => {
  const cli = await createCommandLine(nowhere)

  test('ends with 1 for cookies and a token provider that are of no use, without what is in the cookies', {
    timeout: 90_000,
  }, async () => {
    const cookies = join(cli.folder, 'cookies.json')
    await writeFile(cookies, '[{ "name": "SID", "value": "hunter2" }]')
    const run = cli.start(['doctor'], {
      SOURCES: 'upload,soundcloud',
      YTDLP_COOKIES: cookies,
      YTDLP_POT_PROVIDER: 'http://127.0.0.1:9',
    })
    expect(await run.ended).toBe(1)
    const said = run.stdout() + run.stderr()
    expect(said).toMatch(/✗ YTDLP_COOKIES names a file without cookies .*: `.*--cookies-from-browser .*`$/m)
    expect(said).toMatch(/✗ YTDLP_POT_PROVIDER names no provider .*: `docker run .*`$/m)
    expect(said).toContain('✓ Songs are taken by: upload, soundcloud\n')
    expect(said).not.toContain('YouTube does not answer')
    expect(said).not.toContain('hunter2')
  })
})

describe('npm run doctor, of Discord', async () => {
  const discord = await startDiscord({ botName: 'Stems' })
  afterAll(() => discord.close())
  const cli = await createCommandLine({
    ...nowhere,
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_TOKEN: discord.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
  })
  const run = async (more: Record<string, string> = {}) => {
    const doctor = cli.start(['doctor'], more)
    const code = await doctor.ended
    const said = doctor.stdout() + doctor.stderr()
    expect(said).not.toContain(more['DISCORD_TOKEN'] ?? discord.token)
    return { code, said }
  }

  test('opens a session, and says how to invite the bot', { timeout: 90_000 }, async () => {
    const { code, said } = await run()
    expect(code, said).toBe(0)
    expect(said).toContain(`✓ Discord: Stems is application ${discord.applicationId}`)
    expect(said).toMatch(/✓ Discord: a session opens without privileged intents; \d+ of 1000 are left today/)
    expect(said).toContain(
      `https://discord.com/oauth2/authorize?client_id=${discord.applicationId}&scope=bot+applications.commands&permissions=274878024704`,
    )
    expect(discord.gateway.sessions).toMatchObject({ count: 0, identifies: 1 })
  })

  test('ends with 1 when the token is wrong, or of another application', { timeout: 90_000 }, async () => {
    const wrong = await run({ DISCORD_TOKEN: 'MTIz.wrong.secret' })
    expect(wrong.code).toBe(1)
    expect(wrong.said).toMatch(/✗ Discord: DISCORD_TOKEN is not accepted/)
    const other = await run({ DISCORD_APPLICATION_ID: '123456789012345678' })
    expect(other.code).toBe(1)
    expect(other.said).toMatch(
      /✗ Discord: the token is that of application \d+, DISCORD_APPLICATION_ID names another/,
    )
  })

  test('ends with 1 when Discord cannot be reached', { timeout: 90_000 }, async () => {
    const { code, said } = await run({ DISCORD_API_URL: 'http://127.0.0.1:9/api' })
    expect(code).toBe(1)
    expect(said).toMatch(/✗ Discord: it cannot be reached/)
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
