// Brings what people do to the app, over a socket or signed HTTP, and takes what it answers.
import { randomUUID } from 'node:crypto'
import { takeAck } from './acks.ts'
import { parse } from './body.ts'
import type { Answer, Interaction } from './interaction.ts'
import { isObject, type Json } from './rules.ts'
import { type HttpAnswer, type Signature, sendSigned } from './signed.ts'
import { ACK_WITHIN_MS, type Sockets } from './sockets.ts'
import type { World } from './world.ts'

export type More = {
  /** A socket, when one is open, unless told otherwise. */
  via?: 'http' | 'socket'
  /** How often the same thing arrives; the second time with the same envelope id, the third with another. */
  deliver?: number
  /** Of several deliveries, the real time between two; all at once, when left out. */
  apartSeconds?: number
  signature?: Signature
  /** What the payload has in place of what is usual. */
  odd?: (payload: Json) => void
}

const FORM = 'application/x-www-form-urlencoded'
/** Slack tries an event again: at once, after a minute, after five. */
const EVENT_RETRIES_MS = [0, 60_000, 300_000]

export type Delivery = ReturnType<typeof createDelivery>

export function createDelivery(world: World, sockets: Sockets, eventsUrl: () => string | undefined) {
  const failed = (afterMs: number, error: Answer['error']): Answer => ({
    status: 0,
    ackedAfterMs: afterMs,
    body: undefined,
    text: '',
    ...(error ? { error } : {}),
  })

  const overSocket = async (interaction: Interaction, envelopeId: string, retry?: Retry): Promise<Answer> => {
    const { kind, payload } = interaction
    const type = kind === 'command' ? 'slash_commands' : kind === 'event' ? 'events_api' : 'interactive'
    const acceptsBody = kind === 'command' || kind === 'view_submission'
    const again = retry ? { retry_attempt: retry.number, retry_reason: retry.reason } : {}
    const ack = await sockets.send(
      { type, payload, accepts_response_payload: acceptsBody, ...again },
      envelopeId,
    )
    if (!ack) return failed(ACK_WITHIN_MS, 'operation_timeout')
    takeAck(world, interaction, ack.payload)
    const text = ack.payload === undefined ? '' : JSON.stringify(ack.payload)
    return { status: 200, ackedAfterMs: ack.afterMs, body: ack.payload, text }
  }

  const bodyOf = ({ kind, payload }: Interaction) => {
    if (kind === 'event') return { type: 'application/json', body: JSON.stringify(payload) }
    const fields =
      kind === 'command' ? (payload as Record<string, string>) : { payload: JSON.stringify(payload) }
    return { type: FORM, body: new URLSearchParams(fields).toString() }
  }

  const overHttp = async (
    interaction: Interaction,
    url: string,
    more: More,
    retry?: Retry,
  ): Promise<Answer> => {
    const { type, body } = bodyOf(interaction)
    const headers = retry
      ? { 'X-Slack-Retry-Num': String(retry.number), 'X-Slack-Retry-Reason': retry.reason }
      : {}
    const answer = await sendSigned(world, url, body, { type, headers, signature: more.signature ?? 'right' })
    const { status, afterMs, text } = answer
    if (answer.lost === 'timeout') {
      world.problems.push(`no ack of a ${interaction.kind} within ${ACK_WITHIN_MS} ms`)
      return failed(afterMs, 'operation_timeout')
    }
    if (answer.lost) return failed(afterMs, 'dispatch_failed')
    const json = parse(text)
    if (status === 200) takeAck(world, interaction, contentOf(answer, json))
    return {
      status,
      ackedAfterMs: afterMs,
      body: json,
      text,
      ...(status === 200 ? {} : { error: 'dispatch_failed' as const }),
      ...(interaction.kind === 'event' && answer.headers['x-slack-no-retry'] ? { noRetry: true } : {}),
    }
  }
  const contentOf = ({ type, text }: HttpAnswer, json: unknown): unknown => {
    if (text === '') return ''
    if (/^application\/json\b/i.test(type)) {
      if (isObject(json)) return json
      world.problems.push(`an ack is no JSON object: ${text}`)
      return ''
    }
    if (isObject(json)) world.problems.push(`an ack of JSON is called ${type || 'nothing'}`)
    return text
  }

  type Retry = { number: number; reason: string }

  const once = async (
    interaction: Interaction,
    more: More,
    envelopeId: string,
    retry?: Retry,
  ): Promise<Answer> => {
    const url = eventsUrl()
    const answer =
      more.via !== 'http' && sockets.isUsable
        ? await overSocket(interaction, envelopeId, retry)
        : url && more.via !== 'socket'
          ? await overHttp(interaction, url, more, retry)
          : failed(0, 'dispatch_failed')
    if (answer.error && interaction.kind !== 'event')
      interaction.told.push({
        text: `failed with the error "${answer.error}"`,
        blocks: [],
        replaceOriginal: false,
        via: 'slack',
        threadTs: undefined,
      })
    return answer
  }

  /** An event that was not taken comes again. */
  const retryEvent = (
    interaction: Interaction,
    more: More,
    envelopeId: string,
    answer: Answer,
    number = 1,
  ) => {
    const waitMs = EVENT_RETRIES_MS[number - 1]
    const isTaken = answer.status >= 200 && answer.status < 300
    if (isTaken || waitMs === undefined || 'noRetry' in answer) return
    const reason = { operation_timeout: 'http_timeout', dispatch_failed: 'connection_failed' }
    const why = answer.status > 0 ? 'http_error' : reason[answer.error ?? 'dispatch_failed']
    world.clock.after(waitMs, () => {
      const again = once(interaction, more, envelopeId, { number, reason: why })
      interaction.deliveries.push(again)
      void again.then((next) => retryEvent(interaction, more, envelopeId, next, number + 1))
    })
  }

  return {
    deliver(interaction: Interaction, more: More): Interaction {
      more.odd?.(interaction.payload)
      const first = randomUUID()
      const { deliver = 1, apartSeconds = 0 } = more
      const start = async (n: number) => {
        if (n > 0 && apartSeconds > 0)
          await new Promise((resolve) => setTimeout(resolve, n * apartSeconds * 1000))
        return once(interaction, more, n < 2 ? first : randomUUID())
      }
      interaction.deliveries = Array.from({ length: deliver }, (_, n) => start(n))
      if (interaction.kind === 'event')
        void interaction.answer.then((answer) => retryEvent(interaction, more, first, answer))
      return interaction
    },
  }
}
