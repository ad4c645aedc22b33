// What stands in a line of an answer: `#12` leads to a request's message, `@name` is a person, and there may be an address. Pure.

export type Piece = string | { request: number } | { person: string } | { address: string }

const REQUEST = /(?<![\p{L}\p{N}_&#/])#(\d{1,10})(?![\p{L}\p{N}_])/uy
const ADDRESS = /(?<![\p{L}\p{N}])https?:\/\/[^\s<>"]+/uy
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
    } else if (line[at] === 'h') {
      ADDRESS.lastIndex = at
      const [address] = ADDRESS.exec(line) ?? []
      if (address) take(at, address.length, { address })
    }
  }
  if (plainFrom < line.length) pieces.push(line.slice(plainFrom))
  return pieces
}
