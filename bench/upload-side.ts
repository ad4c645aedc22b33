// One side of the upload bench, in a process of its own: node bench/upload-side.ts <ours|filesUploadV2> <channel> <person> <workspace> <file> …
// Prints its peak memory in bytes and the seconds that the upload took.
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { type FilesUploadV2Arguments, WebClient } from '@slack/web-api'
import { slackAccess } from '../src/chat/slack/access.ts'
import { openSlackChat } from '../src/chat/slack/chat.ts'
import { readSettings } from '../src/config.ts'
import { cardOf } from '../src/domain/card.ts'
import { createLog } from '../src/log.ts'
import { openServices } from '../src/services.ts'
import { readCard } from '../src/store/cards.ts'
import { claimOnSlack } from '../test/support/claim-on-slack.ts'

const [side = '', channel = '', person = '', workspace = '', ...paths] = process.argv.slice(2)
const settings = readSettings(process.env, process.cwd())

async function ours(): Promise<number> {
  const services = await openServices(settings, createLog('silent'), () => {})
  const access = slackAccess(settings)
  if (!access) throw new Error('no Slack')
  const chat = openSlackChat(access, services.db)
  const message = await claimOnSlack(services, { workspace, channel, person })
  const facts = await readCard(services.db, message.requestId)
  if (!facts) throw new Error('no card')
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
