// The command in, the stems out, on Slack: `npm start` as a person runs it, with the real tools and a database of its own, and a Slack on
// the loopback; by signed requests and through a socket.
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createCommandLine, PYTHON, SONG } from './support/command-line.ts'
import { freePort } from './support/free-port.ts'
import { type Message, startSlack } from './support/slack/server.ts'
import { cardsIn, filesOf, mentionsIn, textOf } from './support/slack-band.ts'
import { until } from './support/until.ts'

describe('npm start, with Slack', async () => {
  const slack = await startSlack()
  afterAll(() => slack.close())
  const workspace = slack.workspace()
  const ann = workspace.user({ name: 'ann' })
  const cli = await createCommandLine({
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: workspace.token,
    SLACK_SIGNING_SECRET: slack.signingSecret,
  })
  const secrets = [workspace.token, slack.signingSecret, slack.appToken]

  test('by signed requests, a file in a message comes back as four stems in the thread of a card', {
    timeout: 240_000,
  }, async () => {
    const port = await freePort()
    const server = cli.start(['start'], { PORT: String(port) })
    await cli.saw(server, /the worker is up/)
    slack.eventsUrl = `http://127.0.0.1:${port}/slack/events`
    const channel = workspace.channel()
    const file = { name: 'song.flac', bytes: await readFile(SONG), mimetype: 'audio/flac' }
    const used = await slack.shortcut(ann, slack.share(ann, channel, file), 'separate_file')
    expect((await used.answer).status).toBe(200)
    const card = await until(() => cardsIn(channel)[0])
    const stems = await stemsOf(card, server.stderr)
    expect(textOf(card)).toMatch(/First Light\n.*Sound Forge Alchemy\n0:48 · \d+ BPM · [A-G].* · tiny/s)
    expect(stems.files.map(({ name }) => name).sort()).toEqual(
      ['bass', 'drums', 'other', 'vocals'].map((stem) => `Sound-Forge-Alchemy-First-Light-${stem}.mp3`),
    )
    for (const one of stems.files) {
      const path = join(cli.folder, one.name)
      await writeFile(path, slack.bytesOf(one))
      expect(samplesOf(path)).toBe(samplesOf(SONG))
    }
    expect(stems.notified).toEqual([ann.id])
    expect(mentionsIn(channel)).toEqual([stems])
    await stopped(server, used.responseUrl)
  })

  test('through a socket, /separate asks for the song in a form', { timeout: 240_000 }, async () => {
    const server = cli.start(['start'], { SLACK_APP_TOKEN: slack.appToken })
    await cli.saw(server, /the worker is up/)
    await slack.sockets.waitFor(1)
    const channel = workspace.channel({ botIsMember: false })
    const asked = await slack.command(ann, channel, '')
    const view = await until(() => asked.view())
    const song = join(cli.folder, 'short.wav')
    const shorten =
      'import sys, soundfile; x, r = soundfile.read(sys.argv[1], frames=12 * 44100); soundfile.write(sys.argv[2], x, r)'
    execFileSync(PYTHON, ['-c', shorten, SONG, song])
    const file = { name: 'Band - Short.wav', bytes: await readFile(song), mimetype: 'audio/wav' }
    await slack.submit(ann, view, { file: [file], stems: ['vocals', 'drums'], format: 'flac' })
    const card = await until(() => cardsIn(channel)[0])
    const stems = await stemsOf(card, server.stderr)
    expect(stems.files.map(({ name }) => name)).toEqual(['Band-Short-drums.flac', 'Band-Short-vocals.flac'])
    for (const one of stems.files) {
      const path = join(cli.folder, one.name)
      await writeFile(path, slack.bytesOf(one))
      expect(samplesOf(path)).toBe(samplesOf(song))
    }
    expect(mentionsIn(channel)).toEqual([stems])
    await stopped(server, asked.responseUrl)
  })

  async function stemsOf(card: Message, stderr: () => string): Promise<Message> {
    const isDone = () => card.text.endsWith(': the stems are here') && filesOf(card)[0]
    return until(isDone, 200).catch(() => {
      throw new Error(`${textOf(card)}\n${stderr()}`)
    })
  }

  async function stopped(server: ReturnType<typeof cli.start>, responseUrl: string): Promise<void> {
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    for (const secret of [...secrets, responseUrl]) expect(server.stderr()).not.toContain(secret)
  }
})

/** Length by a decoder that is not ours: libsndfile. */
function samplesOf(file: string): number {
  const script = 'import sys, soundfile; print(soundfile.info(sys.argv[1]).frames)'
  return Number(execFileSync(PYTHON, ['-c', script, file], { encoding: 'utf8' }))
}
