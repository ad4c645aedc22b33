// The lines of an answer, and the marks in them: `#{12}` is a request's message, `@{id}` a person, `&{address}` an address of ours on
// the web. Each platform writes them in its own way. Pure.
import type { TextReply } from '../../commands/command.ts'

const MARK = /@\{([A-Za-z0-9]{1,32})\}|#\{(\d{1,15})\}|&\{(https?:\/\/[^\s{}<>|]{1,900})\}/g

/** The requests that an answer refers to, by number. */
export function numbersIn({ title, lines }: TextReply): number[] {
  const text = [title, ...lines].join('\n')
  return [...new Set([...text.matchAll(MARK)].flatMap(([, , number]) => (number ? [Number(number)] : [])))]
}

/** The people that an answer names, by id. */
export function peopleIn({ title, lines }: TextReply): string[] {
  const text = [title, ...lines].join('\n')
  return [...new Set([...text.matchAll(MARK)].flatMap(([, person]) => person ?? []))]
}

/** The line with its marks and what stands between them written as a platform does. */
export function writeMarks(
  line: string,
  write: {
    text: (text: string) => string
    person: (id: string) => string
    request: (number: number) => string
    address: (address: string) => string
  },
): string {
  let at = 0
  let out = ''
  for (const match of line.matchAll(MARK)) {
    const [all, person, number, address] = match
    out += write.text(line.slice(at, match.index))
    if (person) out += write.person(person)
    else out += address ? write.address(address) : write.request(Number(number))
    at = match.index + all.length
  }
  return out + write.text(line.slice(at))
}

/** As many lines as fit below the heading within `longest` UTF-16 units, and how many more there are. */
export function linesWithin(
  heading: string,
  lines: string[],
  written: (line: string) => string,
  longest: number,
): string {
  const shown = [heading]
  let length = heading.length
  const rest = `\n…and ${lines.length} more`.length
  for (const [index, line] of lines.entries()) {
    const text = written(line)
    if (length + 1 + text.length + rest > longest) {
      shown.push(`…and ${lines.length - index} more`)
      break
    }
    shown.push(text)
    length += 1 + text.length
  }
  return shown.join('\n')
}
