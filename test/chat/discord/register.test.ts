import type { RESTPostAPIApplicationCommandsJSONBody } from 'discord-api-types/v10'
import { Routes } from 'discord-api-types/v10'
import { afterAll, describe, expect, test } from 'vitest'
import { COMMANDS } from '../../../commands/index.ts'
import { commandDefinitions } from '../../../src/chat/discord/definitions.ts'
import { differences, registerCommands } from '../../../src/chat/discord/register.ts'
import { createDiscordRest } from '../../../src/chat/discord/rest.ts'
import { createCommandLine } from '../../support/command-line.ts'
import { startDiscord } from '../../support/discord/server.ts'

type Definition = RESTPostAPIApplicationCommandsJSONBody

describe('the commands that Discord knows', async () => {
  const discord = await startDiscord()
  afterAll(() => discord.close())
  const rest = createDiscordRest(discord)
  const route = Routes.applicationCommands(discord.applicationId)
  const writes = () => discord.requests.filter(({ method }) => method === 'PUT').length

  test('are registered, then left alone', async () => {
    const heard: string[] = []
    const { changed } = await registerCommands(rest, (line) => {
      heard.push(line)
      expect(discord.registered()).toEqual([])
    })
    expect(changed).toEqual(heard)
    expect(changed).toContain('+ /separate')
    expect(changed).toContain('+ Separate this file (on a message)')
    expect(discord.registered()).toHaveLength(commandDefinitions(COMMANDS).length)
    expect(await registerCommands(rest)).toEqual({ changed: [] })
    expect(writes()).toBe(1)
  })

  test('are left alone where Discord does not tell which files an option takes', async () => {
    const untold = JSON.parse(JSON.stringify(discord.registered()), (key, value) =>
      key === 'file_types' ? undefined : value,
    )
    const before = writes()
    discord.fail({
      method: 'GET',
      route: 'commands',
      times: 1,
      how: { kind: 'status', status: 200, body: untold, headers: { 'content-type': 'application/json' } },
    })
    expect(await registerCommands(rest)).toEqual({ changed: [] })
    expect(writes()).toBe(before)
  })

  test('are registered anew when one differs, is gone or is too many', async () => {
    const definitions = commandDefinitions(COMMANDS) as unknown as Record<string, unknown>[]
    const older = definitions
      .filter(({ name }) => name !== 'help')
      .map((definition) =>
        definition['name'] === 'history' ? { ...definition, description: 'old' } : definition,
      )
    const former = { type: 1, name: 'former', description: 'No longer there' }
    await rest.request('PUT', route, { body: [...older, former] })
    expect((await registerCommands(rest)).changed).toEqual([
      '~ /history: description',
      '+ /help',
      '- /former',
    ])
    expect((await registerCommands(rest)).changed).toEqual([])
  })

  test('are shown and registered by npm run register', async () => {
    const cli = await createCommandLine({
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_TOKEN: discord.token,
      DISCORD_APPLICATION_ID: discord.applicationId,
    })
    await rest.request('PUT', route, { body: [] })
    const first = cli.start(['register'])
    expect(await first.ended, first.stderr()).toBe(0)
    expect(first.stdout()).toMatch(/\+ \/separate\n(.*\n)*Discord knows the commands now\.\n$/)
    // The version is the libraries' to add.
    const second = cli.start(['register'], { DISCORD_API_URL: `${discord.apiUrl}/v10/` })
    expect(await second.ended).toBe(0)
    expect(second.stdout()).toBe('Nothing has changed.\n')
    const refused = cli.start(['register'], { DISCORD_TOKEN: 'a.wrong.secret' })
    expect(await refused.ended).toBe(1)
    expect(refused.stderr()).toMatch(/does not accept the token/)
    expect(refused.stderr()).not.toMatch(/a\.wrong\.secret/)
    const without = cli.start(['register'], { DISCORD_TOKEN: '', DISCORD_APPLICATION_ID: '' })
    expect(await without.ended).toBe(2)
    expect(without.stderr()).toMatch(/Set DISCORD_TOKEN and DISCORD_APPLICATION_ID/)
  })
})

describe('a difference', () => {
  const song = { type: 3, name: 'song', description: 'A song', required: false, max_length: 50 }
  const file = { type: 11, name: 'file', description: 'A file', required: false, file_types: ['audio'] }
  const command = {
    type: 1,
    name: 'separate',
    description: 'Splits',
    options: [song, file],
    contexts: [0, 1],
    integration_types: [0],
    default_member_permissions: null,
  }
  const between = (before: object[], after: object[]) =>
    differences(before as Definition[], after as Definition[])

  test('is none by what Discord adds', () => {
    const { required: _, ...optionalSong } = song
    const registered = {
      ...command,
      id: '1',
      application_id: '2',
      version: '3',
      dm_permission: true,
      nsfw: false,
      name_localizations: null,
      description_localizations: null,
      contexts: [1, 0],
      options: [
        {
          ...optionalSong,
          name_localizations: null,
          description_localizations: {},
          choices: [],
          autocomplete: false,
        },
        file,
      ],
    }
    expect(between([registered], [command])).toEqual([])
    const { type: _type, default_member_permissions: _permissions, ...short } = command
    expect(between([registered], [short])).toEqual([])
  })

  test('is none by what Discord does not tell at all', () => {
    const { file_types: _, ...untold } = file
    expect(between([{ ...command, options: [song, untold] }], [command])).toEqual([])
  })

  test.each([
    ['contexts', { contexts: [0] }],
    ['default_member_permissions', { default_member_permissions: '32' }],
    ['nsfw', { nsfw: true }],
    ['option song', { options: [{ ...song, max_length: 51 }, file] }],
    ['option song', { options: [{ ...song, required: true }, file] }],
    ['option song', { options: [{ ...song, choices: [{ name: 'a', value: 'a' }] }, file] }],
    ['option file', { options: [song, { ...file, file_types: ['audio', 'video'] }] }],
    ['option file', { options: [song] }],
    ['order of options', { options: [file, song] }],
  ])('is named: %s', (field, change) => {
    expect(between([{ ...command, ...change }], [command])).toEqual([`~ /separate: ${field}`])
  })

  test('is none for what Discord has made itself', () => {
    const launch = { type: 4, name: 'launch', description: '', handler: 2 }
    expect(between([launch], [launch])).toEqual([])
    const onMessage = { type: 3, name: 'separate' }
    expect(between([command], [command, onMessage])).toEqual(['+ separate (on a message)'])
  })
})
