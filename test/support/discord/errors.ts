// Discord's refusals: status, code, message, and for forms the nested list of what is wrong where.

const REFUSALS: Record<number, [status: number, message: string]> = {
  0: [401, '401: Unauthorized'],
  10003: [404, 'Unknown Channel'],
  10004: [404, 'Unknown Guild'],
  10008: [404, 'Unknown Message'],
  10013: [404, 'Unknown User'],
  10015: [404, 'Unknown Webhook'],
  10062: [404, 'Unknown interaction'],
  20012: [403, 'You are not authorized to perform this action on this application'],
  30015: [400, 'Maximum number of attachments in a message reached (10)'],
  30046: [429, 'Maximum number of edits to messages older than 1 hour reached. Try again later'],
  40005: [413, 'Request entity too large'],
  40060: [400, 'Interaction has already been acknowledged.'],
  40094: [400, 'This interaction has reached the maximum number of follow up messages'],
  50001: [403, 'Missing Access'],
  50005: [403, 'Cannot edit a message authored by another user'],
  50006: [400, 'Cannot send an empty message'],
  50007: [403, 'Cannot send messages to this user'],
  50013: [403, 'Missing Permissions'],
  50027: [401, 'Invalid Webhook Token'],
  50035: [400, 'Invalid Form Body'],
  50083: [400, 'Thread is archived'],
  50109: [400, 'The request body contains invalid JSON.'],
  160002: [400, 'Cannot reply without permission to read message history'],
  160005: [403, 'Thread is locked'],
  200000: [400, 'Message was blocked by automatic moderation'],
}

export class Refusal extends Error {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Record<string, string>
  constructor(status: number, body: Record<string, unknown>, headers: Record<string, string> = {}) {
    super(`${status} ${body['code']} ${body['message']}`)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export function refusal(code: number): Refusal {
  const [status, message] = REFUSALS[code] ?? [400, 'Unknown error']
  return new Refusal(status, { message, code })
}

/** What is wrong in one place of a form. */
export type Issue = { path: (string | number)[]; code: string; message: string }

export const issue = (path: Issue['path'], code: string, message: string): Issue => ({ path, code, message })

export function invalidForm(issues: Issue[]): Refusal {
  const errors: Record<string, unknown> = {}
  for (const { path, code, message } of issues) {
    let node = errors
    for (const step of path) {
      node[step] ??= {}
      node = node[step] as Record<string, unknown>
    }
    node['_errors'] ??= []
    ;(node['_errors'] as unknown[]).push({ code, message })
  }
  return new Refusal(400, { message: 'Invalid Form Body', code: 50035, errors })
}

export const invalid = (path: Issue['path'], code: string, message: string) =>
  invalidForm([issue(path, code, message)])
export const required = (path: Issue['path']) => issue(path, 'BASE_TYPE_REQUIRED', 'This field is required')
