import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../commands/index.ts'
import { parseCommandText } from '../../src/chat/command-text.ts'
import { completionsFor, withSuggestions } from '../../src/pages/room/completions.ts'
import { commandOf, readComposer, takesFile, wrongCommand } from '../../src/pages/room/composing.ts'
import { ROOM_COMMANDS } from './room-commands.ts'

/** The bar is the cursor. */
function written(withBar: string) {
  const cursor = withBar.indexOf('|')
  const text = withBar.replace('|', '')
  const composing = readComposer(text, cursor, ROOM_COMMANDS)
  return { text, composing, offered: completionsFor(text, composing, ROOM_COMMANDS) }
}
const labels = (withBar: string) => written(withBar).offered.items.map(({ label }) => label)
const question = (withBar: string) => written(withBar).offered.question
function suggested(withBar: string, ...values: string[]) {
  const { text, composing, offered } = written(withBar)
  const suggestions = values.map((value) => ({ label: value, value }))
  return withSuggestions(text, composing, offered, suggestions)
}
/** The text that choosing the first leads to, with the cursor. */
function chosen({ items }: { items: { text: string; cursor: number }[] }) {
  const [first] = items
  return first && `${first.text.slice(0, first.cursor)}|${first.text.slice(first.cursor)}`
}

describe('composing', () => {
  test('words are words, whatever slashes they have', () => {
    for (const text of ['hello|', ' /separate|', 'and/or|', '/separate a\nb|', '/unknown thing|', '|'])
      expect(written(text).composing.kind, text).toBe('words')
  })

  test('a slash lists all commands, a name those that begin with it', () => {
    expect(labels('/|')).toEqual(ROOM_COMMANDS.map(({ name }) => `/${name}`))
    expect(labels('/sep|')).toEqual(['/separate'])
    expect(labels('/SEP|')).toEqual(['/separate'])
    expect(labels('/nothing|')).toEqual([])
    expect(chosen(written('/sep|').offered)).toBe('/separate |')
    expect(chosen(written('/se|p').offered)).toBe('/separate |')
    expect(chosen(written('/sep| song').offered)).toBe('/separate |song')
    expect(written('/sep|').offered.isFirstChosen).toBe(true)
  })

  test('a whole name is sent at once where it needs nothing more', () => {
    expect(written('/history|').offered.items[0]?.sends).toBe(true)
    expect(written('/hist|').offered.items[0]?.sends).toBe(false)
    expect(written('/separate|').offered.items[0]?.sends).toBe(false)
    expect(written('/history| now').offered.items[0]?.sends).toBe(false)
  })

  test('a bare link is offered as a command first', () => {
    const { items, isFirstChosen } = written('https://example.com/song|').offered
    expect(isFirstChosen).toBe(true)
    expect(items.map(({ label, text, sends }) => [label, text, sends])).toEqual([
      ['Separate it', '/separate https://example.com/song', true],
      ['Analyze it', '/analyze https://example.com/song', true],
      ['Send it as a message', 'https://example.com/song', true],
    ])
    expect(written('see https://example.com/song|').composing.kind).toBe('words')
  })

  test('free words are the song, wherever the cursor is in them', () => {
    expect(question('/separate |')).toEqual({ command: 'separate', option: 'song', text: '' })
    expect(question('/separate rick ast|')?.text).toBe('rick ast')
    expect(question('/separate ri|ck astley format=mp3')?.text).toBe('rick astley')
    expect(chosen(suggested('/separate ri|ck astley format=mp3', 'Other Song'))).toBe(
      '/separate Other Song |format=mp3',
    )
    expect(suggested('/separate rick|', 'Rick Astley').isFirstChosen).toBe(false)
  })

  test('names of options are completed, but for those that are given', () => {
    expect(labels('/separate |')).toEqual([])
    expect(labels('/separate song |')).toEqual(['stems=', 'model=', 'format='])
    expect(labels('/separate song format=mp3 |')).toEqual(['stems=', 'model='])
    expect(labels('/separate song mo|')).toEqual(['model='])
    expect(chosen(written('/separate song mo|').offered)).toBe('/separate song model=|')
  })

  test('choices are completed behind their option, until one is whole', () => {
    expect(labels('/separate song format=|')).toEqual(['mp3', 'flac', 'wav'])
    expect(labels('/separate song format=f| x')).toEqual(['flac'])
    expect(chosen(written('/separate song format=f| x').offered)).toBe('/separate song format=flac |x')
    expect(written('/separate song format=f|').offered.isFirstChosen).toBe(true)
    expect(written('/separate song format=flac|').offered.isFirstChosen).toBe(false)
  })

  test('a list goes on behind its commas', () => {
    expect(question('/separate song stems=vocals,dr|')?.text).toBe('vocals,dr')
    expect(question('/separate song stems=vocals, dr|')?.text).toBe('vocals,dr')
    expect(question('/separate song stems=vocals, |')?.text).toBe('vocals,')
    expect(question('/separate song stems=vocals |')).toBeNull()
    expect(chosen(suggested('/separate song stems=vocals, dr|', 'vocals, drums'))).toBe(
      '/separate song stems=vocals,drums|',
    )
    expect(suggested('/separate song stems=vocals|', 'vocals', 'vocals, drums').isFirstChosen).toBe(false)
  })

  test('a command without a song finds each word its place', () => {
    expect(labels('/queue |')).toEqual(expect.arrayContaining(['show', 'pause', 'processing']))
    expect(labels('/queue pa|')).toEqual(['pause'])
    expect(written('/queue pa|').offered.isFirstChosen).toBe(true)
    expect(written('/queue pause|').offered.isFirstChosen).toBe(false)
    expect(question('/cancel |')).toEqual({ command: 'cancel', option: 'number', text: '' })
    expect(question('/cancel 1|')?.text).toBe('1')
    expect(chosen(suggested('/cancel |', '12'))).toBe('/cancel 12 |')
    expect(question('/cancel 12 |')).toBeNull()
    expect(question('/wrong |')).toEqual({ command: 'wrong', option: 'number', text: '' })
    const behindNumber = written('/wrong 12 |').offered
    expect(behindNumber).toMatchObject({ items: [], question: null, help: 'A link to the right recording' })
  })

  test('what is chosen is read by the server as it was meant', () => {
    const awkward = [
      'Love format=wav',
      'A --model song',
      'plain words',
      'https://example.com/?a=b&format=wav',
    ]
    for (const song of awkward) {
      const [first] = suggested('/separate x|', song).items
      const parsed = parseCommandText(COMMANDS, first?.text.slice(1) ?? '')
      expect(parsed === 'nothing' ? parsed : parsed.values, song).toEqual({ song })
    }
  })

  test('files go with commands that take one', () => {
    expect(commandOf('/analyze ', ROOM_COMMANDS)?.name).toBe('analyze')
    expect(commandOf('analyze', ROOM_COMMANDS)).toBeUndefined()
    expect(ROOM_COMMANDS.filter(takesFile).map(({ name }) => name)).toEqual(['separate', 'analyze'])
  })

  test.each([
    ['', '/wrong 12 '],
    ['https://youtu.be/dQw4w9WgXcQ', '/wrong 12 https://youtu.be/dQw4w9WgXcQ'],
    ['/wrong 7 https://youtu.be/dQw4w9WgXcQ', '/wrong 12 https://youtu.be/dQw4w9WgXcQ'],
    ['/wrong 12 ', '/wrong 12 '],
    ['/wrong', '/wrong 12 '],
    ['/wrongly said', '/wrong 12 /wrongly said'],
  ])('the right recording is asked for, and %j that stood there is not lost', (text, begun) =>
    expect(wrongCommand(12, text)).toBe(begun),
  )
})
