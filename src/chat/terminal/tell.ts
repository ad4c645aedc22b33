// What has come of a request, as lines for whoever reads along at the terminal. Pure.
import { type Card, STARTER_NOTE } from '../../domain/card.ts'
import { plain } from './render.ts'

/** What a terminal tells beside cards; with `--json` each is a line of JSON. */
export type TerminalEvents = {
  /** Several recordings were found. */
  choose: Pick<Card, 'number' | 'choices'>
  /** A song of a list has its stems. */
  song: { number: number; folder: string; files: string[] }
  delivered: Pick<Card, 'number' | 'notes' | 'match' | 'songs'> & { folder: string; files: string[] }
  failed: { number: number; code: string; message: string }
}

const BETTER_MODEL = '`npm run models -- fetch htdemucs` brings that one.'

const LINES: { [Name in keyof TerminalEvents]: (event: TerminalEvents[Name]) => string[] } = {
  choose: ({ choices }) => [
    '',
    ...choices.flatMap(({ label, detail, link }, index) => [
      `${String(index + 1).padStart(3)}  ${plain(label)}${detail ? ` · ${plain(detail)}` : ''}`,
      `     ${plain(link)}`,
    ]),
    '',
  ],
  song: ({ number, folder, files }) => [`#${number}: ${files.length} files in ${folder}`],
  delivered: ({ folder, files, notes, match }) => [
    '',
    ...files.map((file) => `  ${file}`),
    ...(files.length > 0 ? [''] : []),
    `in ${folder}`,
    ...(match ? ['', ...matchLines(match)] : []),
    ...notes.map((note) => `\n${plain(note)}`),
    // Who sits at the terminal can do something about it.
    ...(notes.includes(STARTER_NOTE) ? [BETTER_MODEL] : []),
  ],
  failed: () => [],
}

export function linesOf<Name extends keyof TerminalEvents>(
  name: Name,
  event: TerminalEvents[Name],
): string[] {
  return LINES[name](event)
}

function matchLines({ label, link, confidence }: NonNullable<Card['match']>): string[] {
  const sure = confidence === null ? '' : ` · ${confidence} % sure`
  return [
    `The sound is from ${plain(label)}${sure}`,
    `${plain(link)}; the wrong song? Give the right link instead.`,
  ]
}
