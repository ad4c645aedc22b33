// The room's server, as wire.ts describes it.
import type {
  Answer,
  Entry,
  Me,
  Press,
  Refusal,
  RoomCommand,
  RoomMessage,
  Said,
  TakenFile,
} from '../../chat/room/wire.ts'
import { Refused, Unreachable } from './failures.ts'

/** Answers of whoever stands before a server that is away. */
const AWAY = [502, 503, 504]

export function me(): Promise<Me> {
  return ask('GET', '/api/room/me')
}

export function enter(entry: Entry): Promise<Me> {
  return ask('POST', '/api/room/enter', entry)
}

export function commands(): Promise<RoomCommand[]> {
  return ask('GET', '/api/room/commands')
}

export function rooms(): Promise<{ rooms: string[] }> {
  return ask('GET', '/api/room/rooms')
}

export function eventsAddress(room: string): string {
  return `${roomAddress(room)}/events`
}

export function earlier(
  room: string,
  before: string,
): Promise<{ messages: RoomMessage[]; hasEarlier: boolean }> {
  return ask('GET', `${roomAddress(room)}/messages?${new URLSearchParams({ before })}`)
}

export function say(room: string, said: Said): Promise<{ answer: Answer | null }> {
  return ask('POST', `${roomAddress(room)}/messages`, said)
}

export function sample(room: string, nonce: string): Promise<{ answer: Answer | null }> {
  return ask('POST', `${roomAddress(room)}/sample`, { nonce })
}

export async function press(room: string, pressed: Press): Promise<void> {
  await ask('POST', `${roomAddress(room)}/press`, pressed)
}

export function suggestions(
  room: string,
  asked: { command: string; option: string; text: string },
  signal: AbortSignal,
): Promise<{ suggestions: { label: string; value: string }[] }> {
  return ask('GET', `${roomAddress(room)}/suggestions?${new URLSearchParams(asked)}`, undefined, signal)
}

/** Sends a file. By XMLHttpRequest, as nothing else tells how far it has got. */
export function putFile(
  file: File,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<TakenFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', `/api/room/files?${new URLSearchParams({ name: file.name })}`)
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.upload.addEventListener('progress', ({ loaded }) => onSent(Math.min(loaded, file.size)))
    request.addEventListener('load', () => {
      const { status, responseText } = request
      if (status >= 200 && status < 300) resolve(parsed(responseText) as TakenFile)
      else reject(failure(status, responseText, request.getResponseHeader('Retry-After')))
    })
    request.addEventListener('error', () => reject(new Unreachable()))
    request.addEventListener('abort', () => reject(signal.reason))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

function roomAddress(room: string): string {
  return `/api/room/rooms/${encodeURIComponent(room)}`
}

async function ask<Told>(
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

function failure(status: number, text: string, retryAfter: string | null): Refused | Unreachable {
  if (AWAY.includes(status)) return new Unreachable()
  const { error } = (parsed(text) ?? {}) as Partial<Refusal>
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
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
