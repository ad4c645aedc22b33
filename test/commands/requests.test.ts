import { describe, expect, test } from 'vitest'
import { analyze } from '../../commands/analyze.ts'
import { cancel } from '../../commands/cancel.ts'
import { history } from '../../commands/history.ts'
import { COMMANDS } from '../../commands/index.ts'
import { retry } from '../../commands/retry.ts'
import { separate } from '../../commands/separate.ts'
import { status, statusLine } from '../../commands/status.ts'
import { type CardFacts, cardOf } from '../../src/domain/card.ts'
import { pauseQueues, resumeQueues } from '../../src/queue/control.ts'
import { readCard } from '../../src/store/cards.ts'
import { createWorld } from '../support/world.ts'
import { depsOf, personIn } from './person.ts'

const stateOf = async (world: Awaited<ReturnType<typeof createWorld>>, id: string) =>
  (await world.rows('select state, error_message as message from requests where id = $1', [id]))[0]

describe('who may change a request', async () => {
  const world = await createWorld()
  await world.script({})
  const deps = depsOf(world)
  const ann = personIn(deps, { person: 'ann' })
  const request = async () => (await ann.gives(separate, { song: `song ${Math.random()}` })).request

  test('another person of the workspace may not', async () => {
    const { id, number } = await request()
    const bob = personIn(deps, { person: 'bob' })
    await expect(bob.gives(cancel, { number })).rejects.toMatchObject({ code: 'not_yours' })
    await ann.gives(cancel, { number })
    await expect(bob.gives(retry, { number })).rejects.toMatchObject({ code: 'not_yours' })
    expect(await stateOf(world, id)).toMatchObject({ state: 'cancelled' })
  })

  test('a manager may, and it is not said to be the person', async () => {
    const { id, number } = await request()
    const boss = personIn(deps, { person: 'boss', manager: true })
    expect(await boss.gives(cancel, { number })).toEqual({
      kind: 'text',
      title: 'Cancelled',
      lines: [expect.stringMatching(new RegExp(`^#\\{${number}\\} song`))],
    })
    expect(await stateOf(world, id)).toEqual({ state: 'cancelled', message: 'Cancelled by a moderator.' })
    await boss.gives(retry, { number })
    expect(await stateOf(world, id)).toEqual({ state: 'working', message: null })
  })

  test.each([
    ['another workspace', { workspace: 'other band' }],
    ['no workspace', { workspace: '' }],
    ['another platform', { platform: 'discord' }],
  ])('nobody from %s may, and it is as if it were not there', async (_, place) => {
    const { id, number } = await request()
    for (const manager of [false, true]) {
      const away = personIn(deps, { person: 'ann', manager, ...place })
      for (const command of [cancel, retry, status])
        await expect(away.gives(command, { number })).rejects.toMatchObject({ code: 'no_such_request' })
      await expect(away.gives(cancel)).rejects.toMatchObject({ code: 'nothing_to_cancel' })
      expect((await away.gives(history)).lines).toEqual([])
    }
    expect(await stateOf(world, id)).toMatchObject({ state: 'working' })
  })

  test('another channel of the workspace is the same place; without a workspace it is another', async () => {
    const { number } = await request()
    const nextDoor = personIn(deps, { person: 'ann', channel: 'crew' })
    expect((await nextDoor.gives(status, { number })).lines).toHaveLength(1)
    const alone = personIn(deps, { person: 'ann', workspace: '', channel: 'dm 1' })
    const own = (await alone.gives(separate, { song: 'my own' })).request
    const other = personIn(deps, { person: 'ann', workspace: '', channel: 'dm 2', manager: true })
    await expect(other.gives(cancel, { number: own.number })).rejects.toMatchObject({
      code: 'no_such_request',
    })
    expect((await alone.gives(cancel, { number: own.number })).title).toBe('Cancelled')
  })

  test('a number that never was', async () => {
    for (const command of [cancel, retry, status])
      await expect(ann.gives(command, { number: 2_147_483_647 })).rejects.toMatchObject({
        code: 'no_such_request',
      })
  })
})

describe('cancel and retry without a number', async () => {
  const world = await createWorld()
  await world.script({})
  const deps = depsOf(world)
  const ann = personIn(deps, { person: 'ann' })

  test('take the newest of the person that will do', async () => {
    await expect(ann.gives(cancel)).rejects.toMatchObject({ code: 'nothing_to_cancel' })
    await expect(ann.gives(retry)).rejects.toMatchObject({ code: 'nothing_to_retry' })
    const first = (await ann.gives(separate, { song: 'first' })).request
    const second = (await ann.gives(separate, { song: 'second' })).request
    await personIn(deps, { person: 'bob' }).gives(separate, { song: 'third' })
    expect((await ann.gives(cancel)).lines).toEqual([`#{${second.number}} second`])
    expect((await ann.gives(cancel)).lines).toEqual([`#{${first.number}} first`])
    await expect(ann.gives(cancel)).rejects.toMatchObject({ code: 'nothing_to_cancel' })
    expect(await ann.gives(retry)).toEqual({
      kind: 'text',
      title: 'Trying again',
      lines: [`#{${second.number}} second`],
    })
    expect(await stateOf(world, second.id)).toMatchObject({ state: 'working' })
  })

  test('one of this channel comes before a newer one of another', async () => {
    const cat = personIn(deps, { person: 'cat' })
    const here = (await cat.gives(separate, { song: 'of this channel' })).request
    const there = personIn(deps, { person: 'cat', channel: 'other' })
    const other = (await there.gives(separate, { song: 'of another' })).request
    expect((await cat.gives(cancel)).lines).toEqual([`#{${here.number}} of this channel`])
    expect((await cat.gives(cancel)).lines).toEqual([`#{${other.number}} of another`])
    expect((await cat.gives(retry)).lines).toEqual([`#{${here.number}} of this channel`])
  })

  test('what has ended cannot be cancelled, what has not failed cannot be tried again', async () => {
    const { id, number } = (await ann.gives(separate, { song: 'fourth' })).request
    await expect(ann.gives(retry, { number })).rejects.toMatchObject({ code: 'nothing_to_retry' })
    await world.rows(`update requests set state = 'delivered' where id = $1`, [id])
    await expect(ann.gives(cancel, { number })).rejects.toMatchObject({ code: 'nothing_to_cancel' })
    await expect(ann.gives(retry, { number })).rejects.toMatchObject({ code: 'nothing_to_retry' })
  })

  test('a retry counts like any request', async () => {
    const few = personIn(depsOf(world, { maxOpenRequests: 1 }), { person: 'eve' })
    const { number } = (await few.gives(separate, { song: 'fifth' })).request
    await few.gives(cancel, { number })
    await few.gives(separate, { song: 'sixth' })
    await expect(few.gives(retry, { number })).rejects.toMatchObject({ code: 'too_many_requests' })
  })

  test('the message that was closed is kept up to date again; one that was deleted is made anew', async () => {
    const { id, number } = (await ann.gives(separate, { song: 'seventh' })).request
    for (const [before, messageId] of [
      ['closed', 'm1'],
      ['muted', 'm1'],
      ['deleted', null],
    ]) {
      await ann.gives(cancel, { number })
      await world.rows(`update messages set state = $2, message_id = 'm1' where request_id = $1`, [
        id,
        before,
      ])
      await ann.gives(retry, { number })
      expect(
        await world.rows('select state, message_id as "messageId" from messages where request_id = $1', [id]),
      ).toEqual([{ state: 'open', messageId }])
    }
  })
})

describe('status', async () => {
  const world = await createWorld({ DOWNLOAD_CONCURRENCY: '1' })
  await world.script({ download: [{ do: 'stall' }] })
  const deps = depsOf(world)
  const ann = personIn(deps, { person: 'ann' })

  test('says that there is nothing', async () => {
    expect(await ann.gives(status)).toEqual({
      kind: 'text',
      title: 'You have nothing under way here.',
      lines: [],
    })
  })

  test("shows the person's open requests here, a line each, with stage, percent and place", async () => {
    await world.worker().decided
    const first = (await ann.gives(separate, { song: 'https://first.example/a.mp3' })).request
    await world.running(first.trackId, 'download')
    const second = (await ann.gives(analyze, { song: 'https://second.example/a.mp3' })).request
    const theirs = (
      await personIn(deps, { person: 'bob' }).gives(separate, { song: 'https://third.example/a.mp3' })
    ).request
    await personIn(deps, { person: 'ann', workspace: 'other band' }).gives(separate, {
      song: 'https://fourth.example/a.mp3',
    })
    expect(await ann.gives(status)).toEqual({
      kind: 'text',
      title: 'Under way',
      lines: [
        `#{${second.number}} second.example: Download (waiting, 1 before it) · asked for just now`,
        `#{${first.number}} first.example: Download 10% (working) · asked for just now`,
      ],
    })
    expect((await ann.gives(status, { number: theirs.number })).lines).toEqual([
      `#{${theirs.number}} third.example: Download (waiting, 2 before it) · asked for by @{bob} just now`,
    ])
    await ann.gives(cancel, { number: second.number })
    expect((await ann.gives(status, { number: second.number })).lines).toEqual([
      `#{${second.number}} second.example: cancelled: Cancelled by the person who asked. · asked for just now`,
    ])
    await pauseQueues(world.services.db, 'download', { platform: 'terminal', person: 'boss' })
    expect((await ann.gives(status, { number: theirs.number })).lines).toEqual([
      `#{${theirs.number}} third.example: Download (waiting: its queue is paused) · asked for by @{bob} just now`,
    ])
    await resumeQueues(world.services.db, 'download', { platform: 'terminal', person: 'boss' })
  })

  test('of very many shows twenty and says that there are more', async () => {
    const busy = personIn(deps, { person: 'busy' })
    for (let number = 0; number < 22; number += 1) await busy.gives(separate, { song: `song ${number}` })
    const { lines } = await busy.gives(status)
    expect(lines).toHaveLength(21)
    expect(lines.at(-1)).toMatch(/more/)
  })

  test('shows what runs side by side, and the time left', async () => {
    const { request } = await personIn(deps, { person: 'eve' }).gives(separate, { song: 'anything' })
    const asked = (await readCard(world.services.db, request.id)) ?? expect.unreachable()
    const ahead = asked.stages.at(-1) ?? expect.unreachable()
    const facts: CardFacts = {
      ...asked,
      number: 12,
      title: 'First Light',
      artist: 'Sound Forge',
      durationSeconds: 200,
      stages: [
        { ...ahead, stage: 'download', state: 'done', fraction: 1 },
        { ...ahead, stage: 'analysis', state: 'retrying' },
        { ...ahead, stage: 'processing', state: 'running', fraction: 0.5, startedAt: new Date(0) },
        { ...ahead, stage: 'delivery' },
      ],
    }
    expect(statusLine(cardOf(facts, new Date(60_000)))).toBe(
      '#{12} Sound Forge - First Light: Analysis (trying again (2 of 3)) · Separation 50% · about 1:10 left',
    )
    const failed: CardFacts = { ...facts, state: 'failed', errorCode: 'x', errorMessage: 'No\nway: @{1}' }
    expect(statusLine(cardOf(failed, new Date()))).toBe(
      '#{12} Sound Forge - First Light: failed: No way: @ {1}',
    )
  })
})

describe('history', async () => {
  const world = await createWorld()
  await world.script({})
  const deps = depsOf(world)

  test("shows the workspace's last ten, newest first, and who asked", async () => {
    const ann = personIn(deps, { person: 'ann' })
    const bob = personIn(deps, { person: 'bob', channel: 'crew' })
    for (let number = 1; number <= 9; number += 1) await ann.gives(separate, { song: `song ${number}` })
    const mine = (await ann.gives(separate, { song: 'mine' })).request
    const theirs = (await bob.gives(analyze, { song: 'theirs' })).request
    await ann.gives(cancel, { number: mine.number })
    const { title, lines } = await ann.gives(history)
    expect(title).toBe('History')
    expect(lines).toHaveLength(10)
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(
        new RegExp(`^#\\{${theirs.number}\\} theirs · @\\{bob\\} · under way for 0:\\d\\d$`),
      ),
      `#{${mine.number}} mine · @{ann} · cancelled · just now`,
    ])
  })

  test('says when it ended, how long it took, and why it failed', async () => {
    const dan = personIn(deps, { person: 'dan', workspace: 'past' })
    const [first, second] = [
      (await dan.gives(separate, { song: 'first' })).request,
      (await dan.gives(separate, { song: 'second' })).request,
    ]
    await world.rows(
      `update requests set state = 'delivered', created_at = now() - interval '3 hours 72 seconds', ended_at = now() - interval '3 hours'
       where id = $1`,
      [first.id],
    )
    await world.rows(
      `update requests set state = 'failed', error_code = 'x', error_message = 'No way: @{1}', created_at = now() - interval '3 days',
         ended_at = now() - interval '2 days' where id = $1`,
      [second.id],
    )
    const delivered = `#{${first.number}} first · @{dan} · delivered in 1:12 · 3 h ago`
    const failed = `#{${second.number}} second · @{dan} · failed: No way: @ {1} · 2 days ago`
    expect((await dan.gives(history)).lines).toEqual([delivered, failed])
    expect((await dan.gives(history, { state: 'failed' })).lines).toEqual([failed])
    expect((await dan.gives(history, { state: 'delivered' })).lines).toEqual([delivered])
    expect(await dan.gives(history, { state: 'working' })).toMatchObject({
      title: 'Nothing that was asked for here is under way.',
      lines: [],
    })
  })

  test('without a workspace shows the channel alone', async () => {
    const ann = personIn(deps, { person: 'ann', workspace: '', channel: 'dm 1' })
    expect(await ann.gives(history)).toMatchObject({ title: expect.stringMatching(/Nothing/), lines: [] })
    await ann.gives(separate, { song: 'mine' })
    expect((await ann.gives(history)).lines).toHaveLength(1)
    const other = personIn(deps, { person: 'ann', workspace: '', channel: 'dm 2' })
    expect((await other.gives(history)).lines).toEqual([])
  })

  test('a title can neither break its line nor mention or link anybody', async () => {
    const eve = personIn(deps, { person: 'eve', workspace: 'evil' })
    const { request } = await eve.gives(separate, { song: 'evil' })
    const title = `@{123} #{4}\n#{5}\u2028\u202e${'🎵'.repeat(5000)}`
    await world.rows('update tracks set title = $2, artist = $3 where id = $1', [
      request.trackId,
      title,
      '@@{6}',
    ])
    const [line] = (await eve.gives(history)).lines
    expect(line).toMatch(
      new RegExp(
        `^#\\{${request.number}\\} @@ \\{6\\} - @ \\{123\\} # \\{4\\} # \\{5\\} 🎵+… · @\\{eve\\} · under way for 0:\\d\\d$`,
        'u',
      ),
    )
    expect(line?.length).toBeLessThan(130)
  })
})

describe('help', async () => {
  const world = await createWorld()
  const help = COMMANDS.find(({ name }) => name === 'help') ?? expect.unreachable()
  const lines = async (manager: boolean) => {
    const reply = await personIn(depsOf(world), { person: 'ann', manager }).gives(help)
    return reply.kind === 'text' ? reply.lines : []
  }

  test('shows every command with its options and examples', async () => {
    const shown = await lines(true)
    for (const { name, description } of COMMANDS)
      expect(shown.some((line) => line.startsWith(`/${name}`) && line.endsWith(description))).toBe(true)
    expect(shown).toContain('e.g. /queue action:pause queue:processing')
    expect(shown.join('\n').length).toBeLessThan(2000)
  })

  test("leaves out what is managers' alone", async () => {
    expect((await lines(false)).join('\n')).not.toMatch(/\/queue/)
  })
})
