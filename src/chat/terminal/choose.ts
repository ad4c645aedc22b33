// Several recordings were found: which one is meant is asked at the terminal.
import { createInterface } from 'node:readline/promises'
import type { Card } from '../../domain/card.ts'

/** @returns the value of what was chosen; undefined when nobody chose */
export async function askWhich(
  { choices }: Pick<Card, 'choices'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  // readline takes Ctrl-C for itself while it reads.
  prompt.on('SIGINT', () => process.emit('SIGINT'))
  try {
    for (;;) {
      const answer = await prompt.question(`Which one is it? [1-${choices.length}] `, { signal })
      const chosen = choices[Number(answer.trim()) - 1]
      if (chosen) return chosen.value
    }
  } catch {
    return undefined
  } finally {
    prompt.close()
  }
}
