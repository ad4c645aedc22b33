// 500 running requests in 50 channels on a moved clock: nobody waits longer than the budget makes them, and no edit is in vain.
import { describe, expect, test } from 'vitest'
import { openDiscordChat } from '../../src/chat/discord/chat.ts'
import { openSlackChat } from '../../src/chat/slack/chat.ts'
import type { Card } from '../../src/domain/card.ts'
import type { Pacing } from '../../src/domain/pace.ts'
import { ChatError } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { connect } from '../../src/store/database.ts'
import type { Message } from '../../src/store/messages.ts'
import { DISCORD_LIMITS, type Limits, SLACK_LIMITS, simulate } from '../support/courier-simulation.ts'
import { NEW_MESSAGE } from '../support/new-message.ts'

const CHANNELS = 50
const IN_EACH = 10
const STEP_MS = 250
const { pacing } = openDiscordChat({ apiUrl: 'http://127.0.0.1:9/api', token: 'none', applicationId: '1' })
const slack = openSlackChat(
  { apiUrl: 'http://127.0.0.1:9/api/', botToken: 'none', client: null },
  connect('postgres://127.0.0.1:9/none', createLog('silent')),
)

/** Every request works for a while of its own, moves by a percent now and then, and ends delivered. */
async function run(options: {
  pacing?: Pacing
  limits?: Limits
  requests?: number
  ageSeconds: number
  seconds: number
  fault?: (edit: number) => ChatError | undefined
}) {
  const { requests = CHANNELS * IN_EACH, limits = DISCORD_LIMITS } = options
  const world = simulate(options.pacing ?? pacing, limits, options.fault)
  const lengthMs = (n: number) => (options.seconds * 1000 * (40 + (n % 50))) / 100
  for (let n = 0; n < requests; n++) world.add(messageOf(n, options.ageSeconds), cardOf(n))
  let endedAtMs = 0
  for (let nowMs = 0; nowMs < options.seconds * 1000; nowMs += STEP_MS) {
    const changed: string[] = []
    for (let n = 0; n < requests; n++) {
      const fraction = Math.min(1, nowMs / lengthMs(n))
      const one = world.requests.get(String(n))
      if (!one || one.card.state === 'delivered') continue
      if (Math.floor(fraction * 100) === Math.floor((one.card.lines[0]?.fraction ?? 0) * 100)) continue
      world.change(String(n), {
        state: fraction === 1 ? 'delivered' : 'working',
        lines: [{ stage: 'processing', label: 'Separation', state: 'running', fraction, note: null }],
      })
      changed.push(String(n))
      if (fraction === 1) endedAtMs = nowMs
    }
    await world.step(STEP_MS, changed)
  }
  return { ...world, endedAtMs }
}

describe('the courier with 500 running requests in 50 channels', () => {
  /** Ten messages share a channel: all of them get their turn within as many windows as their budget needs, and a little for the clock's steps. */
  const boundMs = ({ edits, seconds }: { edits: number; seconds: number }) =>
    Math.ceil(IN_EACH / edits) * seconds * 1000 + 2_000

  test('keeps every message as fresh as its budget allows, without a 429 and without a needless edit', {
    timeout: 120_000,
  }, async () => {
    const { problems, requests, edits } = await run({ ageSeconds: 0, seconds: 300 })
    expect(problems).toEqual([])
    const worst = Math.max(...[...requests.values()].map(({ worstMs }) => worstMs))
    expect(worst).toBeLessThan(boundMs(pacing.channel))
    for (const { message, card } of requests.values())
      expect({ state: message.state, card: card.state }).toEqual({ state: 'closed', card: 'delivered' })
    // The budget is used: a courier that hardly edits would pass everything above but the bound.
    expect(edits()).toBeGreaterThan(500 * 8)
  })

  test('does so within the narrower limits of messages older than an hour', {
    timeout: 120_000,
  }, async () => {
    const { problems, requests } = await run({ ageSeconds: 7200, seconds: 300 })
    expect(problems).toEqual([])
    const worst = Math.max(...[...requests.values()].map(({ worstMs }) => worstMs))
    expect(worst).toBeLessThan(boundMs(pacing.old?.channel ?? pacing.channel))
    for (const { message } of requests.values()) expect(message.state).toBe('closed')
  })

  test('shows every last card also when one edit in ten fails', { timeout: 120_000 }, async () => {
    const fault = (edit: number) =>
      edit % 10 === 0
        ? new ChatError(edit % 20 === 0 ? 'chat_busy' : 'chat_unavailable', { retryAfterSeconds: 2 })
        : undefined
    const { requests } = await run({ ageSeconds: 0, seconds: 300, fault })
    for (const { message } of requests.values()) expect(message.state).toBe('closed')
  })
})

describe('the courier in one Slack workspace', () => {
  /** All of it share one budget: 2 edits in 3.5 s. */
  test.each([4, 40])(
    'with %i running requests stays within 40 edits a minute, and each gets its turn',
    {
      timeout: 120_000,
    },
    async (requests) => {
      const limits = { pacing: slack.pacing, limits: SLACK_LIMITS }
      const {
        problems,
        requests: shown,
        edits,
      } = await run({ ...limits, requests, ageSeconds: 0, seconds: 600 })
      expect(problems).toEqual([])
      const worst = Math.max(...[...shown.values()].map(({ worstMs }) => worstMs))
      // Last cards go first, so that the others wait a quarter longer.
      expect(worst).toBeLessThan((requests / 2) * (3_500 + STEP_MS) * 1.25 + 5_000)
      for (const { message } of shown.values()) expect(message.state).toBe('closed')
      expect(edits()).toBeGreaterThan(requests * 5)
    },
  )
})

function messageOf(n: number, ageSeconds: number): Message {
  return {
    requestId: String(n),
    number: n,
    trackId: String(n),
    requestState: 'working',
    platform: 'simulated',
    app: 'app',
    workspace: 'guild',
    channel: `channel ${n % CHANNELS}`,
    person: 'ann',
    messageId: `message ${n}`,
    ...NEW_MESSAGE,
    postBegunAt: new Date(),
    postBegunForMs: 60_000,
    state: 'open',
    postAfter: new Date(0),
    postInMs: 0,
    plain: false,
    shown: null,
    editedAt: null,
    createdAt: new Date(-ageSeconds * 1000),
  }
}

function cardOf(n: number): Card {
  return {
    id: String(n),
    number: n,
    person: 'ann',
    state: 'working',
    title: 'Song',
    artist: 'Band',
    coverUrl: null,
    facts: [],
    lines: [{ stage: 'processing', label: 'Separation', state: 'waiting', fraction: 0, note: null }],
    secondsLeft: null,
    notes: [],
    link: null,
    match: null,
    choices: [],
    songs: null,
    error: null,
    actions: ['cancel'],
  }
}
