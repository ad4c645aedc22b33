// The command in, the stems out, on Discord: `npm start` as a person runs it, with the real tools and a database of its own, and a
// Discord on the loopback.
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createCommandLine, PYTHON, SONG } from './support/command-line.ts'
import { startDiscord } from './support/discord/server.ts'
import { isGreen, textOf } from './support/discord-band.ts'
import { until } from './support/until.ts'

describe('npm start, with Discord', async () => {
  const discord = await startDiscord()
  afterAll(() => discord.close())
  const cli = await createCommandLine({
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_TOKEN: discord.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
  })
  const channel = discord.guild().channel()
  const ann = discord.user({ name: 'ann' })

  test('a song attached to /separate comes back as four stems on the message that answered, and a mention', {
    timeout: 240_000,
  }, async () => {
    const server = cli.start(['start'])
    await cli.saw(server, /the worker is up/)
    await until(() => discord.registered().length > 0)
    const file = { name: 'song.flac', bytes: await readFile(SONG), contentType: 'audio/flac' }
    const interaction = await discord.command(ann, channel, 'separate', {}, { file })
    const message = (await interaction.answer)?.message
    if (!message) throw new Error('no card')
    await until(() => isGreen(message), 200).catch(() => {
      throw new Error(`${textOf(message)}\n${server.stderr()}`)
    })

    expect(textOf(message)).toMatch(/^First Light\nSound Forge Alchemy\n0:48 · \d+ BPM · [A-G].* · tiny/)
    const names = ['bass', 'drums', 'other', 'vocals'].map(
      (stem) => `Sound-Forge-Alchemy-First-Light-${stem}.mp3`,
    )
    expect(message.attachments.map(({ filename }) => filename).sort()).toEqual(
      [...names, 'waveform.png'].sort(),
    )
    for (const attachment of message.attachments) {
      const bytes = discord.bytesOf(attachment)
      if (attachment.filename === 'waveform.png') expect(bytes.subarray(1, 4).toString()).toBe('PNG')
      else expect(await decodedSamples(attachment.filename, bytes)).toBe(samplesOf(SONG))
    }
    const mine = channel.messages.filter(({ author }) => author.bot)
    expect(mine.map(({ mentionsNotified }) => mentionsNotified)).toEqual([[], [ann.id]])

    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    for (const secret of [discord.token, interaction.token]) expect(server.stderr()).not.toContain(secret)
  })

  async function decodedSamples(name: string, bytes: Buffer): Promise<number> {
    const path = join(cli.folder, name)
    await writeFile(path, bytes)
    return samplesOf(path)
  }
})

/** Length by a decoder that is not ours: libsndfile. */
function samplesOf(file: string): number {
  const script = 'import sys, soundfile; print(soundfile.info(sys.argv[1]).frames)'
  return Number(execFileSync(PYTHON, ['-c', script, file], { encoding: 'utf8' }))
}
