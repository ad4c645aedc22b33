// A card as a terminal shows it: live with bars, or as plain lines where there is no terminal.
import { styleText } from 'node:util'
import { type Card, type CardSong, clock } from '../../domain/card.ts'
import { songName } from '../../domain/names.ts'

const BAR_CELLS = 24
const MARKS = { ahead: '·', waiting: '·', running: '▸', retrying: '↻', done: '✓', discarded: '✗' } as const

/** The lines of the live card, at most `columns` wide. */
export function renderCard(card: Card, columns: number): string[] {
  const title = plain(songName(card))
  const lines = [
    styleText('bold', cut(title, columns)),
    styleText('dim', cut(card.facts.map(plain).join(' · '), columns)),
    '',
  ]
  for (const line of card.lines) {
    const percent = line.state === 'running' ? `${Math.floor(line.fraction * 100)}%`.padStart(4) : '    '
    const text = `${MARKS[line.state]} ${line.label.padEnd(10)} ${bar(line.fraction)} ${percent} ${plain(line.note ?? '')}`
    const colour =
      line.state === 'done'
        ? 'green'
        : line.state === 'discarded'
          ? 'red'
          : line.state === 'retrying'
            ? 'yellow'
            : undefined
    lines.push(colour ? styleText(colour, cut(text, columns)) : cut(text, columns))
  }
  for (const song of card.songs ?? []) lines.push(cut(songLine(song), columns))
  if (card.secondsLeft !== null && card.secondsLeft > 0)
    lines.push('', styleText('dim', `about ${clock(card.secondsLeft)} left`))
  return lines
}

/** What changed since the last card, as lines for a log: a stage's start, every tenth of its way, its end. */
export function plainLines(card: Card, before: Card | undefined): string[] {
  const lines: string[] = []
  if (!before) lines.push(`#${card.number} ${plain(songName(card))}`)
  else if (songName(card) !== songName(before)) lines.push(plain(songName(card)))
  for (const [index, line] of card.lines.entries()) {
    const was = before?.lines[index]
    const tenth = Math.floor(line.fraction * 10)
    const moved =
      line.state !== was?.state ||
      (line.state === 'running' && tenth !== Math.floor((was?.fraction ?? 0) * 10))
    if (!moved || line.state === 'ahead') continue
    const note = line.state === 'running' ? `${tenth * 10}%` : (line.note ?? line.state)
    lines.push(`${line.label}: ${plain(note)}`)
  }
  for (const [index, song] of (card.songs ?? []).entries())
    if (song.state !== before?.songs?.[index]?.state) lines.push(songLine(song))
  return lines
}

const SONG_MARKS = { working: '▸', ready: '✓', delivered: '✓', failed: '✗', cancelled: '✗' } as const

function songLine({ number, title, artist, state, fraction, error }: CardSong): string {
  const note = state === 'working' ? `${Math.floor(fraction * 100)}%` : (error ?? state)
  const about = number === null ? '' : ` #${number}`
  return `${SONG_MARKS[state]}${about} ${plain(songName({ title, artist }))}: ${plain(note)}`
}

function bar(fraction: number): string {
  const full = Math.round(fraction * BAR_CELLS)
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
}

/** Titles are foreign text: nothing in them may move the cursor. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
}

function cut(text: string, columns: number): string {
  const characters = [...text]
  return characters.length <= columns ? text : `${characters.slice(0, columns - 1).join('')}…`
}
