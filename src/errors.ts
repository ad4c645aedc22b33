// Four kinds of error, and the one table of their codes.
// UserError: said to the person, never retried.  ToolError: a Python tool's answer, retryable or not.
// ChatError: a chat platform's answer; what it means to whoever asked stands in its code.  PauseError: somebody asks to be left alone.

/** What each code means, in the words a person reads when no better sentence came with it. */
export const ERRORS = {
  bad_usage: 'The command was not understood: see --help.',
  bad_settings: 'A setting is wrong: correct it in the environment or in .env.',
  not_a_song:
    'That is neither a file nor a link to a song: give a file, an http(s) link or a Spotify track link.',
  too_many_requests: 'You have too many songs under way: wait until one is done, or cancel one.',
  not_yours: 'Only the person who asked or a moderator can do that.',
  not_allowed: 'Only people who may manage the server, workspace or room can do that.',
  no_such_request: 'There is no such request here: status lists yours.',
  nothing_to_cancel: 'That request has ended already.',
  nothing_to_retry: 'That request has not failed: there is nothing to try again.',
  nothing_to_choose: 'There is nothing to choose any more: the request has gone on, or has ended.',
  unsure: 'It is not sure which recording it is: ask for it alone to choose, or give its link by /wrong.',
  not_chosen: 'Nobody chose which recording it is: ask again.',
  source_closed: 'Songs are not taken that way here.',
  list_failed: 'None of its songs could be delivered.',
  spotify_rate_limited: 'Spotify allows no more questions now: send a YouTube link or the file itself.',
  no_results: 'That request has no page: it has not been delivered.',
  no_public_url:
    'The pages cannot be reached from here: set PUBLIC_URL to where people reach the web server.',
  missing_permissions: 'I may not do that in this channel.',
  unsafe_attachment: 'That file does not lie on the chat platform itself: upload it there, and give that.',
  room_closed: 'This room is open on the machine that it runs on alone: set ACCESS_SECRET to let others in.',
  not_entered: 'Enter the room first: load the page again.',
  bad_name: 'Give a name that the others can read.',
  wrong_secret: 'That is not the secret of this room: ask whoever runs it.',
  too_many_attempts: 'Too many wrong secrets came from here: wait a minute.',
  list_empty: 'There is no song in it that can be fetched: give another list, or the link of a song.',
  no_such_room: "There can be no such room: a room's name has small letters, digits and dashes.",
  too_many_visits: 'This room is open in too many tabs: close some.',
  too_many_uploads: 'Too many files are being uploaded just now: try again in a moment.',
  upload_gone: 'The uploaded file is no longer there: choose it again.',
  attachment_gone: 'The attached file is no longer there: attach it again.',
  nothing_found: 'Nothing was found for those words: give a link, or the artist and the title.',
  unsupported_link: 'That link does not name one song: give the link of a single track.',
  file_not_found: 'There is no such file: check the path.',
  not_a_file: 'That is not an ordinary file: give an audio file.',
  file_unreadable: 'The file cannot be read: check its permissions.',
  empty_file: 'The file is empty: give an audio file.',
  too_large: 'The file is too large: give a smaller one or raise MAX_UPLOAD_BYTES.',
  unknown_stem: 'The model does not make that stem.',
  unknown_model: 'There is no such model: see `npm run models`.',
  model_elsewhere: 'It waits for a worker that has its model.',
  weights_unavailable:
    'The weights of the model cannot be had here: run `npm run models`, or use MODEL=starter.',
  database_unavailable: 'The database cannot be reached: check DATABASE_URL.',
  database_refused: 'PostgreSQL cannot be started here: set DATABASE_URL.',
  setup_incomplete: 'Something is missing: run `npm run setup`.',
  output_unwritable: 'The stems cannot be written there: choose another folder with --out.',
  files_unavailable: 'The file store cannot be reached: try again in a minute.',
  files_gone: 'Files of this song are no longer there: ask for it again, or press Retry.',
  disk_full: 'The disk is full: free some space and run the same command again.',
  out_of_memory: 'There was not enough memory for this song: close other programs or use a smaller model.',
  not_audio: 'That is not audio that can be decoded: give another file.',
  tool_crashed: 'The tool stopped without an answer.',
  tool_stalled: 'The tool stopped making progress and was ended.',
  bad_answer: 'The tool gave an answer that makes no sense.',
  crashed_repeatedly: 'The work crashed five times: it is not tried again, as it may be what crashes us.',
  job_failed: 'The job was ended from outside: ask for the song again.',
  cancelled: 'Cancelled.',
  chat_unavailable: 'The chat platform did not take it: press Retry when it is well again.',
  chat_busy: 'The chat platform asked for a pause.',
  chat_waiting: 'The message for the stems is still to be made.',
  chat_gone: 'The message is no longer there.',
  chat_uneditable: 'The message can be changed no more.',
  chat_expired: 'The time in which the command could be answered is over.',
  chat_forbidden: 'I may not post in that channel: let me view it and attach files there, then retry.',
  chat_text_refused: 'The server refuses the words of that song.',
  chat_storage_full:
    'The workspace has no room left for files: delete some, or ask for mp3 or fewer stems, then retry.',
  chat_uploads_off: 'The workspace lets nobody upload such files: ask its admins to allow it, then retry.',
  chat_type_refused: 'The workspace does not take files of that type: ask for another format.',
  chat_too_large: 'The files are larger than this channel takes: ask for fewer stems or for mp3.',
  chat_refused: 'The chat platform refused the message: report it if it stays.',
  chat_unauthorized: 'The chat platform does not accept the token of the bot: check it and start again.',
  internal: 'Something went wrong inside: run the same command again, and report it if it stays.',
} as const

export type ErrorCode = keyof typeof ERRORS | (string & {})

/** A mistake or a limit that the person who asked can do something about. */
export class UserError extends Error {
  override name = 'UserError'
  readonly code: ErrorCode
  constructor(code: ErrorCode, message?: string, options?: ErrorOptions) {
    super(message ?? ERRORS[code as keyof typeof ERRORS] ?? code, options)
    this.code = code
  }
}

/** A tool's run that ended badly. `retryable`: the same run may succeed another time. */
export class ToolError extends Error {
  override name = 'ToolError'
  readonly code: ErrorCode
  readonly retryable: boolean
  /** The last lines of the tool's stderr, for the log only. */
  readonly stderrTail: string
  /** How long whoever was asked wants to be left alone, where they said so. */
  readonly retryAfterSeconds: number | undefined
  /** Which song it is about, as a catalogue has it, where that is known. */
  readonly song: object | undefined
  constructor(
    code: ErrorCode,
    message: string | undefined,
    retryable: boolean,
    stderrTail = '',
    more: { retryAfterSeconds?: number | undefined; song?: object | undefined } = {},
  ) {
    super(message ?? ERRORS[code as keyof typeof ERRORS] ?? code)
    this.code = code
    this.retryable = retryable
    this.stderrTail = stderrTail
    this.retryAfterSeconds = more.retryAfterSeconds
    this.song = more.song
  }
}

/** Whoever was asked wants to be left alone for a while: the work waits for that, which costs no attempt. */
export class PauseError extends Error {
  override name = 'PauseError'
  readonly code: ErrorCode
  readonly retryAfterSeconds: number
  constructor(code: ErrorCode, message: string, retryAfterSeconds: number, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/**
 * What a chat platform's answer means: the message or channel is gone; the message stands and cannot be changed; the interaction's own token is; we may not; its words are refused; a file is too large, has no
 * room, or may not be uploaded at all or not of its type; wait `retryAfterSeconds`; there is no message yet; the outcome is unknown, repeat after reading back; the request is wrong, which is our fault; the token is.
 */
export type ChatErrorCode =
  | 'chat_gone'
  | 'chat_uneditable'
  | 'chat_expired'
  | 'chat_forbidden'
  | 'chat_text_refused'
  | 'chat_too_large'
  | 'chat_storage_full'
  | 'chat_uploads_off'
  | 'chat_type_refused'
  | 'chat_busy'
  | 'chat_waiting'
  | 'chat_unavailable'
  | 'chat_refused'
  | 'chat_unauthorized'

/** A pause holds for edits in a channel, in a workspace, or everywhere; or for that one call alone. */
type Pauses = 'call' | 'channel' | 'workspace' | 'everywhere'

export class ChatError extends Error {
  override name = 'ChatError'
  readonly code: ChatErrorCode
  readonly retryAfterSeconds: number
  /** What a pause that was asked for is for. */
  readonly pauses: Pauses
  /** @param options.sentence what to do about it on this platform, where that can be said better than by the code */
  constructor(
    code: ChatErrorCode,
    options: ErrorOptions & { retryAfterSeconds?: number; pauses?: Pauses; sentence?: string } = {},
  ) {
    super(options.sentence ?? ERRORS[code], options)
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds ?? 0
    this.pauses = options.pauses ?? 'channel'
  }
  /** Whether the same call may succeed later. */
  get passing(): boolean {
    return ['chat_busy', 'chat_waiting', 'chat_unavailable', 'chat_unauthorized'].includes(this.code)
  }
}

/** The disk or the account's share of it is full; 53100 is PostgreSQL's way to say so. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', '53100'].includes((error as NodeJS.ErrnoException | null)?.code ?? '')
}

/** The one place that turns any error into a code and a sentence fit for people. */
export function describeError(error: unknown): { code: ErrorCode; message: string; retryable: boolean } {
  if (error instanceof ToolError)
    return { code: error.code, message: error.message, retryable: error.retryable }
  if (error instanceof ChatError)
    return { code: error.code, message: error.message, retryable: error.passing }
  if (error instanceof PauseError) return { code: error.code, message: error.message, retryable: true }
  if (error instanceof UserError) return { code: error.code, message: error.message, retryable: false }
  if (isDiskFull(error)) return { code: 'disk_full', message: ERRORS.disk_full, retryable: true }
  const code = (error as NodeJS.ErrnoException | null)?.code
  // 08…, 57P0x and refused connections are a database that is away.
  if (code && /^(08|57P0|ECONN|EPIPE|ETIMEDOUT)/.test(code)) {
    return { code: 'database_unavailable', message: ERRORS.database_unavailable, retryable: true }
  }
  return { code: 'internal', message: ERRORS.internal, retryable: true }
}
