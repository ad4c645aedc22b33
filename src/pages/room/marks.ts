// What stands in a line of an answer: `#12` leads to a request's message, `@name` is a person, and there may be an address. Pure.

export type Piece = string | { request: number } | { person: string } | { address: string }

const REQUEST = /(?<![\p{L}\p{N}_&#/])#(\d{1,10})(?![\p{L}\p{N}_])/uy
const ADDRESS = /(?<![\p{L}\p{N}])https?:\/\/[^\s<>"]+/iuy
/** What ends a sentence, not an address. */
const TRAILING = /[.,;:!?…'’”»*_~)\]}]$/u
const OPENED_BY: Record<string, string> = { ')': '(', ']': '[', '}': '{' }
const NAME = /@([\p{L}\p{N}_][\p{L}\p{N}_.-]*)/uy

/** @param names of people who are known: a name of several words is known by them alone */
export function piecesOf(line: string, names: readonly string[]): Piece[] {
  const longestFirst = [...names].filter(Boolean).sort((a, b) => b.length - a.length)
  const pieces: Piece[] = []
  let plainFrom = 0
  const take = (from: number, length: number, piece: Piece) => {
    if (from > plainFrom) pieces.push(line.slice(plainFrom, from))
    pieces.push(piece)
    plainFrom = from + length
  }
  for (let at = 0; at < line.length; at++) {
    if (at < plainFrom) continue
    if (line[at] === '#') {
      REQUEST.lastIndex = at
      const [all, number] = REQUEST.exec(line) ?? []
      if (all) take(at, all.length, { request: Number(number) })
    } else if (line[at] === '@') {
      const known = longestFirst.find((name) => line.startsWith(name, at + 1))
      NAME.lastIndex = at
      const name = known ?? NAME.exec(line)?.[1]
      if (name) take(at, name.length + 1, { person: name })
    } else if (line[at] === 'h' || line[at] === 'H') {
      const address = addressAt(line, at)
      if (address) take(at, address.length, { address })
    }
  }
  if (plainFrom < line.length) pieces.push(line.slice(plainFrom))
  return pieces
}

/** Words of a person, with the addresses in them. */
export function addressesIn(text: string): (string | { address: string })[] {
  const pieces: (string | { address: string })[] = []
  let plainFrom = 0
  for (const { index } of text.matchAll(/https?:/gi)) {
    const address = index < plainFrom ? undefined : addressAt(text, index)
    if (!address) continue
    if (index > plainFrom) pieces.push(text.slice(plainFrom, index))
    pieces.push({ address })
    plainFrom = index + address.length
  }
  if (plainFrom < text.length) pieces.push(text.slice(plainFrom))
  return pieces
}

function addressAt(line: string, at: number): string | undefined {
  ADDRESS.lastIndex = at
  let [address] = ADDRESS.exec(line) ?? []
  while (address && TRAILING.test(address) && !isClosing(address)) address = address.slice(0, -1)
  return address && URL.canParse(address) ? address : undefined
}

/** Whether it ends with a bracket that it opens itself. */
function isClosing(address: string): boolean {
  const closing = address.at(-1) ?? ''
  const opening = OPENED_BY[closing]
  return opening !== undefined && address.split(opening).length >= address.split(closing).length
}
