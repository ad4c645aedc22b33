// The JSON that a page sends: small, there in time, and of the shape that is expected.
import type { z } from 'zod'
import { UserError } from '../../errors.ts'
import type { WebContext } from '../../web/app.ts'

const MOST_BYTES = 64 * 1024
const BODY_MS = 15_000

/** @throws UserError `bad_usage` */
export async function jsonBody<Schema extends z.ZodType>(
  context: WebContext,
  schema: Schema,
): Promise<z.infer<Schema>> {
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
    const parsed = schema.safeParse(JSON.parse(Buffer.concat(parts).toString()))
    if (parsed.success) return parsed.data
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  } finally {
    clearTimeout(late)
  }
  throw new UserError('bad_usage', 'The page sent what makes no sense here: load it again.')
}
