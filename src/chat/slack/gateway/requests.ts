// Signed requests: read here, so that what makes no sense ends before Bolt, which would end the process over it.
import type { IncomingMessage } from 'node:http'
import { HTTPReceiver } from '@slack/bolt'
import type { Log } from '../../../log.ts'
import type { Route } from '../../../web/node-routes.ts'
import { EVENTS_PATH } from '../manifest.ts'
import { boltLogger } from './bolt-logger.ts'
import { objectIn } from './json-object.ts'

/** Slack's own advice; Bolt takes any time that is to come. https://docs.slack.dev/authentication/verifying-requests-from-slack */
const LONGEST_AGE_SECONDS = 300
/** Slack's requests are a few kilobytes. */
const LONGEST_BODY_BYTES = 1024 ** 2

export function createRequests(signingSecret: string, log: Log): { receiver: HTTPReceiver; route: Route } {
  const receiver = new HTTPReceiver({ signingSecret, endpoints: EVENTS_PATH, logger: boltLogger(log) })
  const route: Route = {
    method: 'POST',
    path: EVENTS_PATH,
    maxBodyBytes: LONGEST_BODY_BYTES,
    async handle(request, response) {
      const rawBody = await bodyOf(request)
      if (!rawBody) return response.writeHead(413, { Connection: 'close' }).end()
      // Bolt compares the whole header.
      const [type = ''] = (request.headers['content-type'] ?? '').split(';')
      request.headers['content-type'] = type.trim().toLowerCase()
      if (!holdsObject(request.headers['content-type'], rawBody.toString()))
        return response.writeHead(400).end()
      if (isOfTheFuture(request)) return response.writeHead(401).end()
      return receiver.requestListener(Object.assign(request, { rawBody }), response)
    },
  }
  return { receiver, route }
}

/** @returns undefined when it is too long */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > LONGEST_BODY_BYTES) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function isOfTheFuture(request: IncomingMessage): boolean {
  const at = Number(request.headers['x-slack-request-timestamp'])
  return at - Date.now() / 1000 > LONGEST_AGE_SECONDS
}

function holdsObject(type: string, body: string): boolean {
  if (type !== 'application/x-www-form-urlencoded') return objectIn(body) !== undefined
  const payload = new URLSearchParams(body).get('payload')
  return payload === null || objectIn(payload) !== undefined
}
