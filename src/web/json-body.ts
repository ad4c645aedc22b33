// The JSON that a page sends, of the shape that is expected.
import type { z } from 'zod'
import { UserError } from '../errors.ts'
import type { WebContext } from './app.ts'
import { smallBody } from './small-body.ts'

/** @throws UserError `bad_usage` or `too_large` */
export async function jsonBody<Schema extends z.ZodType>(
  context: WebContext,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const text = await smallBody(context)
  try {
    const parsed = schema.safeParse(JSON.parse(text))
    if (parsed.success) return parsed.data
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new UserError('bad_usage', 'The page sent what makes no sense here: load it again.')
}
