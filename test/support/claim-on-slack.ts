// A request as a command on Slack makes it, for whoever needs one without a bot that hears it.
import { randomUUID } from 'node:crypto'
import { SLACK_APP } from '../../src/chat/slack/chat.ts'
import { fileSource, type Source } from '../../src/domain/source.ts'
import { claim } from '../../src/queue/claim.ts'
import type { Services } from '../../src/services.ts'
import { findMessage, type Message } from '../../src/store/messages.ts'
import { NEW_MESSAGE } from './new-message.ts'

type Wish = {
  workspace: string
  channel: string
  person: string
  installation?: string
  source?: Source
  platform?: string
}

/** @returns the message that the request has, before it is posted */
export async function claimOnSlack(services: Services, wish: Wish): Promise<Message> {
  const { workspace, channel, person, installation = `-/${workspace}` } = wish
  const { platform = 'slack', source = fileSource(randomUUID().replaceAll('-', '').repeat(2), 'Song.flac') } =
    wish
  const { request } = await claim(services, {
    interaction: { platform, app: SLACK_APP, externalId: randomUUID(), person, workspace, channel },
    source,
    asked: { model: 'auto', stems: [], format: 'mp3' },
    separate: true,
    resumes: false,
    message: { ...NEW_MESSAGE, installation, personName: 'ann', isBegun: false },
    maxOpenRequests: Number.POSITIVE_INFINITY,
  })
  const message = await findMessage(services.db, request.id)
  if (!message) throw new Error('the request has no message')
  return message
}
