// Files into the thread of a message, all in one message of their own, with or without words for the person who asked. Every step is written
// down before or after it, so that a repeat goes on where the last one ended; what Slack shows is asked of Slack, not believed.
import { setTimeout } from 'node:timers/promises'
import { ChatError } from '../../errors.ts'
import type { Database } from '../../store/database.ts'
import type { Message } from '../../store/messages.ts'
import {
  beginSharing,
  endSharing,
  findUpload,
  saveUploaded,
  sharingIsSaid,
  startOver,
  type Upload,
  type Uploaded,
} from '../../store/slack-uploads.ts'
import type { Attachment } from '../chat.ts'
import { slackError } from './meanings.ts'
import { sendFile } from './send-file.ts'
import { threadOf } from './thread.ts'
import { CALL_OVER_SECONDS, type SlackWeb } from './web.ts'

type Deps = { web: SlackWeb; db: Database }

/** Slack shows files some seconds after it was asked; after this it is taken to have forgotten them. */
const SHOWN_WITHIN_MS = 60_000
const FIRST_LOOK_MS = 250
const LONGEST_LOOK_MS = 4_000
/** New files are sent once. */
const MOST_UNSHOWN = 2

/** @throws ChatError; `chat_unavailable` when it is unknown whether they are shown */
export async function shareFiles(
  deps: Deps,
  message: Message,
  files: Attachment[],
  comment: string | null,
  signal: AbortSignal,
): Promise<void> {
  const { db } = deps
  const { requestId } = message
  const thread = message.messageId ?? ''
  for (;;) {
    const upload = await findUpload(db, requestId, thread)
    if (upload.sharingForMs === null) {
      const sent = await sendMissing(deps, message, files, upload.files, signal)
      await askToShare(deps, message, files, sent, comment)
      continue
    }
    if (await areShown(deps, message, upload, upload.sharingForMs, signal)) return
    if (!upload.saidShared) {
      // It never came to it: the same files once more.
      await endSharing(db, requestId)
      continue
    }
    const unshown = upload.unshown + 1
    await startOver(db, requestId, unshown % MOST_UNSHOWN)
    if (unshown === MOST_UNSHOWN)
      throw new ChatError('chat_refused', {
        sentence: 'Slack took the files twice and showed them neither time: press Retry in a while.',
      })
  }
}

/** Sends what Slack does not have yet. @returns all files, in their order */
async function sendMissing(
  { web, db }: Deps,
  message: Message,
  files: Attachment[],
  there: Uploaded[],
  signal: AbortSignal,
): Promise<Uploaded[]> {
  const sent: Uploaded[] = []
  for (const { name, bytes, path } of files) {
    const known = there.find((one) => one.name === name && one.bytes === bytes)
    if (known) {
      sent.push(known)
      continue
    }
    const place = await web.call<{ upload_url: string; file_id: string }>(
      message,
      'files.getUploadURLExternal',
      { filename: name, length: bytes },
      { signal },
    )
    await sendFile(place.upload_url, path, bytes, signal)
    sent.push({ name, bytes, id: place.file_id })
    await saveUploaded(db, message.requestId, sent)
  }
  return sent
}

async function askToShare(
  { web, db }: Deps,
  message: Message,
  files: Attachment[],
  sent: Uploaded[],
  comment: string | null,
): Promise<void> {
  await beginSharing(db, message.requestId)
  try {
    await web.call(message, 'files.completeUploadExternal', {
      files: sent.map(({ id }, index) => ({ id, title: files[index]?.description ?? '' })),
      channel_id: message.channel,
      thread_ts: message.messageId,
      ...(comment === null ? {} : { initial_comment: comment }),
    })
  } catch (error) {
    // Without an answer it may have taken effect: whoever comes next looks first.
    if (!(error instanceof ChatError) || error.code === 'chat_unavailable') throw error
    if (slackError(error) !== 'file_not_found') {
      await endSharing(db, message.requestId)
      throw error
    }
    // Slack keeps what nobody shares for a while only.
    await startOver(db, message.requestId, 0)
    throw new ChatError('chat_unavailable', { cause: error })
  }
  await sharingIsSaid(db, message.requestId)
}

/** Whether every file has come to the channel: Slack's own word that it was done is not enough. */
async function areShown(
  { web }: Deps,
  message: Message,
  { files, saidShared }: Upload,
  sharingForMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const sinceMs = Date.now() - sharingForMs
  let pauseMs = FIRST_LOOK_MS
  for (const [index, { id }] of files.entries()) {
    for (;;) {
      const standing = await standingOf(web, message, id, signal)
      if (standing === 'shown') break
      const forMs = Date.now() - sinceMs
      // What nobody has shared, Slack may not know at all.
      const isUnasked = standing === 'unknown' && !saidShared
      if (forMs > (isUnasked ? CALL_OVER_SECONDS * 1000 : SHOWN_WITHIN_MS))
        // They come in one message: where one is, the others are or follow.
        return index > 0 || (await threadHas(web, message, id))
      await setTimeout(pauseMs, undefined, { signal })
      pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_MS)
    }
  }
  return files.length > 0
}

type Shares = Record<string, Record<string, { thread_ts?: string }[] | undefined> | undefined>

/** A file that a person has deleted was shown. */
async function standingOf(
  web: SlackWeb,
  message: Message,
  file: string,
  signal: AbortSignal,
): Promise<'shown' | 'hidden' | 'unknown'> {
  try {
    const answer = await web.call<{ file: { shares?: Shares } }>(message, 'files.info', { file }, { signal })
    const shares = Object.values(answer.file.shares ?? {}).flatMap(
      (places) => places?.[message.channel] ?? [],
    )
    return shares.some(({ thread_ts }) => !thread_ts || thread_ts === message.messageId) ? 'shown' : 'hidden'
  } catch (error) {
    if (slackError(error) === 'file_deleted') return 'shown'
    if (slackError(error) === 'file_not_found') return 'unknown'
    throw error
  }
}

async function threadHas(web: SlackWeb, message: Message, file: string): Promise<boolean> {
  const replies = await threadOf(web, message)
  return replies.some(({ files }) => files?.some(({ id }) => id === file))
}
