// Hands a request's files over on a chat platform: attached to its message, each once, then one mention of the person who asked.
// Everything here may be done again after a crash: the platform's side of the port finds out what is there already.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Attachment, Chat } from '../chat/chat.ts'
import { type CardSong, listNote } from '../domain/card.ts'
import { attachmentName, songName } from '../domain/names.ts'
import { channelBudget, secondsBetweenEdits } from '../domain/pace.ts'
import { type Delivered, packingNotes, smallerLimit, tooLongNote } from '../domain/packing.ts'
import { resultsLink } from '../domain/results-link.ts'
import { ChatError } from '../errors.ts'
import type { Encoding } from '../store/encodings.ts'
import {
  channelHasRoom,
  findMessage,
  insertSongMessage,
  lowerFileLimit,
  type Message,
  messageGoesPlain,
  messageIsGone,
  postponeEdits,
  reserveEdit,
  wantNewMessage,
} from '../store/messages.ts'
import type { Request } from '../store/requests.ts'
import { resultsAddress } from '../store/results.ts'
import { notifyCards } from '../store/stages.ts'
import { inSpan } from '../telemetry/spans.ts'
import { type Encoded, encodeToFit, type Finished } from './encoding.ts'
import { encodeForPlayer } from './player.ts'
import { partOf, type StageDeps, type StageRun } from './stage.ts'

/** What was handed over, and what there is to say of it. */
export type Handed = Omit<Delivered, 'analysis'>

/** An album or a playlist whose songs have all ended. */
export type EndedList = { request: Request; title: string; songs: CardSong[] }

const WAVEFORM = 'waveform.png'
const ROOM_MS = 250

/** @throws ChatError `chat_waiting` while the courier has still to make the message; whatever the platform says besides */
export async function upload(
  chat: Chat,
  deps: StageDeps,
  finished: Finished,
  run: StageRun,
): Promise<Handed> {
  const { masters } = finished
  const hasPages = deps.settings.PUBLIC_URL !== undefined
  let player: Encoding[] | undefined
  for (;;) {
    const message = await messageOf(deps, finished.request)
    const maxFileBytes = await chat.maxFileBytes(message)
    const encode = async (most: number) =>
      masters && (await encodeToFit(deps, finished, masters, most, partOf(run, 0, 0.4)))
    const fitting = await encode(maxFileBytes)
    // What no message takes can be downloaded from the page.
    const encoded = fitting ?? (hasPages ? await encode(Number.POSITIVE_INFINITY) : undefined)
    // Before the files are there, so that the page is whole when it is linked to; once, however often they are attached.
    player ??= masters && hasPages ? await encodeForPlayer(deps, masters, partOf(run, 0.4, 0.5)) : []
    try {
      const { mentioned } = await attach(chat, deps, finished, run, message, fitting)
      run.signal.throwIfAborted()
      // Of a list the person is told once, when it has ended.
      if (!mentioned && !finished.request.parentId)
        await mention(chat, deps, message, (plain) => readyText(finished, plain))
      const notes = fitting ? packingNotes(finished.request.format, fitting, maxFileBytes) : []
      if (masters && !fitting) notes.push(tooLongNote(maxFileBytes))
      return { ...(await handedOver(deps, finished, encoded)), notes, player }
    } catch (error) {
      if (!(error instanceof ChatError)) throw error
      await adapt(chat, deps, message, maxFileBytes, error)
    }
  }
}

/** Makes the next try another one. @throws the error when there is nothing to be changed */
async function adapt(
  chat: Chat,
  { db }: StageDeps,
  message: Message,
  maxFileBytes: number,
  error: ChatError,
): Promise<void> {
  const { requestId } = message
  const smaller = smallerLimit(maxFileBytes)
  if (error.code === 'chat_too_large' && smaller) return lowerFileLimit(db, requestId, smaller)
  if (error.code === 'chat_text_refused' && !message.plain) return messageGoesPlain(db, requestId)
  if (error.code === 'chat_gone' && message.state !== 'deleted')
    return messageIsGone(db, requestId, message.messageId, 'deleted')
  if (error.code === 'chat_busy' && error.pauses !== 'call') {
    const gapSeconds = secondsBetweenEdits(chat.pacing, message, Date.now())
    await postponeEdits(db, message, error.pauses, error.retryAfterSeconds, gapSeconds)
  }
  throw error
}

/**
 * The message that gets the files; where a person has deleted it, another is asked for. A song of a list has none until there is
 * something to hang on it.
 */
async function messageOf({ db }: StageDeps, { id, parentId, trackId }: Request): Promise<Message> {
  const message = await findMessage(db, id)
  if (!message && !parentId) throw new Error(`request ${id} has no message`)
  if (message && message.state !== 'deleted' && message.messageId !== null) return message
  if (!message && parentId) await insertSongMessage(db, id, parentId)
  else await wantNewMessage(db, id)
  await notifyCards(db, trackId)
  throw new ChatError('chat_waiting', { retryAfterSeconds: 1 })
}

/** Tells who asked for a list that it has ended, once. */
export async function tellOfList(
  chat: Chat,
  deps: StageDeps,
  { request, title, songs }: EndedList,
): Promise<void> {
  const message = await messageOf(deps, request)
  const end = `(#${request.number}): ${listNote(songs)}.`
  await mention(chat, deps, message, (plain) => (plain ? `a list ${end}` : `${title} ${end}`))
}

async function attach(
  chat: Chat,
  deps: StageDeps,
  finished: Finished,
  run: StageRun,
  message: Message,
  encoded: Encoded | undefined,
): Promise<{ mentioned: boolean }> {
  const { request, track, analysed } = finished
  run.onProgress(0.5, 'uploading')
  const song = message.plain ? { artist: null, title: '' } : track
  const fallback = `song-${request.number}`
  const stems = (encoded?.stems ?? []).map(async ({ stem, file, bytes }) => ({
    name: attachmentName(song, stem, encoded?.format ?? '', fallback),
    description: message.plain ? stem : `${songName(track)} (${stem})`,
    path: await run.folder.localPath(file),
    bytes,
  }))
  const attachments: Attachment[] = await Promise.all(stems)
  const hasRoom = chat.waveformWithStems || attachments.length === 0
  if (hasRoom && analysed?.result.files.includes(WAVEFORM)) {
    const path = await run.folder.localPath(join(analysed.folder, WAVEFORM))
    attachments.push({ name: WAVEFORM, description: 'Waveform', path, bytes: (await stat(path)).size })
  }
  const files = attachments.slice(0, chat.maxFiles)
  const text = request.parentId ? null : readyText(finished, message.plain)
  const turn = () => inSpan('wait to edit', {}, () => editTurn(chat, deps, message, run))
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const attributes = { platform: chat.platform, files: files.length, bytes }
  return inSpan('upload', { kind: 'client', attributes }, () =>
    chat.attach(message, files, text, turn, run.signal),
  )
}

/** What can be downloaded from the results page, and where that is. */
async function handedOver(
  { db, settings: { PUBLIC_URL } }: StageDeps,
  { request }: Finished,
  encoded: Encoded | undefined,
): Promise<Omit<Handed, 'notes' | 'player'>> {
  const link = PUBLIC_URL ? resultsLink(PUBLIC_URL, await resultsAddress(db, request.id, new Date())) : null
  return { stems: [], format: request.format, bitrateKbps: 0, ...encoded, link }
}

/** What the person who asked is told. @param plain without the song's own words */
function readyText({ request, track, masters }: Finished, plain: boolean): string {
  const [what, are] = masters ? ['stems', 'are'] : ['analysis', 'is']
  return plain
    ? `the ${what} of request #${request.number} ${are} ready.`
    : `the ${what} of ${songName(track)} (#${request.number}) ${are} ready.`
}

/**
 * What there is to give is there, so nothing that is wrong with the mention makes the request a failure.
 * @param textOf given true without the song's own words
 */
async function mention(
  chat: Chat,
  { log }: StageDeps,
  message: Message,
  textOf: (plain: boolean) => string,
): Promise<void> {
  const plain = textOf(true)
  const named = textOf(false)
  for (const text of message.plain ? [plain] : [named, plain]) {
    try {
      const attributes = { platform: chat.platform }
      return await inSpan('mention', { kind: 'client', attributes }, () => chat.mention(message, text))
    } catch (error) {
      if (!(error instanceof ChatError) || error.passing) throw error
      log.info({ code: error.code }, 'the mention was refused')
      if (error.code !== 'chat_text_refused') break
    }
  }
  await chat.tell(message, plain)
}

/** Waits until the message may be edited: the courier may have done so just now, and others' messages in the channel too. */
async function editTurn(
  chat: Chat,
  { db }: StageDeps,
  message: Message,
  { signal }: StageRun,
): Promise<void> {
  const nowMs = Date.now()
  const { waitMs } = await reserveEdit(
    db,
    message.requestId,
    secondsBetweenEdits(chat.pacing, message, nowMs),
  )
  await setTimeout(waitMs, undefined, { signal })
  // One more than the courier takes: its edits do not keep the files away.
  const { edits, seconds } = channelBudget(chat.pacing, message, nowMs)
  while (!(await channelHasRoom(db, message.requestId, { edits: edits + 1, seconds })))
    await setTimeout(ROOM_MS, undefined, { signal })
}
