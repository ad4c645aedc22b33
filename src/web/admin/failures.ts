// What was given up, with the error of every attempt.
import { LABELS } from '../../domain/card.ts'
import { type AttemptRow, readAttempts, readDiscarded } from '../../store/admin.ts'
import type { Queryable } from '../../store/database.ts'
import { askedOf } from './requests.ts'
import type { AdminFailure, FailedAttempt } from './wire.ts'

const MOST_SHOWN = 20
const CRASHED = { code: 'crashed', message: 'Its worker died in the middle of it.' }

export async function adminFailures(db: Queryable): Promise<AdminFailure[]> {
  const rows = await readDiscarded(db, MOST_SHOWN)
  const jobIds = rows.flatMap(({ stages }) => stages.map(({ jobId }) => jobId))
  const attempts = Map.groupBy(await readAttempts(db, jobIds), ({ jobId }) => jobId)
  return rows.map((row) => ({
    ...askedOf(row),
    id: row.id,
    number: row.number,
    title: row.title,
    artist: row.artist,
    failedAt: (row.endedAt ?? row.askedAt).toISOString(),
    error: { code: row.errorCode, message: row.errorMessage },
    stages: row.stages.map(({ stage, jobId }) => ({
      stage,
      label: LABELS[stage],
      attempts: (attempts.get(jobId) ?? []).map(attemptOf),
    })),
  }))
}

function attemptOf({ at, attempt, outcome, code, message, seconds, machine }: AttemptRow): FailedAttempt {
  return {
    at: at.toISOString(),
    attempt,
    outcome,
    code: code ?? CRASHED.code,
    message: message ?? CRASHED.message,
    durationMs: seconds === null ? null : Math.round(seconds * 1000),
    machine: machine ?? '',
  }
}
