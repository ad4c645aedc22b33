import { describe, expect, test } from 'vitest'
import { createWorld, newSong } from '../support/world.ts'

describe('claim', async () => {
  const world = await createWorld()
  await world.script({})

  test('fifty people at once on one song start one download', async () => {
    const song = newSong()
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, index) => world.ask(song, { person: `person ${index}` })),
    )
    expect(new Set(claims.map(({ request }) => request.trackId)).size).toBe(1)
    expect(new Set(claims.map(({ request }) => request.separationId)).size).toBe(1)
    expect(new Set(claims.map(({ request }) => request.id)).size).toBe(50)
    const jobs = await world.rows(
      `select count(*)::int as n from pgboss.job where name = 'download' and singleton_key = $1`,
      [claims[0]?.request.trackId],
    )
    expect(jobs).toEqual([{ n: 1 }])
  })

  test('the same command within 300 s gets the request that is there, also when both come at once', async () => {
    const song = newSong()
    const both = await Promise.all([world.ask(song), world.ask(song)])
    expect(both[0].request.id).toBe(both[1].request.id)
    expect(both.map(({ standing }) => standing).sort()).toEqual(['new', 'same'])
  })

  test('the window slides: the same command after 300 s makes a request of its own that joins the work', async () => {
    const song = newSong()
    const { request } = await world.ask(song)
    await world.rows(`update requests set created_at = now() - interval '301 seconds' where id = $1`, [
      request.id,
    ])
    const later = await world.ask(song)
    expect(later.standing).toBe('new')
    expect(later.request.separationId).toBe(request.separationId)
  })

  test('a terminal takes up its own open request, however old', async () => {
    const song = newSong()
    const { request } = await world.ask(song)
    await world.rows(`update requests set created_at = now() - interval '3 days' where id = $1`, [request.id])
    expect(await world.ask(song, { resumes: true })).toMatchObject({
      standing: 'same',
      request: { id: request.id },
    })
  })

  test('another channel, person, format or choice of stems is another request', async () => {
    const song = newSong()
    const { request } = await world.ask(song)
    for (const other of [
      { channel: 'crew' },
      { person: 'bob' },
      { format: 'wav' as const },
      { stems: ['drums'] },
    ]) {
      const claimed = await world.ask(song, other)
      expect(claimed.standing).toBe('new')
      expect(claimed.request.id).not.toBe(request.id)
    }
  })

  test('a rolled-back claim leaves nothing behind', async () => {
    const before = await world.rows(
      'select (select count(*) from requests) as r, (select count(*) from tracks) as t, (select count(*) from pgboss.job) as j',
    )
    await expect(world.ask(newSong(), { format: null as unknown as 'mp3' })).rejects.toThrow()
    const after = await world.rows(
      'select (select count(*) from requests) as r, (select count(*) from tracks) as t, (select count(*) from pgboss.job) as j',
    )
    expect(after).toEqual(before)
  })
})
