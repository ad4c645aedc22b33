// Slack behind the chat port, by its Web API alone: what the courier and delivery use, in any process that has the credentials.
import type { Card } from '../../domain/card.ts'
import type { Pacing } from '../../domain/pace.ts'
import { ChatError, ERRORS } from '../../errors.ts'
import type { Database } from '../../store/database.ts'
import type { Message } from '../../store/messages.ts'
import { refusesPlans, takesPlans } from '../../store/slack-workspaces.ts'
import type { Chat } from '../chat.ts'
import type { SlackAccess } from './access.ts'
import { installationOf, openInstallations } from './installations.ts'
import { isGone } from './is-gone.ts'
import { isNotIn, notInSentence, slackError } from './meanings.ts'
import { mentionOnce } from './mention.ts'
import { escapeMrkdwn, mentionOf } from './mrkdwn.ts'
import { hasPlan } from './plan.ts'
import { type CardMessage, renderCard } from './render.ts'
import { shareFiles } from './share.ts'
import { tellPrivately } from './tell.ts'
import { isOurs, metadataOf, saidSince } from './thread.ts'
import { CALL_OVER_SECONDS, createSlackWeb } from './web.ts'

/**
 * chat.update may be called 50 times a minute in a workspace, whatever the message, and 40 are ours: 2 in 3.5 s are 36 at most, never all
 * at once, however they are late. Posts go one a second to a channel, with short bursts. https://docs.slack.dev/apis/web-api/rate-limits
 */
const PACING: Pacing = {
  firstSeconds: 0,
  messageSeconds: 4,
  channel: { edits: 5, seconds: 5 },
  workspace: { edits: 2, seconds: 3.5 },
  app: { edits: 40, seconds: 1 },
  old: null,
}
/** One Slack app for a database. */
export const SLACK_APP = 'slack'
const MAX_FILES = 10
/** https://slack.com/help/articles/201330736 */
const FILE_BYTES = 1024 ** 3

export function openSlackChat(access: SlackAccess, db: Database): Chat {
  const installations = openInstallations(access, db)
  const web = createSlackWeb({ apiUrl: access.apiUrl, installations, single: access.client === null })

  /** A member of every public channel that it is asked in; of others, a person has to make it one. */
  const asMember = async <T>(message: Message, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      if (!isNotIn(error)) throw error
      if (slackError(error) !== 'not_in_channel') throw await notIn(message, error)
      await join(message)
      return call()
    }
  }
  const join = async (message: Message): Promise<void> => {
    try {
      await web.call(message, 'conversations.join', { channel: message.channel })
    } catch (error) {
      // That it is archived, say, is worth more than that we are not in it.
      const isTelling = error instanceof ChatError && (error.passing || error.message !== ERRORS[error.code])
      throw isTelling ? error : await notIn(message, error)
    }
  }
  const notIn = async (message: Message, cause: unknown): Promise<ChatError> => {
    const name = await web
      .call<{ user?: string }>(message, 'auth.test', {})
      .then(({ user }) => user ?? 'me')
      .catch(() => 'me')
    return new ChatError('chat_forbidden', { cause, sentence: notInSentence(name) })
  }

  /** @param write is given the card without a plan where the workspace refuses it, from then on for good */
  const written = async <T>(
    message: Message,
    card: Card,
    write: (content: CardMessage) => Promise<T>,
  ): Promise<T> => {
    const { plain, personName, workspace } = message
    const render = (plans: boolean) => renderCard(card, { plain, plans, personName, now: new Date() })
    const content = render(await takesPlans(db, workspace))
    if (!hasPlan(content.blocks)) return write(content)
    try {
      return await write(content)
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'chat_text_refused') throw error
      const result = await write(render(false))
      await refusesPlans(db, workspace)
      return result
    }
  }

  return {
    platform: 'slack',
    app: SLACK_APP,
    pacing: PACING,
    tokenEdits: false,
    doubtSeconds: CALL_OVER_SECONDS,
    maxFiles: MAX_FILES,
    waveformWithStems: false,

    maxFileBytes: async (message) => message.maxFileBytes ?? FILE_BYTES,

    async find(message) {
      const said = await saidSince(web, message)
      const id = said.find((one) => isOurs(one, message, 'card'))?.ts
      return id ? { id } : 'absent'
    },

    async post(message, card) {
      const post = (content: CardMessage) =>
        web.call<{ ts: string }>(message, 'chat.postMessage', {
          channel: message.channel,
          ...content,
          metadata: metadataOf(message, 'card'),
          unfurl_links: false,
          unfurl_media: false,
        })
      return (await asMember(message, () => written(message, card, post))).ts
    },

    async edit(message, card) {
      await written(message, card, (content) =>
        web.call(message, 'chat.update', { channel: message.channel, ts: message.messageId, ...content }),
      )
    },

    async attach(message, files, text, _turn, signal) {
      if (files.length === 0) return { mentioned: false }
      // Files would come to the thread of a card that a person has deleted.
      if (await isGone(web, message)) throw new ChatError('chat_gone')
      const comment = text === null ? null : `${mentionOf(message.person)} ${escapeMrkdwn(text)}`
      await asMember(message, () => shareFiles({ web, db }, message, files, comment, signal))
      return { mentioned: comment !== null }
    },

    mention: (message, text) => mentionOnce({ web, db }, message, text),

    async fileAuthorization(place) {
      return place && `Bearer ${await installations.tokenOf(installationOf(place))}`
    },

    tell: (message, text) => tellPrivately(web, message, text),
  }
}
