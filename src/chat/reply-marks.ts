// The marks in an answer's lines: `#{12}` is a request's message, `@{id}` a person. Each platform writes them in its own way. Pure.
import type { TextReply } from '../../commands/command.ts'

const MARK = /@\{([A-Za-z0-9]{1,32})\}|#\{(\d{1,15})\}/g

/** The requests that an answer refers to, by number. */
export function numbersIn({ title, lines }: TextReply): number[] {
  const text = [title, ...lines].join('\n')
  return [...new Set([...text.matchAll(MARK)].flatMap(([, , number]) => (number ? [Number(number)] : [])))]
}

/** The line with its marks and what stands between them written as a platform does. */
export function writeMarks(
  line: string,
  write: {
    text: (text: string) => string
    person: (id: string) => string
    request: (number: number) => string
  },
): string {
  let at = 0
  let out = ''
  for (const match of line.matchAll(MARK)) {
    const [all, person, number] = match
    out += write.text(line.slice(at, match.index))
    out += person ? write.person(person) : write.request(Number(number))
    at = match.index + all.length
  }
  return out + write.text(line.slice(at))
}
