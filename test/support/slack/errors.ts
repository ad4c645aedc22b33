// How the Web API says no: HTTP 200 with ok: false, or 429.

/** A refusal as the Web API gives it. */
export class Refusal extends Error {
  readonly error: string
  readonly more: Record<string, unknown>
  readonly status: number
  readonly headers: Record<string, string>

  constructor(
    error: string,
    more: Record<string, unknown> = {},
    { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
  ) {
    super(error)
    this.error = error
    this.more = more
    this.status = status
    this.headers = headers
  }
}

export const refusal = (error: string, more: Record<string, unknown> = {}) => new Refusal(error, more)

/** With the reasons where the SDK logs them. */
export const invalid = (error: string, messages: string[]) =>
  new Refusal(error, {
    ...(error.startsWith('invalid_blocks') ? { errors: messages } : {}),
    response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) },
  })
