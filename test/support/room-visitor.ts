// Somebody in the room without a browser: what their page would ask for, and what it would be told.
import { randomUUID } from 'node:crypto'
import type { Answer, Person, Refusal, RoomCard, RoomEvents, RoomMessage } from '../../src/chat/room/wire.ts'
import { readEvents } from './read-events.ts'
import { until } from './until.ts'

export async function enterRoom(url: string, name: string, secret?: string) {
  const entered = await fetch(`${url}/api/room/enter`, {
    method: 'POST',
    body: JSON.stringify({ name, ...(secret ? { secret } : {}) }),
  })
  const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
  const ask = (path: string, init: RequestInit & { duplex?: 'half' } = {}) =>
    fetch(`${url}/api/room/${path}`, { ...init, headers: { cookie, ...init.headers } })
  const post = async (path: string, body: object) => {
    const answer = await ask(path, { method: 'POST', body: JSON.stringify(body) })
    const said = (await answer.json()) as { answer?: Answer | null; person?: Person } & Partial<Refusal>
    return { status: answer.status, ...said }
  }
  return {
    entered,
    cookie,
    me: (await entered.clone().json()) as { person: { id: string; name: string } | null },
    ask,
    post,
    say: (text: string, more: { room?: string; nonce?: string; file?: string } = {}) => {
      const { room = 'main', nonce = randomUUID(), file } = more
      return post(`rooms/${room}/messages`, { nonce, text, ...(file ? { file } : {}) })
    },
    press: (button: string, room = 'main', choice?: string) =>
      post(`rooms/${room}/press`, {
        nonce: randomUUID(),
        button,
        ...(choice === undefined ? {} : { choice }),
      }),
    upload: (bytes: Buffer | ReadableStream, fileName = 'Song.flac') =>
      ask(`files?name=${encodeURIComponent(fileName)}`, {
        method: 'PUT',
        body: bytes as NonNullable<RequestInit['body']>,
        duplex: 'half',
      }),
    /** Opens a page on the room. */
    async visit(room = 'main') {
      const leaving = new AbortController()
      const stream = await ask(`rooms/${room}/events`, { signal: leaving.signal })
      const page = {
        opened: 0,
        messages: new Map<string, RoomMessage>(),
        names: [] as string[],
        ended: false,
      }
      void readEvents(stream, (name, data) => {
        if (name === 'room') {
          const shown = data as RoomEvents['room']
          page.opened++
          page.messages = new Map(shown.messages.map((message) => [message.id, message]))
        }
        if (name === 'message') page.messages.set((data as RoomMessage).id, data as RoomMessage)
        if (name === 'people') page.names = (data as RoomEvents['people']).names
      })
        .catch(() => {})
        .finally(() => {
          page.ended = true
        })
      await until(() => page.opened > 0 || page.ended)
      const said = () =>
        [...page.messages.values()].flatMap((message) => (message.kind === 'said' ? [message.text] : []))
      const cards = () =>
        [...page.messages.values()].flatMap((message) => (message.kind === 'request' ? [message.card] : []))
      return {
        page,
        status: stream.status,
        said,
        cards,
        leave: () => leaving.abort(),
        /** The one card, once it is so. */
        card: (is: (card: RoomCard) => boolean, withinSeconds = 30) =>
          until(() => cards().find(is), withinSeconds),
      }
    },
  }
}
