import type { ViewOutput } from '@slack/bolt'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Command } from '../../../commands/command.ts'
import { COMMANDS } from '../../../commands/index.ts'
import { parseOptions } from '../../../commands/options.ts'
import { STEMS } from '../../../commands/stems.ts'
import { errorsOf, type ViewState, valuesOf } from '../../../src/chat/slack/form-values.ts'
import { type ModalView, modalOf } from '../../../src/chat/slack/modal.ts'
import { UserError } from '../../../src/errors.ts'

type Element = Record<string, unknown> & { type: string; action_id: string }
type Block = {
  type: string
  block_id: string
  label: { type: string; text: string }
  hint?: { text: string }
  optional: boolean
  element: Element
}
const blocksOf = (view: ModalView) => view.blocks as unknown as Block[]
const elementsOf = (view: ModalView) =>
  Object.fromEntries(blocksOf(view).map(({ element }) => [element.action_id, element]))

function named(name: string) {
  const command = COMMANDS.find((one) => one.name === name)
  if (!command) throw new Error(`no command ${name}`)
  return command
}
const separate = named('separate')
const models = ['auto', 'htdemucs', 'starter'].map((name) => ({ label: name, value: name }))

/** Held to https://docs.slack.dev/reference/block-kit, and to @slack/types where it is stricter. */
function mustFit(view: ModalView): void {
  expect(view.title.text).toMatch(/^.{1,24}$/)
  expect(view.submit?.text).toMatch(/^.{1,24}$/)
  expect(view.callback_id).toMatch(/^.{1,255}$/)
  expect(view.private_metadata?.length ?? 0).toBeLessThanOrEqual(3000)
  const blocks = blocksOf(view)
  expect(blocks.length).toBeLessThanOrEqual(100)
  expect(new Set(blocks.map(({ block_id }) => block_id)).size).toBe(blocks.length)
  for (const { type, block_id, label, hint, element } of blocks) {
    expect(type).toBe('input')
    expect(block_id).toBe(element.action_id)
    expect(block_id).toMatch(/^.{1,255}$/)
    expect(label).toMatchObject({ type: 'plain_text', text: expect.stringMatching(/^.{1,2000}$/) })
    if (hint) expect(hint.text).toMatch(/^.{1,2000}$/)
    const { options, initial_option, initial_options, initial_value } = element as {
      options?: { text: { text: string }; value: string }[]
      initial_option?: object
      initial_options?: object[]
      initial_value?: string
    }
    if (options) {
      expect(options.length).toBeGreaterThan(0)
      expect(options.length).toBeLessThanOrEqual(element.type === 'checkboxes' ? 10 : 100)
      for (const option of options) {
        expect(option.text.text).toMatch(/^.{1,75}$/)
        expect(option.value).toMatch(/^.{1,75}$/)
      }
      expect(new Set(options.map(({ value }) => value)).size).toBe(options.length)
      for (const one of [...(initial_options ?? []), ...(initial_option ? [initial_option] : [])])
        expect(options).toContainEqual(one)
      expect(initial_options?.length).not.toBe(0)
    }
    if (element.type === 'plain_text_input') {
      expect(element['max_length']).toBeLessThanOrEqual(3000)
      expect(initial_value?.length ?? 0).toBeLessThanOrEqual(element['max_length'] as number)
    }
  }
}

describe('the form of a command', () => {
  test('is made from its definition', () => {
    const view = modalOf(separate, { suggestions: { model: models }, privateMetadata: '{"channel":"C1"}' })
    mustFit(view)
    expect(view).toMatchObject({
      type: 'modal',
      callback_id: 'separate',
      title: { type: 'plain_text', text: 'Separate' },
      private_metadata: '{"channel":"C1"}',
    })
    const blocks = blocksOf(view)
    expect(blocks.map(({ label }) => label.text)).toEqual(['Song', 'Stems', 'Model', 'Format', 'File'])
    expect(blocks.every(({ optional }) => optional)).toBe(true)
    expect(blocks[0]?.hint?.text).toBe('A link to the song, or its artist and title')
    const { song, stems, model, format, file } = elementsOf(view)
    expect(song).toEqual({ type: 'plain_text_input', action_id: 'song', max_length: 2048 })
    expect(stems).toMatchObject({
      type: 'checkboxes',
      options: STEMS.map((value) => ({ text: { text: value }, value })),
    })
    expect(model).toMatchObject({ type: 'static_select', options: models.map(({ value }) => ({ value })) })
    expect(model).not.toHaveProperty('initial_option')
    expect(format).toMatchObject({ type: 'static_select', initial_option: { value: 'mp3' } })
    expect(file).toMatchObject({ type: 'file_input', max_files: 1 })
  })

  test('holds what was filled in already', () => {
    const values = { song: 'a & b', stems: 'Vocals, bass', model: 'mine', format: 'wav' }
    const view = modalOf(separate, { suggestions: { model: models }, values })
    mustFit(view)
    expect(elementsOf(view)).toMatchObject({
      song: { initial_value: 'a & b' },
      stems: { initial_options: [{ value: 'vocals' }, { value: 'bass' }] },
      model: { initial_option: { value: 'mine' }, options: { length: 4 } },
      format: { initial_option: { value: 'wav' } },
    })
    const none = elementsOf(
      modalOf(separate, { values: { song: 'x'.repeat(2049), stems: 'kazoo', model: 'm' } }),
    )
    expect(none['song']).not.toHaveProperty('initial_value')
    expect(none['stems']).not.toHaveProperty('initial_options')
    expect(none['model']).toMatchObject({ type: 'plain_text_input', max_length: 64, initial_value: 'm' })
  })

  test.each(COMMANDS.map((one) => [one.name, one] as const))('of %s keeps within Slack', (_, command) => {
    mustFit(modalOf(command))
    const label = `🎵${'long '.repeat(50)}`
    const many = Array.from({ length: 150 }, (_, index) => ({ label, value: String(index) }))
    const odd = [
      { label: '', value: 'a' },
      { label: 'a', value: 'a' },
      { label, value: 'x'.repeat(76) },
    ]
    const suggestions = { song: many, stems: many, model: [...odd, ...many], number: many }
    const values = {
      song: '\ud800',
      stems: ' , ',
      model: 'x'.repeat(64),
      number: '12',
      limit: '999',
      format: 'ogg',
    }
    mustFit(modalOf(command, { suggestions, values }))
  })

  test('asks for whole numbers within their limits', () => {
    expect(elementsOf(modalOf(named('cancel'), { values: { number: '12' } }))['number']).toEqual({
      type: 'number_input',
      action_id: 'number',
      is_decimal_allowed: false,
      min_value: '1',
      max_value: '2147483647',
      initial_value: '12',
    })
    expect(elementsOf(modalOf(named('queue'), { values: { limit: '65' } }))['limit']).not.toHaveProperty(
      'initial_value',
    )
  })

  test('asks for nothing that is known', () => {
    const view = modalOf(named('wrong'), { known: ['number'], title: 'Wrong song?', submit: 'Take this one' })
    mustFit(view)
    expect(view).toMatchObject({
      callback_id: 'wrong',
      title: { text: 'Wrong song?' },
      submit: { text: 'Take this one' },
    })
    expect(blocksOf(view).map(({ block_id, optional }) => [block_id, optional])).toEqual([['song', false]])
  })

  test('cuts what is longer than Slack takes', () => {
    const command = {
      ...separate,
      name: 'separateverylongsongsindeednow',
      options: z.object({
        text: z.string().max(9000).describe('d'.repeat(3000)),
        list: z
          .string()
          .describe('many')
          .meta({ list: Array.from({ length: 11 }, (_, index) => `s${index}`) }),
      }),
      suggest: {},
    } as Command
    const view = modalOf(command)
    mustFit(view)
    expect(elementsOf(view)['list']).toMatchObject({ type: 'plain_text_input' })
    expect(blocksOf(view).map(({ optional }) => optional)).toEqual([false, false, true])
    expect(() => modalOf(separate, { privateMetadata: 'x'.repeat(3001) })).toThrow(/separate/)
  })
})

describe('what was filled in', () => {
  test('is what parseOptions takes', () => {
    const file = {
      id: 'F1',
      name: 'a.mp3',
      mimetype: 'audio/mpeg',
      url_private_download: 'https://files.slack.com/a',
    }
    const state: ViewState = {
      values: {
        song: { song: { type: 'plain_text_input', value: ' Rick Astley ' } },
        stems: { stems: { type: 'checkboxes', selected_options: [{ value: 'vocals' }, { value: 'drums' }] } },
        model: { model: { type: 'static_select', selected_option: { value: 'starter' } } },
        format: { format: { type: 'static_select', selected_option: { value: 'flac' } } },
        file: { file: { type: 'file_input', files: [file] } },
      },
    }
    const read = valuesOf(state)
    expect(read).toEqual({
      values: { song: 'Rick Astley', stems: 'vocals, drums', model: 'starter', format: 'flac' },
      file,
    })
    expect(parseOptions(separate, read.values)).toEqual({
      song: 'Rick Astley',
      stems: ['vocals', 'drums'],
      model: 'starter',
      format: 'flac',
    })
  })

  test('is nothing where a field was left empty', () => {
    const state: ViewState = {
      values: {
        song: { song: { type: 'plain_text_input', value: null } },
        blank: { blank: { type: 'plain_text_input', value: '  ' } },
        stems: { stems: { type: 'checkboxes', selected_options: [] } },
        model: { model: { type: 'static_select', selected_option: null } },
        number: { number: { type: 'number_input' } },
        file: { file: { type: 'file_input', files: [] } },
      },
    }
    expect(valuesOf(state)).toEqual({ values: {}, file: null })
    expect(valuesOf({ values: {} })).toEqual({ values: {}, file: null })
  })

  test('is read off what Bolt hands over', () => {
    const state: ViewOutput['state'] = {
      values: { number: { number: { type: 'number_input', value: '12' } } },
    }
    const { values, file } = valuesOf(state)
    expect(parseOptions(named('cancel'), values)).toEqual({ number: 12 })
    expect(file?.url_private_download).toBeUndefined()
  })
})

describe('an error in the form', () => {
  function wrong(given: Record<string, unknown>): UserError {
    try {
      parseOptions(separate, given)
    } catch (error) {
      if (error instanceof UserError) return error
    }
    throw new Error('is taken')
  }

  test('stands at its option', () => {
    expect(errorsOf(separate, wrong({ format: 'ogg' }))).toEqual({ format: 'choose one of mp3, flac, wav.' })
    expect(errorsOf(separate, wrong({ model: '../x' }))).toHaveProperty('model')
  })

  test.each([
    new UserError('not_a_song'),
    new UserError('too_large'),
    new UserError('unsupported_link', 'A model: this is not.'),
    new UserError('too_many_requests'),
  ])('or at the song: $message', (error) => {
    expect(errorsOf(separate, error)).toEqual({ song: error.message })
  })

  test('or at what was asked for, where the option was known', () => {
    const error = new UserError('bad_usage', 'number: give a whole number.')
    expect(errorsOf(named('wrong'), error, ['number'])).toEqual({ song: error.message })
    expect(errorsOf(named('wrong'), error)).toEqual({ number: 'give a whole number.' })
  })

  test('or at the first, where there is one', () => {
    expect(errorsOf(named('queue'), new UserError('not_allowed'))).toHaveProperty('action')
    expect(errorsOf({ ...named('history'), options: z.object({}) }, new UserError('not_allowed'))).toEqual({})
  })
})
