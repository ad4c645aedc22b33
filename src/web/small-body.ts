// The text that a page sends: small, and there in time.
import { UserError } from '../errors.ts'
import type { WebContext } from './app.ts'

const MOST_BYTES = 64 * 1024
const BODY_MS = 15_000

/** @throws UserError `too_large` */
export async function smallBody(context: WebContext): Promise<string> {
  const { incoming } = context.env
  const late = setTimeout(() => incoming.destroy(), BODY_MS)
  try {
    const parts: Buffer[] = []
    let bytes = 0
    // Its line stays open for the answer, whatever is wrong with it.
    for await (const part of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > MOST_BYTES) throw new UserError('too_large', 'That is too long: at most 64 KiB are taken.')
      parts.push(part)
    }
    return Buffer.concat(parts).toString()
  } finally {
    clearTimeout(late)
  }
}
