// One side of the upload bench, in a process of its own: node bench/upload-side.ts <ours|filesUploadV2> <channel> <person> <workspace> <file> …
// Prints its peak memory in bytes and the seconds that the upload took.
import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { type FilesUploadV2Arguments, WebClient } from '@slack/web-api'
import { slackAccess } from '../src/chat/slack/access.ts'
import { openSlackChat, SLACK_APP } from '../src/chat/slack/chat.ts'
import { readSettings } from '../src/config.ts'
import { cardOf } from '../src/domain/card.ts'
import { fileSource } from '../src/domain/source.ts'
import { createLog } from '../src/log.ts'
import { claim } from '../src/queue/claim.ts'
import { openServices } from '../src/services.ts'
import { readCard } from '../src/store/cards.ts'
import { findMessage } from '../src/store/messages.ts'

const [side = '', channel = '', person = '', workspace = '', ...paths] = process.argv.slice(2)
const settings = readSettings(process.env, process.cwd())

async function ours(): Promise<number> {
  const services = await openServices(settings, createLog('silent'), () => {})
  const access = slackAccess(settings)
  if (!access) throw new Error('no Slack')
  const chat = openSlackChat(access, services.db)
  const { request } = await claim(services, {
    interaction: { platform: 'slack', app: SLACK_APP, externalId: randomUUID(), person, workspace, channel },
    source: fileSource(randomUUID().replaceAll('-', '').repeat(2), 'Song.flac'),
    asked: { model: 'auto', stems: [], format: 'wav' },
    separate: true,
    resumes: false,
    message: {
      interactionId: null,
      token: null,
      tokenExpiresAt: null,
      maxFileBytes: null,
      installation: `-/${workspace}`,
      personName: 'ann',
      isBegun: false,
    },
    maxOpenRequests: Number.POSITIVE_INFINITY,
  })
  const [message, facts] = [
    await findMessage(services.db, request.id),
    await readCard(services.db, request.id),
  ]
  if (!message || !facts) throw new Error('no message')
  const messageId = await chat.post(message, cardOf(facts, new Date()))
  const files = paths.map((path) => ({
    name: basename(path),
    description: basename(path),
    path,
    bytes: statSync(path).size,
  }))
  const startedAt = performance.now()
  await chat.attach({ ...message, messageId }, files, 'ready.', async () => {}, new AbortController().signal)
  const seconds = (performance.now() - startedAt) / 1000
  await services.close()
  return seconds
}

/** As the library offers it. */
async function filesUploadV2(): Promise<number> {
  const client = new WebClient(settings.SLACK_BOT_TOKEN, { slackApiUrl: settings.SLACK_API_URL })
  const { ts } = await client.chat.postMessage({ channel, text: 'card' })
  const uploads = paths.map((path) => ({ file: path, filename: basename(path) }))
  const startedAt = performance.now()
  await client.filesUploadV2({
    channel_id: channel,
    thread_ts: ts,
    file_uploads: uploads,
  } as FilesUploadV2Arguments)
  return (performance.now() - startedAt) / 1000
}

const seconds = side === 'ours' ? await ours() : await filesUploadV2()
console.log(JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1024, seconds }))
