// JSON lines on stderr, so that stdout stays free for what the command has to say; to a file where a card owns the terminal;
// as readable lines where a person looks on.
import pino from 'pino'
import pretty from 'pino-pretty'
import { traceIdNow } from './telemetry/spans.ts'

export type Log = pino.Logger

/** Secrets and signed parts are struck out of what pino is handed as an object. */
const SECRET_PATHS = [
  'url',
  '*.url',
  'password',
  '*.password',
  'token',
  '*.token',
  // PostgreSQL's: a row, and with it a token.
  'err.detail',
  'err.cause.detail',
  'connectionString',
  '*.connectionString',
]

export function createLog(level: string, file?: string): Log {
  const options = { level, base: { pid: process.pid }, redact: SECRET_PATHS, mixin: inTrace }
  return pino(options, destination(file))
}

/** A line that belongs to a trace names it. */
function inTrace() {
  const trace = traceIdNow()
  return trace ? { trace } : {}
}

function destination(file: string | undefined): pino.DestinationStream {
  if (file) return pino.destination({ dest: file, mkdir: true, sync: true })
  if (process.stderr.isTTY) {
    return pretty({
      destination: 2,
      sync: true,
      singleLine: true,
      ignore: 'pid',
      translateTime: 'SYS:HH:MM:ss',
    })
  }
  return pino.destination({ fd: 2, sync: true })
}
