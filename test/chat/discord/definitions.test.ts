import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Command } from '../../../commands/command.ts'
import { COMMANDS } from '../../../commands/index.ts'
import { commandDefinitions } from '../../../src/chat/discord/definitions.ts'

/** Discord counts the words of a command together. https://discord.com/developers/docs/interactions/application-commands */
const MOST_CHARACTERS = 8000
const NAME = /^[-_'\p{L}\p{N}]{1,32}$/u

type Described = { type: number; name: string; description: string; options: object[] }

const definitions = commandDefinitions(COMMANDS).map(
  (definition) => ({ description: '', options: [], ...definition }) as Described,
)
const named = (name: string): Described => {
  const found = definitions.find((definition) => definition.name === name)
  if (!found) throw new Error(`no command ${name}`)
  return found
}

describe("a command's definition", () => {
  test.each(definitions.map((definition) => [definition.name, definition] as const))(
    'fits: %s',
    (_name, definition) => {
      const options = definition.options as {
        name: string
        description: string
        type: number
        required?: boolean
        choices?: { name: string; value: string }[]
        autocomplete?: boolean
        min_length?: number
        max_length?: number
      }[]
      if (definition.type === 3) {
        expect(definition.name.length).toBeLessThanOrEqual(32)
        expect(definition.description).toBe('')
        expect(options).toEqual([])
      } else {
        expect(definition.name).toMatch(NAME)
        expect(definition.name).toBe(definition.name.toLowerCase())
        expect(definition.description.length).toBeGreaterThan(0)
        expect(definition.description.length, definition.description).toBeLessThanOrEqual(100)
      }
      expect(options.length).toBeLessThanOrEqual(25)
      expect(new Set(options.map(({ name }) => name)).size).toBe(options.length)
      for (const { name, description, choices = [], ...option } of options) {
        expect(name).toMatch(NAME)
        expect(name).toBe(name.toLowerCase())
        expect(description.length, `${name}: a description`).toBeGreaterThan(0)
        expect(description.length, description).toBeLessThanOrEqual(100)
        expect(choices.length).toBeLessThanOrEqual(25)
        for (const choice of choices) expect(choice.name.length).toBeLessThanOrEqual(100)
        if (choices.length > 0) expect(option.autocomplete).toBeFalsy()
        expect(option.max_length ?? 1).toBeLessThanOrEqual(6000)
      }
      const required = options.map((option) => option.required === true)
      expect(required).toEqual(required.toSorted((a, b) => Number(b) - Number(a)))
      const words = JSON.stringify([
        definition.name,
        definition.description,
        ...options.flatMap((option) => [
          option.name,
          option.description,
          ...(option.choices ?? []).flatMap(Object.values),
        ]),
      ])
      expect(words.length).toBeLessThanOrEqual(MOST_CHARACTERS)
    },
  )

  test('says types, choices, limits and what is completed', () => {
    expect(named('separate')).toMatchObject({
      type: 1,
      contexts: [0, 1],
      integration_types: [0],
      default_member_permissions: null,
    })
    const options = new Map(
      named('separate').options.map((option) => [(option as { name: string }).name, option]),
    )
    expect(options.get('song')).toMatchObject({
      type: 3,
      max_length: 2048,
      autocomplete: true,
      required: false,
    })
    expect(options.get('format')).toMatchObject({
      type: 3,
      choices: ['mp3', 'flac', 'wav'].map((name) => ({ name, value: name })),
    })
    expect(options.get('file')).toMatchObject({ type: 11, file_types: ['audio'] })
    expect(named('cancel').options).toMatchObject([{ type: 4, min_value: 1, autocomplete: true }])
  })

  test('keeps what is for managers to servers, and to them', () => {
    expect(named('queue')).toMatchObject({ contexts: [0], default_member_permissions: '32' })
  })

  test('offers on a message what takes a file', () => {
    const { description: _, options: __, ...definition } = named('Separate this file')
    expect(definition).toEqual({
      type: 3,
      name: 'Separate this file',
      contexts: [0, 1],
      integration_types: [0],
      default_member_permissions: null,
    })
  })

  test('has required options first', () => {
    const command = {
      ...COMMANDS[0],
      name: 'x',
      onMessage: null,
      file: null,
      suggest: {},
      options: z.object({
        late: z.string().optional().describe('l'),
        early: z.int().min(2).max(5).describe('e'),
      }),
    } as Command
    expect(commandDefinitions([command])[0]).toMatchObject({
      options: [
        { name: 'early', type: 4, required: true, min_value: 2, max_value: 5 },
        { name: 'late', type: 3, required: false },
      ],
    })
  })
})
