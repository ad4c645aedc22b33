import { randomUUID } from 'node:crypto'
import type { Installation } from '@slack/oauth'
import { beforeEach, describe, expect, test } from 'vitest'
import { forget, whoRemoved } from '../../../src/chat/slack/gateway/removed.ts'
import { installationOf, openInstallations } from '../../../src/chat/slack/installations.ts'
import { seal, unseal } from '../../../src/chat/slack/sealing.ts'
import { type InstallationKey, keyText } from '../../../src/store/slack-installations.ts'
import { claimOnSlack } from '../../support/claim-on-slack.ts'
import { createWorld, newSong } from '../../support/world.ts'

const SECRET = 'the-secret-of-the-client'
const REMOVED = {
  name: 'ChatError',
  code: 'chat_forbidden',
  passing: false,
  message: 'I am not installed in this workspace any more: install me again, then retry.',
}
const UNREADABLE = {
  code: 'chat_forbidden',
  message: 'My token for this workspace can be read no more: install me again, then retry.',
}
const API_URL = 'http://127.0.0.1:9/api/'
/** After everything that was done before, which the database knows to the microsecond. */
const justNow = () => new Date(Date.now() + 1000)
const many = (secret = SECRET, botToken: string | null = null) => ({
  apiUrl: API_URL,
  botToken,
  client: { id: '1.2', secret },
})
const single = { apiUrl: API_URL, botToken: 'xoxb-of-the-operator', client: null }

const WORKSPACE: InstallationKey = { enterpriseId: null, teamId: 'T1' }
const INSIDE: InstallationKey = { enterpriseId: 'E1', teamId: 'T1' }
const WHOLE: InstallationKey = { enterpriseId: 'E1', teamId: null }

/** As the library hands it over. */
function installationBy({ enterpriseId, teamId }: InstallationKey, token: string): Installation {
  return {
    team: teamId === null ? undefined : { id: teamId, name: 'The band' },
    enterprise: enterpriseId === null ? undefined : { id: enterpriseId, name: 'The label' },
    isEnterpriseInstall: teamId === null,
    user: { token: undefined, scopes: undefined, id: 'U0ANN' },
    bot: { token, scopes: ['chat:write'], id: 'B0STEMS', userId: 'U0STEMS' },
    tokenType: 'bot',
    appId: 'A0STEMS',
    authVersion: 'v2',
  } as Installation
}

describe('sealed text', () => {
  const sealed = seal(SECRET, 'E1/T1', 'xoxb-secret')

  test('is opened by whoever sealed it, and never looks the same twice', () => {
    expect(unseal(SECRET, 'E1/T1', sealed)).toBe('xoxb-secret')
    expect(seal(SECRET, 'E1/T1', 'xoxb-secret')).not.toBe(sealed)
    for (const text of ['', '🎸 ä', 'x'.repeat(10_000)])
      expect(unseal(SECRET, '', seal(SECRET, '', text))).toBe(text)
  })

  test('stays shut under another secret, for another row, and when it is no sealed text', () => {
    expect(unseal('another-secret', 'E1/T1', sealed)).toBeUndefined()
    expect(unseal(SECRET, 'E1/T2', sealed)).toBeUndefined()
    for (const text of ['', 'v1', 'v1.', 'v1.AAAA', sealed.replace('v1.', 'v2.'), sealed.slice(0, -4)])
      expect(unseal(SECRET, 'E1/T1', text)).toBeUndefined()
  })

  test('stays shut when one bit of it was changed, wherever', () => {
    const [version, encoded = ''] = sealed.split('.')
    const bytes = Buffer.from(encoded, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(unseal(SECRET, 'E1/T1', `${version}.${changed.toString('base64url')}`)).toBeUndefined()
    }
  })
})

describe('installations', async () => {
  const world = await createWorld()
  const { db, boss, files } = world.services
  const installations = openInstallations(many(), db)
  const save = (key: InstallationKey, token: string) => installations.save(installationBy(key, token))
  const keys = async () =>
    (await world.rows('select enterprise_id, team_id from slack_installations order by 1, 2')).map(
      (row) => `${row['enterprise_id']}/${row['team_id']}`,
    )
  beforeEach(() => world.rows('delete from slack_installations'))

  test('hold no word of the token, nor of who installed, where anybody could read it', async () => {
    await save(INSIDE, 'xoxb-secret-token')
    const rows = await world.rows('select t::text as everything from slack_installations t')
    expect(rows).toHaveLength(1)
    const everything = JSON.stringify(rows)
    for (const word of ['secret', 'xoxb', 'U0ANN', 'band', Buffer.from('xoxb-secret').toString('base64url')])
      expect(everything).not.toContain(word)
    expect(await installations.tokenOf(INSIDE)).toBe('xoxb-secret-token')
  })

  test('cannot be opened with another secret', async () => {
    await save(WORKSPACE, 'xoxb-1')
    await expect(openInstallations(many('rotated-secret'), db).tokenOf(WORKSPACE)).rejects.toMatchObject(
      UNREADABLE,
    )
    expect(await installations.tokenOf(WORKSPACE)).toBe('xoxb-1')
  })

  test('moved to the row of another workspace cannot be opened', async () => {
    await save(WORKSPACE, 'xoxb-1')
    await world.rows(`update slack_installations set team_id = 'T2'`)
    await expect(installations.tokenOf({ enterpriseId: null, teamId: 'T2' })).rejects.toMatchObject(
      UNREADABLE,
    )
    await world.rows(`update slack_installations set team_id = 'T1', enterprise_id = 'E1'`)
    await expect(installations.tokenOf(INSIDE)).rejects.toMatchObject(UNREADABLE)
  })

  test('changed by one character cannot be opened', async () => {
    await save(WORKSPACE, 'xoxb-1')
    await world.rows(
      `update slack_installations set sealed = overlay(sealed placing case substr(sealed, 40, 1) when 'A' then 'B' else 'A' end from 40)`,
    )
    await expect(installations.tokenOf(WORKSPACE)).rejects.toMatchObject(UNREADABLE)
  })

  test.each([
    ['a workspace of its own', WORKSPACE, '-/T1'],
    ['a workspace of an enterprise', INSIDE, 'E1/T1'],
    ['a whole enterprise', WHOLE, 'E1/-'],
  ])('%s is kept and found under its own key', async (_name, key, text) => {
    await save(key, 'xoxb-1')
    expect(await keys()).toEqual([text])
    expect(keyText(key)).toBe(text)
    // What a message keeps leads back to it.
    expect(installationOf({ installation: text })).toEqual(key)
    expect(await installations.tokenOf(key)).toBe('xoxb-1')
  })

  test('of a whole enterprise are kept without the team it was begun in, and serve each of its workspaces', async () => {
    await installations.save({ ...installationBy(INSIDE, 'xoxe-1'), isEnterpriseInstall: true })
    expect(await keys()).toEqual(['E1/-'])
    for (const teamId of ['T1', 'T2', null])
      expect(await installations.tokenOf({ enterpriseId: 'E1', teamId })).toBe('xoxe-1')
    await expect(installations.tokenOf({ enterpriseId: 'E2', teamId: 'T1' })).rejects.toMatchObject(REMOVED)
    await expect(installations.tokenOf({ enterpriseId: null, teamId: 'T1' })).rejects.toMatchObject(REMOVED)
  })

  test('of the workspace itself come before those of its enterprise, its present one first', async () => {
    await save(INSIDE, 'of-the-workspace')
    await save(WORKSPACE, 'from-before-the-enterprise')
    await save(WHOLE, 'of-the-enterprise')
    expect(await installations.tokenOf(INSIDE)).toBe('of-the-workspace')
    await world.rows(`delete from slack_installations where enterprise_id = 'E1' and team_id = 'T1'`)
    expect(await installations.tokenOf(INSIDE)).toBe('from-before-the-enterprise')
    await installations.remove(WORKSPACE, justNow())
    expect(await installations.tokenOf(INSIDE)).toBe('of-the-enterprise')
    // The enterprise itself has no workspace to prefer.
    expect(await installations.tokenOf(WHOLE)).toBe('of-the-enterprise')
  })

  test('are found by a workspace that has joined an enterprise, or left it', async () => {
    await save(WORKSPACE, 'xoxb-1')
    expect(await installations.tokenOf(INSIDE)).toBe('xoxb-1')
    await world.rows('delete from slack_installations')
    await save(INSIDE, 'xoxb-2')
    expect(await installations.tokenOf(WORKSPACE)).toBe('xoxb-2')
  })

  test('made again replace the earlier one', async () => {
    await save(WORKSPACE, 'xoxb-1')
    await save(WORKSPACE, 'xoxb-2')
    expect(await keys()).toEqual(['-/T1'])
    expect(await installations.tokenOf(WORKSPACE)).toBe('xoxb-2')
  })

  test.each([
    [WORKSPACE, ['-/T2', 'E1/-', 'E1/T2', 'E2/-']],
    [INSIDE, ['-/T2', 'E1/-', 'E1/T2', 'E2/-']],
    [WHOLE, ['-/T1', '-/T2', 'E1/T2', 'E2/-']],
    [{ enterpriseId: 'E9', teamId: null }, ['-/T1', '-/T2', 'E1/-', 'E1/T2', 'E2/-']],
    [{ enterpriseId: null, teamId: null }, ['-/T1', '-/T2', 'E1/-', 'E1/T2', 'E2/-']],
  ])('removed are exactly those that are meant: %j', async (key, left) => {
    await save(WORKSPACE, 'a')
    await save({ enterpriseId: null, teamId: 'T2' }, 'b')
    await save({ enterpriseId: 'E1', teamId: 'T2' }, 'c')
    await save(WHOLE, 'd')
    await save({ enterpriseId: 'E2', teamId: null }, 'e')
    await installations.remove(key, justNow())
    expect(await keys()).toEqual(left)
  })

  test('that are removed leave nothing to reach the workspace by', async () => {
    await save(WORKSPACE, 'xoxb-1')
    await installations.remove(WORKSPACE, justNow())
    await expect(installations.tokenOf(WORKSPACE)).rejects.toMatchObject(REMOVED)
    await expect(installations.tokenOf({ enterpriseId: null, teamId: null })).rejects.toMatchObject(REMOVED)
  })

  test('are not needed where the bot has one token for its one workspace', async () => {
    const one = openInstallations(single, db)
    for (const key of [WORKSPACE, INSIDE, WHOLE, { enterpriseId: null, teamId: null }])
      expect(await one.tokenOf(key)).toBe('xoxb-of-the-operator')
    await expect(one.save(installationBy(WORKSPACE, 'xoxb-1'))).rejects.toThrow('no client secret')
    expect(await keys()).toEqual([])
  })

  test('come before the one token where there are both', async () => {
    const both = openInstallations(many(SECRET, 'xoxb-of-the-operator'), db)
    expect(await both.tokenOf(WORKSPACE)).toBe('xoxb-of-the-operator')
    await save(WORKSPACE, 'xoxb-1')
    expect(await both.tokenOf(WORKSPACE)).toBe('xoxb-1')
  })

  describe('when the app was removed', () => {
    const ask = async (key: InstallationKey, source = newSong(), platform = 'slack') => {
      const person = `U${randomUUID().slice(0, 8).toUpperCase()}`
      const place = { workspace: key.teamId ?? 'T7', channel: 'C1', person, installation: keyText(key) }
      const { requestId: id, trackId } = await claimOnSlack(world.services, { ...place, source, platform })
      return { id, trackId }
    }
    const standing = async ({ id }: { id: string }) => {
      const [row] = await world.rows('select state, error_code, error_message from requests where id = $1', [
        id,
      ])
      return row
    }
    const jobsOf = (trackId: string) =>
      world.rows(
        `select j.state from stages s join pgboss.job j on j.id = s.job_id where s.track_id = $1 and j.state in ('created', 'retry', 'active')`,
        [trackId],
      )
    const OTHER: InstallationKey = { enterpriseId: null, teamId: 'T2' }

    test('its open requests fail, those of others go on, and so does work that they share', async () => {
      await save(WORKSPACE, 'xoxb-1')
      await save(OTHER, 'xoxb-2')
      const song = newSong()
      const [alone, shared, theirs, elsewhere] = [
        await ask(WORKSPACE),
        await ask(WORKSPACE, song),
        await ask(OTHER, song),
        await ask(WORKSPACE, newSong(), 'discord'),
      ]
      for (const { trackId } of [alone, shared, elsewhere]) expect(await jobsOf(trackId)).toHaveLength(1)

      await forget(WORKSPACE, justNow(), { installations, db, boss, files })

      for (const request of [alone, shared])
        expect(await standing(request)).toEqual({
          state: 'failed',
          error_code: 'chat_forbidden',
          error_message: REMOVED.message,
        })
      for (const request of [theirs, elsewhere])
        expect(await standing(request)).toMatchObject({ state: 'working', error_code: null })
      expect(await jobsOf(alone.trackId)).toEqual([])
      expect(await world.rows('select 1 from stages where track_id = $1', [alone.trackId])).toEqual([])
      expect(await jobsOf(shared.trackId)).toHaveLength(1)
      expect(await keys()).toEqual(['-/T2'])
    })

    test('what has ended stays as it ended', async () => {
      const [delivered, cancelled, ready] = [await ask(WORKSPACE), await ask(WORKSPACE), await ask(WORKSPACE)]
      for (const [state, { id }] of [
        ['delivered', delivered],
        ['cancelled', cancelled],
        ['ready', ready],
      ] as const)
        await world.rows('update requests set state = $2 where id = $1', [id, state])
      await forget(WORKSPACE, justNow(), { installations, db, boss, files })
      // Being told twice does no harm.
      await forget(WORKSPACE, justNow(), { installations, db, boss, files })
      expect(await standing(delivered)).toMatchObject({ state: 'delivered', error_code: null })
      expect(await standing(cancelled)).toMatchObject({ state: 'cancelled', error_code: null })
      // Its stems are made, and there is nowhere to bring them.
      expect(await standing(ready)).toMatchObject({ state: 'failed', error_code: 'chat_forbidden' })
    })

    test('told of late, when the app is there again, takes nothing away that is new', async () => {
      await save(WORKSPACE, 'xoxb-again')
      const request = await ask(WORKSPACE)
      await forget(WORKSPACE, new Date(Date.now() - 60_000), { installations, db, boss, files })
      expect(await installations.tokenOf(WORKSPACE)).toBe('xoxb-again')
      expect(await standing(request)).toMatchObject({ state: 'working' })
      await forget(WORKSPACE, justNow(), { installations, db, boss, files })
    })

    test('of a whole enterprise, what its workspaces asked by that installation fails', async () => {
      const [theirs, own] = [await ask(WHOLE), await ask(INSIDE)]
      await forget(WHOLE, justNow(), { installations, db, boss, files })
      expect(await standing(theirs)).toMatchObject({ state: 'failed' })
      expect(await standing(own)).toMatchObject({ state: 'working' })
    })
  })
})

describe('who has removed the app', () => {
  const outer = {
    token: 'verification',
    team_id: 'T1',
    api_app_id: 'A1',
    type: 'event_callback',
    event_id: 'Ev1',
    event_time: 1_700_000_000,
  }
  const by = (enterprise_id: string | null, team_id: string | null, is_enterprise_install: boolean) => [
    { enterprise_id, team_id, user_id: 'U0STEMS', is_bot: true, is_enterprise_install },
  ]
  const uninstalled = { type: 'app_uninstalled' }

  test.each([
    ['a workspace', { ...outer, event: uninstalled, authorizations: by(null, 'T1', false) }, '-/T1'],
    [
      'a workspace of an enterprise',
      { ...outer, enterprise_id: 'E1', event: uninstalled, authorizations: by('E1', 'T1', false) },
      'E1/T1',
    ],
    [
      'a whole enterprise',
      { ...outer, enterprise_id: 'E1', event: uninstalled, authorizations: by('E1', null, true) },
      'E1/-',
    ],
    [
      'a whole enterprise, told in one of its workspaces',
      { ...outer, enterprise_id: 'E1', event: uninstalled, authorizations: by('E1', 'T1', true) },
      'E1/-',
    ],
    [
      'a workspace, when nobody is authorised any more',
      { ...outer, event: uninstalled, authorizations: [] },
      '-/T1',
    ],
    ['a workspace, told as it was of old', { ...outer, enterprise_id: 'E1', event: uninstalled }, 'E1/T1'],
    [
      "a workspace, by revoking the bot's token",
      {
        ...outer,
        event: { type: 'tokens_revoked', tokens: { oauth: [], bot: ['U0STEMS'] } },
        authorizations: by(null, 'T1', false),
      },
      '-/T1',
    ],
  ])('%s', (_name, body, key) => {
    const removed = whoRemoved(body)
    expect(removed && keyText(removed)).toBe(key)
  })

  test.each([{ oauth: ['U1'] }, { oauth: ['U1'], bot: [] }, {}, undefined])(
    'nobody, when only people revoked their tokens: %j',
    (tokens) => {
      const event = { type: 'tokens_revoked', ...(tokens ? { tokens } : {}) }
      expect(whoRemoved({ ...outer, event, authorizations: by(null, 'T1', false) })).toBeUndefined()
    },
  )
})
