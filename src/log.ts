// JSON lines on stderr, so that stdout stays free for what the command has to say; or to a file where a card owns the terminal.
import pino from 'pino'

export type Log = pino.Logger

/** Secrets and signed parts are struck out of what pino is handed as an object. */
const SECRET_PATHS = [
  'url',
  '*.url',
  'password',
  '*.password',
  'token',
  '*.token',
  'connectionString',
  '*.connectionString',
]

export function createLog(level: string, file?: string): Log {
  const target = file ? { dest: file, mkdir: true, sync: true } : { fd: 2, sync: true }
  return pino({ level, base: { pid: process.pid }, redact: SECRET_PATHS }, pino.destination(target))
}
