// Discord behind the chat port, by REST alone: what the courier and delivery use, in any process that has the bot's token.
import type { RouteLike } from '@discordjs/rest'
import { type APIMessage, MessageFlags } from 'discord-api-types/v10'
import { hasEnded } from '../../domain/card.ts'
import type { Pacing } from '../../domain/pace.ts'
import { ChatError } from '../../errors.ts'
import type { Chat } from '../chat.ts'
import { uploadSeconds } from '../upload-seconds.ts'
import { createFileLimit, FILE_BYTES } from './file-limit.ts'
import { createMessage, findCard, mentionOnce, tellPrivately } from './post.ts'
import { createReach, isAsleep } from './reach.ts'
import { renderCard } from './render.ts'
import { createDiscordRest, type DiscordAccess } from './rest.ts'
import { attachAll, type Form, MAX_REQUEST_BYTES } from './upload.ts'

/**
 * Seen limits are 5 edits in 5 s a channel, 3 in 6 s of messages older than an hour, and 50 requests a second in all; delivery, other
 * processes and answers to people need some of it.
 */
const PACING: Pacing = {
  firstSeconds: 1,
  messageSeconds: 5,
  channel: { edits: 4, seconds: 5 },
  workspace: null,
  app: { edits: 40, seconds: 1 },
  old: { afterSeconds: 3600, messageSeconds: 10, channel: { edits: 2, seconds: 6 } },
}
const MAX_FILES = 10
/** Encoding and sending need this much of the interaction's time. */
const DELIVERY_MS = 180_000

export function openDiscordChat(access: DiscordAccess): Chat {
  const rest = createDiscordRest(access)
  // Of its own, so that no edit waits behind a long upload to its channel.
  const uploads = createDiscordRest(access)
  const reach = createReach(rest)
  const fileLimitOf = createFileLimit(rest)

  return {
    platform: 'discord',
    app: access.applicationId,
    pacing: PACING,
    maxFiles: MAX_FILES,
    tokenEdits: true,
    // The nonce sees to it.
    doubtSeconds: 0,
    waveformWithStems: true,

    async maxFileBytes(message) {
      const said = message.maxFileBytes ?? FILE_BYTES
      // What Discord said holds for the interaction alone, and promises too much at times.
      const bytes = reach.liveToken(message, DELIVERY_MS)
        ? said
        : Math.min(said, await fileLimitOf(message.workspace))
      return Math.min(bytes, MAX_REQUEST_BYTES)
    },

    async find(message) {
      try {
        const read = (route: RouteLike) => rest.request<APIMessage>('GET', route, { byInteraction: true })
        const { id, flags = 0 } = await reach.byInteraction(message, read)
        // A private sentence, said when it was unknown whether the request was saved, shows nothing to the channel.
        if (!(flags & MessageFlags.Ephemeral)) return { id }
      } catch (error) {
        const isNone =
          error instanceof ChatError && (error.code === 'chat_expired' || error.code === 'chat_gone')
        if (!isNone) throw error
      }
      const id = await findCard(reach, message)
      return id ? { id } : 'absent'
    },

    async post(message, card) {
      const body = renderCard(card, { plain: message.plain, now: new Date() })
      // Another card after a deletion is another message.
      const about = `card ${message.requestId} ${message.postAfter.getTime()}`
      return (await reach.awake(message, () => createMessage(rest, message.channel, about, body))).id
    },

    async edit(message, card) {
      const body = renderCard(card, { plain: message.plain, now: new Date() })
      const write = () =>
        reach.byInteractionOrBot(message, (route, byInteraction) =>
          rest.request('PATCH', route, { body, byInteraction }),
        )
      if (hasEnded(card.state)) await reach.awake(message, write)
      else
        await write().catch((error: unknown) => {
          // Nobody looks at a sleeping thread: it is woken for the end, not for progress.
          if (!isAsleep(error)) throw error
        })
    },

    async attach(message, files, _text, turn, signal) {
      await turn() // reading back counts as an edit does, by an interaction
      const there = await reach
        .byInteractionOrBot(message, (route, byInteraction) =>
          rest.request<APIMessage>('GET', route, { byInteraction, signal }),
        )
        .catch((error: unknown) => {
          // Not allowed to read back: then every file is sent, in place of what may be there.
          if (error instanceof ChatError && error.code === 'chat_forbidden') return { attachments: [] }
          throw error
        })
      const patch = (form: Form) =>
        reach.byInteractionOrBot(message, (route, byInteraction) =>
          uploads.request<APIMessage>('PATCH', route, {
            form,
            byInteraction,
            timeoutSeconds: uploadSeconds(form.bytes.length),
            signal,
          }),
        )
      let edits = 0
      await attachAll(there.attachments, files, async (form) => {
        if (edits++ > 0) await turn()
        return reach.awake(message, () => patch(form))
      })
      return { mentioned: false }
    },

    // Its addresses are signed.
    fileAuthorization: async () => null,
    mention: (message, text) => mentionOnce(rest, reach, message, text),
    tell: (message, text) => tellPrivately(rest, reach, message, text),
  }
}
