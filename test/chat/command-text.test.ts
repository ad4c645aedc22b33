import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../commands/index.ts'
import { describeOptions, parseOptions } from '../../commands/options.ts'
import { parseCommandText } from '../../src/chat/command-text.ts'
import { withoutMarks } from '../../src/chat/slack/marks.ts'
import { slackSpelling } from '../../src/chat/slack/usage.ts'
import { wordsIn } from '../../src/chat/words.ts'
import { UserError } from '../../src/errors.ts'

const LINK = 'https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC'

/** As it comes from Slack. */
const parse = (text: string) => parseCommandText(COMMANDS, withoutMarks(text))

function read(text: string) {
  const given = parse(text)
  return given === 'nothing' ? given : { ...given.values, command: given.command.name, isBare: given.isBare }
}
const song = (words: string, more = {}) => ({ command: 'separate', isBare: false, song: words, ...more })

function refusal(text: string): string {
  try {
    const given = parse(text)
    if (given !== 'nothing') parseOptions(given.command, given.values)
  } catch (error) {
    if (error instanceof UserError) return `${error.code} ${error.message}`
    throw error
  }
  throw new Error(`${text}: is taken`)
}

describe('a song', () => {
  test.each(['', '   ', '\n\t ', '\u0000\u0007', '""', '“”', '\u200b', '\u00a0'])('%j is nothing', (text) => {
    expect(parse(text)).toBe('nothing')
  })

  test.each([
    'Rick Astley Never Gonna Give You Up',
    // What looks like an option or a command, and is none.
    'Bon Iver Re: Stacks',
    'Artist: Title (live) - 2011',
    'Queen – Bohemian Rhapsody — live',
    'Joy Division -- Atmosphere',
    '1 + 1 = 2',
    'love = hate',
    'Love song: live',
    'stems',
    'My favourite format',
    'history repeating',
    'cancel the noise',
    'status quo',
    'help me rhonda',
    'retry again',
    'queue of nobody',
    'cancelled',
    'status #one',
    "Don't Stop Me Now",
    'Don’t stop ’til you get enough',
    "'74-'75",
    '7" mix',
    'AC/DC T.N.T.',
    '<3',
    'a < b > c',
    'AT&T',
    '日本語 の歌',
    '👩‍🎤 song',
    'C# minor',
    '@U123 #general',
  ])('%j is its words', (text) => {
    expect(read(text)).toEqual(song(text))
  })

  test.each([
    [LINK, LINK],
    [`<${LINK}>`, LINK],
    [`<${LINK}|Never Gonna Give You Up>`, LINK],
    [`  <${LINK}|open.spotify.com/track/…> `, LINK],
    [
      '<https://youtube.com/watch?v=dQw4&amp;t=1s|youtube.com/watch?v=dQw4&amp;t=1s>',
      'https://youtube.com/watch?v=dQw4&t=1s',
    ],
    ['https://x.test/?stems=vocals&model=auto', 'https://x.test/?stems=vocals&model=auto'],
    ['youtube.com/watch?v=dQw4', 'youtube.com/watch?v=dQw4'],
    ['spotify:track:4uLU6hMCjMI75M1A2tKUQC', 'spotify:track:4uLU6hMCjMI75M1A2tKUQC'],
    ['&lt;https://x.test/a&gt;', 'https://x.test/a'],
    ['Simon &amp; Garfunkel', 'Simon & Garfunkel'],
    ['&amp;lt;3', '&lt;3'],
    ['two\nlines\u0000 and\ttabs', 'two lines and tabs'],
    ['\ud800 alone', '\ufffd alone'],
    ['"Heroes" David Bowie', 'Heroes David Bowie'],
    ['“Heroes”, David Bowie', 'Heroes, David Bowie'],
    ['"stems=vocals"', 'stems=vocals'],
    ['“model: T”', 'model: T'],
    ['„help“', 'help'],
    ['‘cancel 12’', 'cancel 12'],
    ['"cancel" 12', 'cancel 12'],
    ['"--stems" vocals', '--stems vocals'],
    ['"  two   spaces "', 'two spaces'],
    ['"never closed', '"never closed'],
    ['song:Rick Astley', 'Rick Astley'],
    ['Song = Rick Astley', 'Rick Astley'],
    ['--song Rick Astley', 'Rick Astley'],
    ['song="Rick Astley" live', 'Rick Astley live'],
    [`song=<${LINK}>`, LINK],
    [`separate ${LINK}`, LINK],
    ['/Separate cancel 12', 'cancel 12'],
    ['separate separate', 'separate'],
  ])('%j is %j', (text, words) => {
    expect(read(text)).toEqual(song(words))
  })
})

describe('options', () => {
  test.each([
    'stems=vocals,drums',
    'stems:vocals,drums',
    'Stems = vocals, drums',
    'STEMS= vocals ,drums',
    'stems =vocals , drums',
    'stems: vocals, drums',
    '--stems=vocals,drums',
    '--stems vocals, drums',
    '--stems "vocals, drums"',
    '—stems=vocals,drums',
    '–stems vocals,drums',
    'stems="vocals, drums"',
    'stems=“vocals, drums”',
    "stems = 'vocals,drums'",
    'stems=vocals, drums,',
  ])('%j, before, between and behind', (text) => {
    for (const all of [`Rick Astley ${text}`, `${text} "Rick" Astley`, `"Rick" ${text} "Astley"`]) {
      const given = parseCommandText(COMMANDS, all)
      if (given === 'nothing') throw new Error('nothing')
      expect(parseOptions(given.command, given.values), all).toEqual({
        song: 'Rick Astley',
        stems: ['vocals', 'drums'],
        format: 'mp3',
      })
    }
  })

  test.each([
    [
      `<${LINK}> format=FLAC model=auto stems=vocals`,
      { song: LINK, format: 'flac', model: 'auto', stems: 'vocals' },
    ],
    ['format: wav a b', { song: 'a b', format: 'wav' }],
    ['a stems=vocals,drums b', { song: 'a b', stems: 'vocals,drums' }],
    ['a stems=vocals, format=wav', { song: 'a', stems: 'vocals,', format: 'wav' }],
    [`stems=vocals, ${LINK}`, { song: LINK, stems: 'vocals,' }],
    ['stems=all "vocals"', { song: 'vocals', stems: 'all' }],
    ['help stems=vocals', { song: 'help', stems: 'vocals' }],
    ['history format=mp3', { song: 'history', format: 'mp3' }],
    ['model — a song', { song: 'model — a song' }],
  ])('%j', (text, values) => {
    expect(read(text)).toEqual({ command: 'separate', isBare: false, ...values })
  })

  test.each([
    ['a stem=vocals', /^bad_usage There is no option stem: choose among song, stems, model, format\.$/],
    ['E=mc2', /^bad_usage There is no option E:/],
    ['a --loud', /no option loud/],
    ['a --loud=yes', /no option loud/],
    ['a —loud=yes', /no option loud/],
    ['a file=x.mp3', /no option file/],
    ['a __proto__=x', /no option __proto__/],
    ['a constructor=x', /no option constructor/],
    ['stem=vocals', /no option stem:/],
    ['stems=kazoo', /^bad_usage stems: choose among vocals/],
    ['a stems=vocals, drum', /^bad_usage stems: choose among vocals/],
    ['a format=ogg', /^bad_usage format: choose one of mp3, flac, wav\.$/],
    ['a stems=vocals stems=drums', /^bad_usage stems: it is given twice/],
    ['a stems=vocals --STEMS drums', /^bad_usage stems: it is given twice/],
    ['song=a song=b', /^bad_usage song: it is given twice/],
    ['a song=b', /^bad_usage song: it is given twice/],
    ['a stems=', /^bad_usage stems: give it a value, as in stems=vocals\.$/],
    ['a --model', /^bad_usage model: give it a value/],
    ['a model= format=mp3', /^bad_usage model: give it a value/],
    ['a model==x', /^bad_usage model: that is not/],
    ['x'.repeat(3000), /^bad_usage song: give at most 2048 characters\.$/],
    ['cancel 12 please', /^bad_usage cancel takes no more than number: put the words of a song in quotes\.$/],
    ['cancel 12 13', /^bad_usage cancel takes no more than number/],
    ['cancel 12 number=13', /^bad_usage number: it is given twice/],
    ['cancel number=twelve', /^bad_usage number: give a whole number/],
    ['cancel number=', /^bad_usage number: give it a value, as in number=12\.$/],
    ['cancel 12 stems=vocals', /no option stems: choose among number/],
    ['status 0', /^bad_usage number: give a whole number/],
    [`status ${'9'.repeat(5000)}`, /^bad_usage number: give a whole number/],
    ['queue pause nonsense', /^bad_usage queue takes no more than action, queue, limit/],
    ['queue pause pause', /^bad_usage queue takes no more/],
    ['queue scale 65', /^bad_usage limit: give a whole number from 1 to 64/],
  ])('%j is refused', (text, sentence) => {
    expect(refusal(text)).toMatch(sentence)
  })
})

describe('other commands', () => {
  test.each([
    ['status', 'status', {}],
    ['/STATUS', 'status', {}],
    ['status 12', 'status', { number: '12' }],
    ['Cancel #12', 'cancel', { number: '#12' }],
    ['retry number=12', 'retry', { number: '12' }],
    ['retry number: 12', 'retry', { number: '12' }],
    ['retry --number 12', 'retry', { number: '12' }],
    ['history', 'history', {}],
    ['help', 'help', {}],
    ['queue', 'queue', {}],
    ['queue pause', 'queue', { action: 'pause' }],
    ['queue PAUSE Processing', 'queue', { action: 'pause', queue: 'processing' }],
    ['queue scale processing 2', 'queue', { action: 'scale', queue: 'processing', limit: '2' }],
    ['queue scale queue=processing limit=2', 'queue', { action: 'scale', queue: 'processing', limit: '2' }],
    ['queue processing', 'queue', { queue: 'processing' }],
    ['queue action:pause queue:processing', 'queue', { action: 'pause', queue: 'processing' }],
    ['analyze Status Quo', 'analyze', { song: 'Status Quo' }],
    ['analyze cancel 12', 'analyze', { song: 'cancel 12' }],
    [`Analyze <${LINK}|x>`, 'analyze', { song: LINK }],
  ])('%j', (text, command, values) => {
    expect(read(text)).toEqual({ command, isBare: false, ...values })
  })

  test.each([
    ['analyze', 'analyze', {}],
    ['separate', 'separate', {}],
    ['/analyze ', 'analyze', {}],
    ['stems=vocals', 'separate', { stems: 'vocals' }],
    ['song=', 'separate', {}],
    ['separate format=wav', 'separate', { format: 'wav' }],
  ])('%j asks for its song', (text, command, values) => {
    expect(read(text)).toEqual({ command, isBare: true, ...values })
  })

  test.each(COMMANDS.map((one) => [one.name, one] as const))(
    '%s: its examples, in every spelling',
    (_, command) => {
      const spelling = slackSpelling('/stems')
      const [first] = describeOptions(command)
      for (const example of command.examples) {
        const ways = [
          (name: string, value: string) => spelling.option(name, value, name === first?.name),
          (name: string, value: string) => `${name}=${value}`,
          (name: string, value: string) => `${name}: ${value}`,
          (name: string, value: string) => `--${name} ${value}`,
        ]
        for (const write of ways) {
          const options = Object.entries(example).map(([name, value]) => write(name, String(value)))
          const text = [spelling.command(command.name), ...options].join(' ').replace(/^\/stems ?/, '')
          const given = parse(text)
          if (given === 'nothing') throw new Error(text)
          expect(given.command.name, text).toBe(command.name)
          expect(parseOptions(given.command, given.values), text).toEqual(parseOptions(command, example))
        }
      }
    },
  )
})

describe('whatever is written', () => {
  const PIECES = [
    ...COMMANDS.map(({ name }) => name),
    ...['stems', 'model', 'song', 'number', 'stem', '__proto__', 'vocals', 'drums', 'mp3', '12', '#3'],
    ...['=', ':', ',', '--', '—', '–', '/', ' ', '  ', '\n', '\u00a0', '\u200b', '\u0000', '\u2028'],
    ...['"', '“', '”', '„', "'", '‘', '’', '<', '>', '|', '&amp;', '&lt;', '&', '<https://x.test/?a=b|c d>'],
    ...['\ud800', '\udc00', '🎵', 'ß', '日本', LINK, 'spotify:track:x', 'e\u0301', '\u202e'],
  ]
  /** The same numbers each time. */
  function dice(seed: number) {
    let state = seed
    return (sides: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * sides)
    }
  }

  test('is understood, or refused in one sentence', () => {
    const roll = dice(7)
    for (let round = 0; round < 5000; round++) {
      const text = Array.from({ length: roll(12) }, () => PIECES[roll(PIECES.length)]).join(
        roll(2) === 0 ? '' : ' ',
      )
      try {
        const given = parse(text)
        if (given === 'nothing') continue
        const known = describeOptions(given.command).map(({ name }) => name)
        for (const name of Object.keys(given.values)) expect(known, text).toContain(name)
        for (const value of Object.values(given.values)) {
          expect(value, text).toBeTypeOf('string')
          expect(String(value).isWellFormed(), text).toBe(true)
          expect(value, text).not.toMatch(/\p{Cc}/u)
        }
        parseOptions(given.command, given.values)
      } catch (error) {
        expect(error, JSON.stringify(text)).toBeInstanceOf(UserError)
        expect((error as UserError).message).toMatch(/^[^\n]{1,300}\.$/)
      }
    }
  })

  test('words without a sign are never lost, in quotes or not', () => {
    const roll = dice(11)
    const plain = ['Rick', 'status', 'Re:', '—', '12', 'vocals', 'history', 'é', '&', '🎵']
    for (let round = 0; round < 500; round++) {
      const words = Array.from({ length: 1 + roll(6) }, () => plain[roll(plain.length)]).join(' ')
      expect(read(`"${words}"`)).toEqual(song(words))
      expect(read(`separate ${words} stems=vocals`)).toEqual(song(words, { stems: 'vocals' }))
    }
  })

  test.each(
    [
      'a',
      '"',
      "'",
      '"a ',
      "'a ",
      '“ a',
      '<',
      '<https://',
      '<https://a|',
      '&',
      '=',
      'a=',
      'stems=,',
      'stems= ',
      ', ',
      '--',
      '--a ',
      '—',
      ' ',
      '\u0000',
      '\ud800',
      '\u200b',
      'é:',
      'song: ',
      'model ',
      '1 ',
    ].flatMap((piece) => [piece, `stems=vocals${piece}`]),
  )('100 kB of %j take no time', (piece) => {
    const text = piece.repeat(Math.ceil(100_000 / piece.length))
    const start = performance.now()
    for (const all of [
      text,
      `a stems=${text}`,
      `a stems = vocals, ${text}`,
      `queue ${text}`,
      `cancel 1${text}`,
    ]) {
      try {
        parseCommandText(COMMANDS, all)
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
      }
    }
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

test('words keep their order and say whether they were quoted', () => {
  expect(wordsIn(withoutMarks('a “b c” d="e f" <https://x.test|g h>'))).toEqual([
    { text: 'a', isQuoted: false },
    { text: 'b c', isQuoted: true },
    { text: 'd=e f', isQuoted: false },
    { text: 'https://x.test', isQuoted: false },
  ])
})
