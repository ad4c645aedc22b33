// What the types of Grafana and KEDA do not know of a document.
import { join } from 'node:path'
import { runProgram } from './operations.ts'

const SCRIPT = join(import.meta.dirname, '../deploy/round_trip.py')

/** @returns where each document has something that its maker's types lose or change, and what */
export function strangersIn(documents: { type: string; document: unknown }[]): string[] {
  const read = JSON.parse(runProgram('python', [SCRIPT], JSON.stringify(documents))) as unknown[]
  return documents.flatMap(({ type, document }, index) => differences(document, read[index], type))
}

function differences(given: unknown, read: unknown, place: string): string[] {
  if (typeof given !== 'object' || given === null)
    return given === read ? [] : [`${place}: ${JSON.stringify(given)} became ${JSON.stringify(read)}`]
  return Object.entries(given).flatMap(([key, value]) =>
    differences(value, (read as Record<string, unknown> | undefined)?.[key], `${place}.${key}`),
  )
}
