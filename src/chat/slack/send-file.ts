// A file sent to the address that Slack gave for it, streamed from disk: it is never whole in memory, and no token goes along.
import { createReadStream } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { ChatError } from '../../errors.ts'
import { uploadSeconds } from '../upload-seconds.ts'
import { isRefusal } from './web.ts'

const LONGEST_ANSWER = 1000
/** What Slack's upload host says of what it has received. */
const RECEIVED = /^OK - (\d+)/

/**
 * @param bytes what Slack was told that the file has
 * @throws ChatError `chat_unavailable` when the file has not arrived whole, `chat_refused` when it may not
 */
export async function sendFile(url: string, path: string, bytes: number, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(uploadSeconds(bytes) * 1000))])
  try {
    const { status, text } = await post(url, path, bytes, limit)
    const received = RECEIVED.exec(text)?.[1]
    const answered = new Error(`the upload was answered with ${status}`)
    if (isRefusal(status)) throw new ChatError('chat_refused', { cause: answered })
    if (status !== 200) throw answered
    if (received !== undefined && Number(received) !== bytes)
      throw new Error(`${received} of ${bytes} bytes arrived`)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ChatError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new ChatError('chat_unavailable', { cause: new Error(reason.replaceAll(url, '…')) })
  }
}

async function post(
  url: string,
  path: string,
  bytes: number,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const open = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest
  const request = open(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes },
    signal,
  })
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        if (text.length < LONGEST_ANSWER) text += part
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
  })
  // Either may fail first; an answer may come before all is sent.
  const sent = pipeline(createReadStream(path), request).catch(() => answered)
  const [answer] = await Promise.all([answered, sent])
  return answer
}
