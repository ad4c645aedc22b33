// Ctrl-C: the first asks what shall become of the job, the second leaves it to be resumed. Where nobody can be asked, the first does.
import { createInterface } from 'node:readline/promises'
import { countSignals } from '../../signals.ts'

export type Choice = 'cancel' | 'leave'

/**
 * @param onAsking called with true while the question stands, so that the live card does not draw over it
 * @returns what was chosen, when something is; `close` takes the handlers away
 */
export function watchInterrupts(onAsking: (asking: boolean) => void): {
  choice: Promise<Choice>
  close(): void
} {
  const chosen = Promise.withResolvers<Choice>()
  let asking: AbortController | undefined

  const ask = async () => {
    asking = new AbortController()
    onAsking(true)
    const prompt = createInterface({ input: process.stdin, output: process.stderr })
    // readline takes Ctrl-C for itself while it reads.
    prompt.once('SIGINT', () => chosen.resolve('leave'))
    try {
      const question =
        '\nStop? [l]eave the job, to go on with the same command · [c]ancel the job · [Enter] go on: '
      const answer = (await prompt.question(question, { signal: asking.signal })).trim().toLowerCase()
      if (answer.startsWith('c')) chosen.resolve('cancel')
      if (answer.startsWith('l')) chosen.resolve('leave')
    } catch {
      // the work ended while the question stood
    } finally {
      prompt.close()
      asking = undefined
      onAsking(false)
    }
  }
  const stopCounting = countSignals((_count, signal) => {
    const canAsk = signal === 'SIGINT' && process.stdin.isTTY && process.stderr.isTTY
    if (asking || !canAsk) chosen.resolve('leave')
    else void ask()
  })
  return {
    choice: chosen.promise,
    close: () => {
      asking?.abort()
      stopCounting()
    },
  }
}
