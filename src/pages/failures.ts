// How asking the server may fail. Pure.

/** The server has answered that it will not. */
export class Refused extends Error {
  override name = 'Refused'
  readonly status: number
  readonly code: string
  /** After so long it may. */
  readonly retryAfterSeconds: number | null
  constructor(status: number, code: string, message: string, retryAfterSeconds: number | null) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Why what a person gave was not taken. */
export function failureWords(error: unknown): string {
  return error instanceof Refused ? error.message : 'The server cannot be reached: try again.'
}

/** There was no answer of the server's own; whether it has done anything is not known. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}
