// The span of a command, as somebody gave it: with it a request's trace begins. Never what they typed, nor who they are.
import { addAttributes, inSpan } from './spans.ts'

/** @param command its name, or what a button does */
export function inCommandSpan<T>(command: string, platform: string, work: () => Promise<T>): Promise<T> {
  const attributes = { command, platform }
  return inSpan(`command ${command}`, { kind: 'server', parent: null, attributes }, work)
}

/** Which request the command has made, or is about. */
export function sayRequest({ number, trackId }: { number: number; trackId: string }): void {
  addAttributes({ request: number, track: trackId })
}
