// What Slack's errors mean to whoever asked, and what a person can do about them. Pure.
// https://docs.slack.dev/reference/methods, the errors of each method.
import { ChatError, type ChatErrorCode } from '../../errors.ts'

const MEANINGS: Record<string, ChatErrorCode> = {
  message_not_found: 'chat_gone',
  thread_not_found: 'chat_gone',
  cant_update_message: 'chat_uneditable',
  edit_window_closed: 'chat_uneditable',
  invalid_blocks: 'chat_text_refused',
  invalid_blocks_format: 'chat_text_refused',
  msg_blocks_too_long: 'chat_text_refused',
  msg_too_long: 'chat_text_refused',
  file_upload_size_restricted: 'chat_too_large',
  storage_limit_reached: 'chat_storage_full',
  file_uploads_disabled: 'chat_uploads_off',
  file_uploads_except_images_disabled: 'chat_uploads_off',
  slack_connect_file_upload_sharing_blocked: 'chat_uploads_off',
  file_type_not_allowed: 'chat_type_refused',
  slack_connect_blocked_file_type: 'chat_type_refused',
  ratelimited: 'chat_busy',
  rate_limited: 'chat_busy',
  message_limit_exceeded: 'chat_busy',
  internal_error: 'chat_unavailable',
  fatal_error: 'chat_unavailable',
  service_unavailable: 'chat_unavailable',
  request_timeout: 'chat_unavailable',
  team_added_to_org: 'chat_unavailable',
  org_login_required: 'chat_unavailable',
  invalid_auth: 'chat_unauthorized',
  not_authed: 'chat_unauthorized',
  token_revoked: 'chat_unauthorized',
  token_expired: 'chat_unauthorized',
  account_inactive: 'chat_unauthorized',
  app_access_restricted: 'chat_unauthorized',
}

/** Why nothing can be posted somewhere, where it helps to know. */
const NOWHERE: [RegExp, string][] = [
  [/^is_(archived|inactive)$/, 'This channel is archived: use another one.'],
  [
    /^(restricted_action.*|posting_to_channel_denied|no_permission|access_denied|ekm_access_denied)$/,
    'Only some people may post in this channel, and I am not among them: ask its admins, or use another one.',
  ],
  [
    /^slack_connect_|^not_allowed_for_connect|external_channel/,
    'This channel is shared with another organisation that does not let me post: use one of your own.',
  ],
  [/^messages_tab_disabled$/, 'I cannot be written to directly here: use a channel.'],
  [
    /^team_access_not_granted$/,
    'I was not granted this workspace: ask the admins of your organisation, then retry.',
  ],
]
/** That we are no member: `/invite` mends it. */
const NOT_IN = /^(not_in_channel|channel_not_found|user_not_in_channel)$/
/** Slack asks for minutes, and does not say how many. */
const BUSY_SECONDS = 60

/** Slack's word for what went wrong; undefined when it said none. */
export function slackError(error: unknown): string | undefined {
  return error instanceof ChatError
    ? (error.cause as { slackError?: string } | undefined)?.slackError
    : undefined
}

/** That the bot is not, and was not let, into the channel. */
export function isNotIn(error: unknown): boolean {
  return NOT_IN.test(slackError(error) ?? '')
}

export function notInSentence(botName: string): string {
  return `I am not in this channel: type /invite @${botName} in it, then /separate retry. In others' direct messages I cannot be: use a channel, or write to me.`
}

/** @param needed the scope that was missing */
export function chatErrorOf(word: string, needed: string | undefined, cause: Error): ChatError {
  const known = MEANINGS[word]
  if (known === 'chat_busy')
    return new ChatError(known, { cause, retryAfterSeconds: BUSY_SECONDS, pauses: 'workspace' })
  if (known) return new ChatError(known, { cause })
  if (word === 'missing_scope')
    return new ChatError('chat_forbidden', {
      cause,
      sentence: `I lack a right here (${needed ?? 'unknown'}): ask an admin of the workspace to install me again, then retry.`,
    })
  if (NOT_IN.test(word)) return new ChatError('chat_forbidden', { cause })
  const sentence = NOWHERE.find(([pattern]) => pattern.test(word))?.[1]
  return sentence
    ? new ChatError('chat_forbidden', { cause, sentence })
    : new ChatError('chat_refused', { cause })
}
