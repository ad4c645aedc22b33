// What Discord shows of an answer for one person. Pure.
import type { TextReply } from '../../../commands/command.ts'
import { cleanText } from '../foreign-text.ts'
import { linesWithin, writeMarks } from '../reply-marks.ts'
import { escapeMarkdown, foreignText, mentionOf } from './markdown.ts'

const LONGEST = { title: 256, line: 1000, text: 2000 }

/** @param linkOf the address of a request's message, where it is known */
export function renderText(
  { title, lines }: TextReply,
  { linkOf }: { linkOf: (number: number) => string | undefined },
): string {
  const heading = `**${foreignText(title, LONGEST.title)}**`
  return linesWithin(heading, lines, (line) => textLine(line, linkOf), LONGEST.text)
}

function textLine(line: string, linkOf: (number: number) => string | undefined): string {
  const written = (text: string) =>
    writeMarks(text, {
      text: escapeMarkdown,
      person: mentionOf,
      request: (number) => {
        const link = linkOf(number)
        return link ? `[#${number}](${link})` : `#${number}`
      },
      // In brackets it can be clicked, and shows no preview.
      address: (address) => `<${address}>`,
    })
  const cleaned = cleanText(line)
  const whole = written(cleaned)
  return whole.length <= LONGEST.line ? whole : foreignText(cleaned, LONGEST.line)
}
