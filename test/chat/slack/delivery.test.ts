// A whole /separate on Slack: real Bolt, real Web API client, real queue; the tools follow a script.
import { beforeEach, describe, expect, test } from 'vitest'
import {
  buttonOf,
  cardsIn,
  createSlackBand,
  filesOf,
  hasButton,
  mentionsIn,
  textOf,
} from '../../support/slack-band.ts'
import { until } from '../../support/until.ts'

const STEMS = ['bass', 'drums', 'other', 'vocals'].map((stem) => `Band-Song-${stem}.mp3`)
const names = (message: { files: { name: string }[] }) => message.files.map(({ name }) => name).sort()

describe('/separate on Slack', async () => {
  const band = await createSlackBand()
  const { slack, workspace, world, ann } = band
  await world.script({})
  await band.start()
  beforeEach(() => slack.clock.advance(60))

  test('the stems come into the thread of the card, in one message that mentions the person', async () => {
    const asked = await band.separate()
    expect(await asked.answer).toMatchObject({ status: 200, text: '' })
    const card = await band.card()
    const files = await band.delivered(card)
    expect(names(files)).toEqual(STEMS)
    for (const file of files.files) expect(slack.bytesOf(file).toString()).toBe('audio')
    expect(files.files.find(({ name }) => name.includes('vocals'))).toMatchObject({
      title: 'Band - Song (vocals)',
    })
    expect(files).toMatchObject({ threadTs: card.ts, notified: [ann.id] })
    expect(mentionsIn(band.channel)).toEqual([files])
    expect(textOf(card)).toMatch(/Song\n.*Band\n0:30 · 120 BPM · A minor · starter/s)
    expect(textOf(card)).toMatch(/Request #\d+ · asked by ann/)
    expect(card).toMatchObject({ unfurlLinks: false, unfurlMedia: false, notified: [] })
    for (const action of ['cancel', 'retry', 'choose'] as const) expect(hasButton(card, action)).toBe(false)
    expect(cardsIn(band.channel)).toEqual([card])
    await until(async () => (await world.rows(`select 1 from messages where state <> 'closed'`)).length === 0)
  })

  test('a plan block that the workspace refuses is not tried again', async () => {
    const refused = () => slack.requests.filter(({ error }) => error === 'invalid_blocks')
    expect(refused()).toHaveLength(1)
    const channel = workspace.channel()
    await band.separate('', { channel })
    await band.delivered(await band.card(channel))
    expect(refused()).toHaveLength(1)
  })

  test('what a post says of itself is a number that tells nobody anything', async () => {
    const card = await band.card()
    const [request] = await world.rows('select id from requests order by number limit 1')
    expect(card.metadata).toEqual({
      event_type: 'stem_request',
      event_payload: { request_id: request?.['id'], part: 'card' },
    })
  })

  test('in direct messages, for fewer stems as wav', async () => {
    const channel = workspace.dm(ann)
    await band.separate('format=wav stems=vocals', { channel })
    const files = await band.delivered(await band.card(channel))
    expect(names(files)).toEqual(['Band-Song-vocals.wav'])
    expect(mentionsIn(channel)).toEqual([files])
  })

  test('a public channel is joined', async () => {
    const channel = workspace.channel({ botIsMember: false })
    await band.separate('', { channel })
    expect(names(await band.delivered(await band.card(channel)))).toEqual(STEMS)
    expect(channel.botIsMember).toBe(true)
  })

  test.each([
    ['a private channel', { private: true, botIsMember: false }, /\/invite @stems/],
    ['an archived channel', { archived: true }, /archived/],
    ['a channel where only some may post', { posting: 'restricted' as const }, /Only some people may post/],
  ])('%s has no place for a card: the person is told, and the work stops', async (_name, wish, words) => {
    const channel = workspace.channel(wish)
    await world.script({ download: [{ do: 'succeed', seconds: 30 }] })
    const asked = await band.separate('', { channel })
    await until(() => asked.told.some(({ text }) => words.test(text)))
    expect(cardsIn(channel)).toEqual([])
    const rows = await world.rows('select state, error_code from requests where channel = $1', [channel.id])
    expect(rows).toEqual([{ state: 'failed', error_code: 'chat_forbidden' }])
    await until(async () => (await world.rows(`select 1 from stages where state = 'running'`)).length === 0)
    await world.script({})
  })

  test('invited since, a retry brings card and stems', async () => {
    const channel = workspace.channel({ private: true, botIsMember: false })
    const asked = await band.separate('', { channel })
    await until(() => asked.told.length > 0)
    channel.botIsMember = true
    const retried = await slack.command(ann, channel, 'retry')
    expect((await retried.answer).text).toMatch(/Trying again/)
    const card = await band.card(channel)
    expect(names(await band.delivered(card))).toEqual(STEMS)
    expect(cardsIn(channel)).toHaveLength(1)
  })

  test('a card that a person deletes is left alone, and the stems come with a new one', async () => {
    const channel = workspace.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 8 }] })
    await band.separate('', { channel })
    const card = await band.card(channel)
    await band.says(card, /Separation .*[1-9]%/)
    slack.remove(card)
    const again = await until(() => cardsIn(channel).find((one) => filesOf(one).length > 0), 40)
    await band.delivered(again)
    expect(cardsIn(channel)).toEqual([again])
    expect(mentionsIn(channel)).toHaveLength(1)
    await world.script({})
  })

  test.each([
    ['storage_limit_reached', /no room left/],
    ['file_uploads_disabled', /lets nobody upload/],
    ['file_type_not_allowed', /does not take files of that type/],
  ])('%s is said in words, and Retry delivers without working again', async (error, words) => {
    const channel = workspace.channel()
    const fault = slack.fail({ route: /^files\.(get|complete)/, how: { kind: 'refuse', error } })
    await band.separate('', { channel })
    const card = await band.card(channel)
    await band.says(card, words)
    fault.remove()
    const before = (await world.calls()).length
    await slack.press(ann, card, buttonOf(card, 'retry'))
    expect(names(await band.delivered(card))).toEqual(STEMS)
    expect((await world.calls()).slice(before).filter((tool) => tool !== 'encode')).toEqual([])
    expect(mentionsIn(channel)).toHaveLength(1)
  })

  test('a Slack that is down when the stems are ready gets them once it is back, once', async () => {
    const channel = workspace.channel()
    const down = slack.fail({ route: /^files\./, how: { kind: 'status', status: 503 } })
    await band.separate('', { channel })
    const card = await band.card(channel)
    await until(
      async () => (await world.rows(`select 1 from job_events where kind = 'postponed'`)).length > 0,
    )
    down.remove()
    expect(names(await band.delivered(card))).toEqual(STEMS)
    expect(mentionsIn(channel)).toHaveLength(1)
  })

  test.each([
    ['never answered', 'hang' as const],
    ['cut off', 'cut' as const],
  ])('a share that took effect and was %s is not made again', async (_name, kind) => {
    const channel = workspace.channel()
    slack.fail({ route: 'files.completeUploadExternal', times: 1, how: { kind, after: true } })
    await band.separate('', { channel })
    const card = await band.card(channel)
    expect(names(await band.delivered(card))).toEqual(STEMS)
    expect(filesOf(card)).toHaveLength(1)
    expect(mentionsIn(channel)).toHaveLength(1)
  })

  test('a post whose answer was lost is found, and not made again', async () => {
    const channel = workspace.channel()
    slack.fail({ route: 'chat.postMessage', times: 1, how: { kind: 'cut', after: true } })
    await band.separate('', { channel })
    const card = await band.card(channel)
    await band.delivered(card)
    expect(cardsIn(channel)).toEqual([card])
  })

  test('a post in doubt is not repeated where the channel may not be read', async () => {
    const channel = workspace.channel()
    const unreadable = slack.fail({
      route: 'conversations.history',
      how: { kind: 'refuse', error: 'missing_scope' },
    })
    slack.fail({ route: 'chat.postMessage', times: 1, how: { kind: 'cut', after: true } })
    const asked = await band.separate('', { channel })
    await until(() => asked.told.some(({ text }) => /I lack a right/.test(text)))
    unreadable.remove()
    expect(cardsIn(channel)).toHaveLength(1)
  })

  test('the channel is read back only in doubt', () => {
    const reads = slack.requests.filter(({ method }) => method === 'conversations.history')
    const posts = slack.requests.filter(({ method }) => method === 'chat.postMessage')
    expect(posts.length).toBeGreaterThan(10)
    // The two lost answers.
    expect(reads.length).toBe(2)
  })

  test('a card that may be changed no more keeps its thread, where the stems come', async () => {
    const channel = workspace.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 8 }] })
    await band.separate('', { channel })
    const card = await band.card(channel)
    await band.says(card, /Separation .*[1-9]%/)
    const closed = slack.fail({ route: 'chat.update', how: { kind: 'refuse', error: 'edit_window_closed' } })
    const [files] = await until(() => filesOf(card).length > 0 && filesOf(card), 40)
    await until(
      async () => (await world.rows(`select 1 from messages where state not in ('closed')`)).length === 0,
    )
    expect(mentionsIn(channel)).toEqual([files])
    expect(cardsIn(channel)).toEqual([card])
    closed.remove()
    await world.script({})
  })

  test('what is said in private is said once, also when its answer is lost', async () => {
    const channel = workspace.channel({ private: true, botIsMember: false })
    slack.fail({ route: 'response_url', times: 1, how: { kind: 'cut', after: true } })
    const asked = await band.separate('', { channel })
    await until(() => asked.told.length > 0)
    await until(async () => (await world.rows(`select 1 from messages where state <> 'closed'`)).length === 0)
    expect(asked.told).toHaveLength(1)
    expect(workspace.dm(ann).messages.filter(({ text }) => /invite/.test(text))).toEqual([])
  })

  test('a failure is a sentence with Retry, for who asked or an admin', async () => {
    const channel = workspace.channel()
    await world.script({
      download: [{ do: 'error', code: 'not_audio', retryable: false, message: 'That is not audio.' }],
    })
    await band.separate('', { channel })
    const card = await band.card(channel)
    await band.says(card, /That is not audio\./)
    await world.script({})
    const refused = await slack.press(workspace.user({ name: 'eve' }), card, buttonOf(card, 'retry'))
    await until(() => refused.told.some(({ text }) => /Only the person/.test(text)))
    await slack.press(workspace.user({ name: 'boss', admin: true }), card, buttonOf(card, 'retry'))
    expect(names(await band.delivered(card))).toEqual(STEMS)
    expect(cardsIn(channel)).toEqual([card])
  })

  test('Cancel ends it on the card, and its work', async () => {
    const channel = workspace.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 60 }] })
    await band.separate('', { channel })
    const card = await band.card(channel)
    await band.says(card, /Separation .*[1-9]%/)
    await slack.press(ann, card, buttonOf(card, 'cancel'))
    await band.says(card, /Cancelled by the person who asked/)
    await until(async () => (await world.rows(`select 1 from stages where state = 'running'`)).length === 0)
    expect(filesOf(card)).toEqual([])
    await world.script({})
  })

  test('/separate analyze brings the analysis with its waveform, and a mention', async () => {
    const channel = workspace.channel()
    await slack.command(ann, channel, 'analyze A Song of its own')
    const files = await band.delivered(await band.card(channel))
    expect(names(files)).toEqual(['waveform.png'])
    expect(files.text).toMatch(/the analysis of Band - Song/)
  })

  test('two deliveries of one command make one request', async () => {
    const channel = workspace.channel()
    await band.separate('', { channel, deliver: 3 })
    const card = await band.card(channel)
    await band.delivered(card)
    expect(cardsIn(channel)).toEqual([card])
    expect(mentionsIn(channel)).toHaveLength(1)
  })

  test('a command while the database hangs is answered in time, and its card follows, once', async () => {
    const channel = workspace.channel()
    const lock = await world.services.db.session()
    await lock.query('begin; lock table interactions in access exclusive mode')
    const asked = await band.separate('', { channel })
    expect((await asked.answer).text).toMatch(/takes longer than usual/)
    expect(cardsIn(channel)).toEqual([])
    await lock.end()
    const card = await band.card(channel)
    await band.delivered(card)
    expect(cardsIn(channel)).toEqual([card])
  })

  test('a song whose finished card was deleted, asked for again, comes anew from what is kept', async () => {
    const channel = workspace.channel()
    const ask = () => slack.command(ann, channel, 'Band Song')
    await ask()
    const first = await band.card(channel)
    await band.delivered(first)
    const pointed = await (await ask()).answer
    expect(pointed.text).toMatch(/asked for that already/)
    expect(pointed.text).toContain(
      `https://${workspace.domain}.slack.com/archives/${channel.id}/p${first.ts.replace('.', '')}`,
    )
    await until(async () => (await world.rows(`select 1 from messages where state <> 'closed'`)).length === 0)
    slack.remove(first)
    const before = (await world.calls()).length
    await ask()
    await band.delivered(await band.card(channel))
    expect((await world.calls()).length).toBe(before)
  })

  test('a pause that Slack asks for is kept', async () => {
    const channel = workspace.channel()
    await world.script({ separate: [{ do: 'succeed', seconds: 2 }] })
    for (const route of ['chat.update', 'chat.postMessage', 'files.getUploadURLExternal'])
      slack.fail({ route, times: 1, how: { kind: 'rateLimit', retryAfterSeconds: 2 } })
    const before = slack.rateLimited.length
    await band.separate('', { channel })
    await band.delivered(await band.card(channel))
    expect(slack.rateLimited.slice(before).filter(({ tooSoon }) => tooSoon)).toEqual([])
    const reads = slack.requests.filter(
      ({ method, args }) => method === 'conversations.history' && args['channel'] === channel.id,
    )
    expect(reads).toEqual([])
    await world.script({})
  })

  test('removed from the workspace, what is under way stops', async () => {
    const other = slack.workspace()
    await world.script({ separate: [{ do: 'succeed', seconds: 60 }] })
    const channel = workspace.channel()
    await band.separate('', { channel })
    await band.says(await band.card(channel), /Separation .*[1-9]%/)
    await slack.event(workspace, 'app_uninstalled')
    await until(async () => {
      const [row] = await world.rows('select state from requests where channel = $1', [channel.id])
      return row?.['state'] === 'failed'
    })
    expect(other.grant).toBeDefined()
    await until(async () => (await world.rows(`select 1 from stages where state = 'running'`)).length === 0)
  })
})

describe('where people reach the web server', async () => {
  const band = await createSlackBand({ env: { PUBLIC_URL: 'https://stems.example' } })
  await band.world.script({})
  const { slack, workspace, ann } = band
  const { url } = await band.start()
  const pageBehind = async (link: RegExp, text: string) => {
    const path = link.exec(text)?.[1]
    expect(path, text).toBeDefined()
    return fetch(`${url}${path}`)
  }

  test('the card links to the page, beside the files; the command gives its address, and revokes it', async () => {
    await (await band.separate()).answer
    const card = await band.card()
    expect(names(await band.delivered(card))).toEqual(STEMS)
    const link = /<https:\/\/stems\.example(\/results\/[^|]+)\|Play and mix the stems>/
    expect((await pageBehind(link, textOf(card))).status).toBe(200)
    const told = async (text: string) => {
      const asked = await slack.command(ann, band.channel, text)
      return (await until(() => asked.told[0])).text
    }
    const address = /<https:\/\/stems\.example(\/results\/[^|>]+)>/
    const given = await told('results')
    expect((await pageBehind(address, given)).status).toBe(200)
    expect(await told('results revoke')).toMatch(/Revoked/)
    expect((await pageBehind(address, given)).status).toBe(404)
    expect((await pageBehind(link, textOf(card))).status).toBe(404)
  })

  test('an analysis alone has a page too', async () => {
    const channel = workspace.channel()
    await slack.command(ann, channel, 'analyze A Song of its own')
    const card = await band.card(channel)
    await band.delivered(card)
    const link = /<https:\/\/stems\.example(\/results\/[^|]+)\|See all about the song>/
    expect((await pageBehind(link, textOf(card))).status).toBe(200)
  })
})

describe('a worker without the credentials of Slack', async () => {
  const band = await createSlackBand()
  const { slack, world, channel, ann } = band
  await band.botProcess()

  test('leaves a file of Slack to one that has them', async () => {
    await world.script({})
    const poor = world.worker({ chats: [] })
    const file = { name: 'demo.flac', bytes: Buffer.from('fLaC'), mimetype: 'audio/flac' }
    await slack.shortcut(ann, slack.share(ann, channel, file), 'separate_file')
    const card = await band.card()
    const postponed = `select 1 from job_events where kind = 'postponed' and error_code = 'chat_waiting'`
    await until(async () => (await world.rows(postponed)).length > 0)
    await poor.stop(0)
    world.worker({ chats: band.chats })
    expect(names(await band.delivered(card))).toEqual(STEMS)
  })
})

describe('with a token that Slack takes no more', async () => {
  const band = await createSlackBand()
  await band.start()

  test('it is said to who asks, and the work stops', async () => {
    const { slack, channel, world } = band
    slack.fail({ route: 'chat.postMessage', how: { kind: 'refuse', error: 'invalid_auth' } })
    const asked = await band.separate()
    await until(() => asked.told.some(({ text }) => /does not accept the token/.test(text)))
    const rows = await world.rows('select state from requests where channel = $1', [channel.id])
    expect(rows).toEqual([{ state: 'failed' }])
  })
})

describe('where the workspace takes plan blocks', async () => {
  const band = await createSlackBand({ workspace: { takesPlans: true } })
  await band.start()

  test('the card has one, with a task for each stage, until the stems are there', async () => {
    await band.world.script({ separate: [{ do: 'succeed', seconds: 8 }] })
    await band.separate()
    const card = await band.card()
    await band.says(card, /Separation [1-9]\d*%/)
    const plan = card.blocks.find(({ type }) => type === 'plan')
    expect(plan?.['tasks']).toMatchObject([
      { task_id: 'resolve', status: 'complete' },
      { task_id: 'download', status: 'complete' },
      { task_id: 'analysis' },
      { task_id: 'processing', status: 'in_progress' },
      { task_id: 'delivery', status: 'pending' },
    ])
    await band.delivered(card)
    expect(card.blocks.some(({ type }) => type === 'plan')).toBe(false)
  })
})

describe('at its real pace', async () => {
  const band = await createSlackBand({ pace: 'real' })
  const { slack, world, workspace } = band
  await band.start()

  test('four running requests in one workspace share its edits, and nobody says 429', async () => {
    await world.script({ separate: [{ do: 'succeed', seconds: 6 }] })
    const channels = Array.from({ length: 4 }, () => workspace.channel())
    for (const channel of channels) await band.separate('', { channel })
    for (const channel of channels) await band.delivered(await band.card(channel), 60)
    const atMs = slack.requests.filter(({ method }) => method === 'chat.update').map(({ atMs }) => atMs)
    expect(atMs.length).toBeGreaterThan(6)
    // 2 in any 3.5 s are 36 a minute, less what the ways there differ on a busy machine; 2 in 3 s would be the 40 that are allowed.
    for (const [index, time] of atMs.slice(2).entries())
      expect(time - (atMs[index] ?? 0)).toBeGreaterThan(3200)
    expect(slack.rateLimited).toEqual([])
  })
})
