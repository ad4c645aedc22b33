// What Slack's libraries have to say, in our log: their first words only, as bodies and addresses may follow.
import type { Logger, LogLevel } from '@slack/bolt'
import type { Log } from '../../../log.ts'

const LONGEST = 300

export function boltLogger(log: Log): Logger {
  const line = (words: unknown[]) => String(words[0]).slice(0, LONGEST)
  return {
    debug() {},
    info() {},
    warn: (...words) => log.warn(`Slack: ${line(words)}`),
    error: (...words) => log.warn(`Slack: ${line(words)}`),
    setLevel() {},
    getLevel: () => 'warn' as LogLevel,
    setName() {},
  }
}
