// The room's server, as wire.ts describes it.
import type {
  Answer,
  Entry,
  Me,
  Press,
  RoomCommand,
  RoomMessage,
  Said,
  TakenFile,
} from '../../chat/room/wire.ts'
import { ask, failure, parsed } from '../ask.ts'
import { Unreachable } from '../failures.ts'

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
