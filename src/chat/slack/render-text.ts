// What Slack shows of an answer for one person. Pure.
import type { TextReply } from '../../../commands/command.ts'
import { cleanText } from '../foreign-text.ts'
import { linesWithin, writeMarks } from '../reply-marks.ts'
import { addressLink, escapeMrkdwn, foreignMrkdwn, linkTo, mentionOf } from './mrkdwn.ts'

const LONGEST = { title: 150, line: 1000, text: 2800 }

/** @param linkOf the address of a request's message, where it is known */
export function renderText(
  { title, lines }: TextReply,
  { linkOf }: { linkOf: (number: number) => string | undefined },
): string {
  const heading = `*${foreignMrkdwn(title, LONGEST.title)}*`
  return linesWithin(heading, lines, (line) => textLine(line, linkOf), LONGEST.text)
}

function textLine(line: string, linkOf: (number: number) => string | undefined): string {
  const cleaned = cleanText(line)
  const whole = writeMarks(cleaned, {
    text: escapeMrkdwn,
    person: mentionOf,
    request: (number) => {
      const link = linkOf(number)
      return link ? linkTo(link, `#${number}`) : `#${number}`
    },
    address: addressLink,
  })
  return whole.length <= LONGEST.line ? whole : foreignMrkdwn(cleaned, LONGEST.line)
}
