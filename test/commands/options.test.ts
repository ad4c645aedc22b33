import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Command } from '../../commands/command.ts'
import { COMMANDS } from '../../commands/index.ts'
import { COLON_SPELLING, describeOptions, parseOptions, usageOf } from '../../commands/options.ts'
import { separate } from '../../commands/separate.ts'
import { STEMS } from '../../commands/stems.ts'

const command: Command = {
  name: 'mix',
  description: 'Mixes',
  options: z.object({
    note: z.string().min(2).max(20).optional().describe('A note'),
    level: z.int().min(1).max(64).describe('How loud'),
    kind: z.enum(['dry', 'wet']).default('dry').describe('Which kind'),
  }),
  file: 'A file',
  onMessage: null,
  access: 'everyone',
  once: false,
  examples: [{ level: 3 }],
  suggest: { note: async () => [] },
  run: async () => ({ kind: 'text', title: '', lines: [] }),
}

describe('describeOptions', () => {
  test('reads names, types, choices and limits off the schema: required first, the file last', () => {
    const limits = { min: null, max: null, minLength: null, maxLength: null }
    const none = { ...limits, choices: [], default: null, list: [], suggests: false }
    expect(describeOptions(command)).toEqual([
      { ...none, name: 'level', description: 'How loud', type: 'integer', required: true, min: 1, max: 64 },
      {
        ...none,
        name: 'note',
        description: 'A note',
        type: 'text',
        required: false,
        minLength: 2,
        maxLength: 20,
        suggests: true,
      },
      {
        ...none,
        name: 'kind',
        description: 'Which kind',
        type: 'choice',
        required: false,
        choices: ['dry', 'wet'],
        default: 'dry',
      },
      { ...none, name: 'file', description: 'A file', type: 'file', required: false },
    ])
  })

  test('says of the stems what the list chooses among, and still what it is', () => {
    const stems = describeOptions(separate).find(({ name }) => name === 'stems')
    expect(stems).toMatchObject({ type: 'text', list: [...STEMS], maxLength: 100 })
    expect(stems?.description).toMatch(/^Which stems/)
  })

  test('refuses an option that no platform can offer', () => {
    const strange = { ...command, options: z.object({ when: z.array(z.string()) }) }
    expect(() => describeOptions(strange)).toThrow(/when/)
  })

  test.each(COMMANDS.map((one) => [one.name, one] as const))(
    '%s keeps to what every platform takes',
    (_, one) => {
      expect(one.name).toMatch(/^[a-z]{1,32}$/)
      expect(one.description.length).toBeLessThanOrEqual(100)
      expect((one.onMessage ?? '').length).toBeLessThanOrEqual(32)
      const options = describeOptions(one)
      expect(options.length).toBeLessThanOrEqual(25)
      for (const option of options) {
        expect(option.name).toMatch(/^[a-z]{1,32}$/)
        expect(option.description).toMatch(/^.{1,100}$/)
        expect(option.choices.length).toBeLessThanOrEqual(25)
        expect(option.suggests && option.type === 'choice').toBe(false)
      }
      for (const name of Object.keys(one.suggest))
        expect(options.map((option) => option.name)).toContain(name)
    },
  )

  test('names are given once', () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length)
  })
})

describe('parseOptions', () => {
  test('takes what a platform read and what a person typed', () => {
    expect(parseOptions(command, { level: 3, kind: 'wet' })).toEqual({ level: 3, kind: 'wet' })
    expect(parseOptions(command, { level: '#12' })).toEqual({ level: 12, kind: 'dry' })
    expect(parseOptions(command, { level: ' 12 ', note: null, kind: undefined })).toEqual({
      level: 12,
      kind: 'dry',
    })
  })

  test.each([
    [{}, 'level: give a whole number from 1 to 64.'],
    [{ level: 0 }, 'level: give a whole number from 1 to 64.'],
    [{ level: 1.5 }, 'level: give a whole number from 1 to 64.'],
    [{ level: '1e1' }, 'level: give a whole number from 1 to 64.'],
    [{ level: '' }, 'level: give a whole number from 1 to 64.'],
    [{ level: '9'.repeat(5000) }, 'level: give a whole number from 1 to 64.'],
    [{ level: 1, kind: 'loud' }, 'kind: choose one of dry, wet.'],
    [{ level: 1, note: 'x'.repeat(5000) }, 'note: give at most 20 characters.'],
    [{ level: 1, note: 'x' }, 'note: give at least 2 characters.'],
    [{ level: 1, note: 7 }, 'note: that is not what it takes. A note.'],
    [{ level: 1, lvl: 2 }, 'There is no option lvl: choose among level, note, kind.'],
    [{ level: 1, file: 'x' }, 'There is no option file: choose among level, note, kind.'],
    [
      JSON.parse('{"level":1,"__proto__":{}}'),
      'There is no option __proto__: choose among level, note, kind.',
    ],
    [
      { level: 1, [`@{1}\n${'🎵'.repeat(500)}x`]: 2 },
      'There is no option 1x: choose among level, note, kind.',
    ],
  ])('%j is wrong use, in one sentence', (given, message) => {
    expect(() => parseOptions(command, given)).toThrow(
      expect.objectContaining({ code: 'bad_usage', message }),
    )
  })

  test.each([
    [{ stems: 'vocals, kazoo' }, 'stems: choose among vocals, drums, bass, other, guitar, piano.'],
    [{ model: '../x' }, 'model: that is not what it takes. Which model (auto).'],
    [{ format: 'ogg' }, 'format: choose one of mp3, flac, wav.'],
  ])('separate %j says what is allowed', (given, message) => {
    expect(() => parseOptions(separate, given)).toThrow(
      expect.objectContaining({ code: 'bad_usage', message }),
    )
  })

  test.each([
    ['', []],
    ['all', []],
    ['vocals,all', []],
    [' Vocals , DRUMS,', ['vocals', 'drums']],
    ['instrumental', ['drums', 'bass', 'other']],
    ['instrumental, vocals, drums', ['drums', 'bass', 'other', 'vocals', 'drums']],
  ])('the stems %j are %j', (stems, list) => {
    expect(parseOptions(separate, { stems })).toEqual({ stems: list, format: 'mp3' })
  })
})

describe('usageOf', () => {
  test('is one line, then the examples', () => {
    expect(usageOf(command, COLON_SPELLING)).toEqual([
      '/mix level:<number> [note:<text>] [kind:dry|wet] [file]',
      '/mix level:3',
    ])
  })

  test.each(COMMANDS.map((one) => [one.name, one] as const))('of %s is never more', (_, one) => {
    for (const line of usageOf(one, COLON_SPELLING))
      expect(line).toMatch(new RegExp(`^/${one.name}\\b.{0,200}$`))
  })
})
