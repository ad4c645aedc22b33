// Asking our own server, in JSON.
import { Refused, Unreachable } from './failures.ts'

/** The body of every answer that is not well. */
type Refusal = { error?: { code: string; message: string } }

/** Answers of whoever stands before a server that is away. */
const AWAY = [502, 503, 504]

/** @throws Refused or Unreachable; what `signal` says when it aborts */
export async function ask<Told>(
  method: 'GET' | 'POST',
  address: string,
  body?: object,
  signal?: AbortSignal,
): Promise<Told> {
  let response: Response
  let text: string
  try {
    response = await fetch(address, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } } : {}),
      ...(signal ? { signal } : {}),
    })
    text = await response.text()
  } catch (error) {
    signal?.throwIfAborted()
    throw new Unreachable(undefined, { cause: error })
  }
  if (!response.ok) throw failure(response.status, text, response.headers.get('Retry-After'))
  return parsed(text) as Told
}

export function failure(status: number, text: string, retryAfter: string | null): Refused | Unreachable {
  if (AWAY.includes(status)) return new Unreachable()
  const { error } = (parsed(text) ?? {}) as Refusal
  const seconds = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null
  return new Refused(status, error?.code ?? `http_${status}`, error?.message ?? wordsFor(status), seconds)
}

function wordsFor(status: number): string {
  if (status === 413) return 'That is larger than what is taken here.'
  if (status === 429) return 'That was a lot at once: wait a moment.'
  if (status === 404) return 'The server does not know that.'
  return 'Something went wrong on the server. Try again in a moment; what was saved already is not done twice.'
}

/** Undefined where it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
