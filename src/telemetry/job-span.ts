// The spans of an attempt at a job: how long it was queued, and its work. It hangs on the command of the oldest request that waits for
// it, and is linked to the others'. Its attributes are the fields of its lines in the log.
import { type JobAttempt, subscribe } from './events.ts'
import { jobInLog } from './job-log.ts'
import { addAttributes, failSpan, inSpan, recordSpan } from './spans.ts'

/** @param traceparents of the requests that wait, oldest first */
export function inJobSpan<T>(
  job: JobAttempt,
  traceparents: (string | null)[],
  work: () => Promise<T>,
): Promise<T> {
  const { stage, startedAt, queueMs } = job
  const [parent = null, ...links] = traceparents.filter((one) => one !== null)
  const attributes = jobInLog(job)
  if (parent) {
    const endMs = startedAt.getTime()
    recordSpan(`queued ${stage}`, { startMs: endMs - queueMs, endMs }, { parent, attributes })
  }
  const options = { kind: 'consumer', parent, links, startedAt } as const
  return inSpan(`stage ${stage}`, { ...options, attributes: { ...attributes, queueMs } }, work)
}

/** Says on the spans how the attempts end. @returns ends it */
export function sayEndsOnSpans(): () => void {
  const ends = [
    subscribe('job:stop', ({ result, errorCode, audioSeconds, model, device }) =>
      addAttributes({ result, errorCode, audioSeconds, model, device }),
    ),
    subscribe('job:exception', ({ result, errorCode, audioSeconds, model, device }) => {
      addAttributes({ result, errorCode, audioSeconds, model, device })
      failSpan(errorCode)
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}
