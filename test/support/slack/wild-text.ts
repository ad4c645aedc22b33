// Text that is awkward, the same in every run.

const PIECES = [
  'a',
  ' ',
  '*',
  '_',
  '`',
  '~',
  '&',
  '<@U1>',
  '<!channel>',
  '<https://x|y>',
  ':smile:',
  ':',
  '>',
  '"',
  '🎸',
  '\ud83c',
  '\udfb8',
  '\n',
  '\u202e',
  '👩‍🚀',
  'é',
  '漢',
  '\0',
]

/** Anything up to some thousand characters, mostly what is awkward. */
export function wildText(random: () => number): string {
  const length = Math.floor(random() ** 4 * 3000)
  return Array.from({ length }, () => PIECES[Math.floor(random() * PIECES.length)]).join('')
}

/** The same numbers in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
