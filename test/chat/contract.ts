// What the courier and delivery count on, of every chat platform. A platform's own test hands in its side and runs this unchanged.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Attachment, Chat } from '../../src/chat/chat.ts'
import { type Card, hasEnded } from '../../src/domain/card.ts'
import type { Message } from '../../src/store/messages.ts'
import { cardFor } from '../support/card.ts'

/** The platform as people see and manage it. */
export type Side = {
  chat: Chat
  /** A request that has no message yet, in a place of its own. */
  request(): Message | Promise<Message>
  /** Everything people see in that place. */
  messages(of: Message): {
    id: string
    text: string
    files: { name: string; bytes: Buffer }[]
    buttons: string[]
    notified: string[]
  }[]
  /** What only the person who asked has been told. */
  told(of: Message): string[]
  deleteMessage(of: Message): void
  /** The bot may do nothing there any more. */
  shutOut(of: Message): void
  /** The next call that makes or changes something takes effect, but its answer is lost. */
  loseNextAnswer(): void
  /** The next call fails before it takes effect. */
  failNext(): void
  /** The next upload is stored shorter than it was sent. */
  truncateNextUpload(): void
  /** Lets the platform's rate limits forget what was. */
  passTime(): void
  /** The platform refuses text with this word from now on. */
  refuseWord(word: string): void
  /** Bytes that the largest file may have. */
  maxFileBytes: number
}

export function chatContract(name: string, open: () => Promise<Side>) {
  describe(`the chat contract: ${name}`, async () => {
    const side = await open()
    const { chat } = side
    const folder = await mkdtemp(join(tmpdir(), 'sound-forge-contract-'))
    afterAll(() => rm(folder, { recursive: true, force: true }))
    beforeEach(() => side.passTime())
    const attach = (message: Message, files: Attachment[]) =>
      chat.attach(message, files, 'the files are ready.', async () => {}, new AbortController().signal)

    const posted = async (card: Partial<Card> = {}) => {
      const message = await side.request()
      const id = await chat.post(message, cardFor(message, card))
      return { ...message, messageId: id }
    }
    const file = async (name: string, bytes: number): Promise<Attachment> => {
      const path = join(folder, `${crypto.randomUUID()}-${name}`)
      await writeFile(path, Buffer.alloc(bytes, name))
      return { name, description: `${name} for people`, path, bytes }
    }
    const stems = () =>
      Promise.all(['vocals', 'drums', 'bass', 'other'].map((stem) => file(`Band-Song-${stem}.mp3`, 50_000)))
    const only = (message: Message) => {
      const all = side.messages(message)
      expect(all).toHaveLength(1)
      return all[0] as NonNullable<(typeof all)[0]>
    }

    test('a posted card is seen, and found again', async () => {
      const message = await side.request()
      expect(await chat.find(message)).toBe('absent')
      const id = await chat.post(message, cardFor(message, { title: 'Night Train' }))
      expect(only(message)).toMatchObject({ id, text: expect.stringContaining('Night Train') })
      expect(await chat.find(message)).toEqual({ id })
    })

    test('a post whose answer was lost is found again', async () => {
      const message = await side.request()
      side.loseNextAnswer()
      await expect(chat.post(message, cardFor(message))).rejects.toMatchObject({ code: 'chat_unavailable' })
      expect(await chat.find(message)).toEqual({ id: only(message).id })
    })

    test('an edit changes text and buttons, notifies nobody, and leaves the files', async () => {
      const message = await posted()
      await attach(message, await stems())
      await chat.edit(
        message,
        cardFor(message, { title: 'Second Title', state: 'failed', actions: ['retry'] }),
      )
      const seen = only(message)
      expect(seen.text).toContain('Second Title')
      expect(seen.buttons).toEqual([`retry:${message.requestId}`])
      expect(seen.files).toHaveLength(4)
      expect(seen.notified).toEqual([])
    })

    test('the same edit again does no harm', async () => {
      const message = await posted()
      for (const _ of [1, 2]) await chat.edit(message, cardFor(message, { title: 'Same' }))
      expect(only(message).text).toContain('Same')
    })

    test('files arrive whole, under their names, each once, however often they are attached', async () => {
      const message = await posted()
      const files = await stems()
      for (const _ of [1, 2]) await attach(message, files)
      const seen = only(message)
      expect(seen.files.map(({ name }) => name).sort()).toEqual(files.map(({ name }) => name).sort())
      for (const { name, bytes } of seen.files) expect(bytes.equals(Buffer.alloc(50_000, name))).toBe(true)
    })

    test.each([
      ['answer was lost', () => side.loseNextAnswer()],
      ['request failed', () => side.failNext()],
      ['file was stored short', () => side.truncateNextUpload()],
    ])('an upload whose %s is mended by attaching again', async (_name, fault) => {
      const message = await posted()
      const files = await stems()
      fault()
      await expect(attach(message, files)).rejects.toMatchObject({ code: 'chat_unavailable' })
      await attach(message, files)
      const seen = only(message)
      expect(seen.files.map(({ bytes }) => bytes.length)).toEqual([50_000, 50_000, 50_000, 50_000])
    })

    test('a file above the limit is refused as too large', async () => {
      const message = await posted()
      const huge = await file('huge.wav', side.maxFileBytes + 1)
      await expect(attach(message, [huge])).rejects.toMatchObject({ code: 'chat_too_large' })
    })

    test('the person who asked is mentioned once, in a message of its own', async () => {
      const message = await posted()
      for (const _ of [1, 2]) await chat.mention(message, 'the stems of @everyone *Song* are ready.')
      const replies = side.messages(message).filter(({ id }) => id !== message.messageId)
      expect(replies.map(({ notified }) => notified)).toEqual([[message.person]])
    })

    test('a mention whose answer was lost is not made again', async () => {
      const message = await posted()
      side.loseNextAnswer()
      await expect(chat.mention(message, 'ready.')).rejects.toMatchObject({ code: 'chat_unavailable' })
      await chat.mention(message, 'ready.')
      expect(side.messages(message)).toHaveLength(2)
    })

    test('what is told in private is seen by that person alone', async () => {
      const message = await posted()
      expect(await chat.tell(message, 'Only for you.')).toBe(true)
      expect(side.told(message)).toEqual(['Only for you.'])
      only(message)
    })

    test('a deleted message is gone, for edits and for files', async () => {
      const message = await posted()
      side.deleteMessage(message)
      await expect(chat.edit(message, cardFor(message))).rejects.toMatchObject({ code: 'chat_gone' })
      await expect(attach(message, await stems())).rejects.toMatchObject({ code: 'chat_gone' })
    })

    test('where the bot is shut out, nothing is possible, and it says so', async () => {
      const message = await posted()
      side.shutOut(message)
      await expect(chat.edit(message, cardFor(message))).rejects.toMatchObject({ code: 'chat_forbidden' })
      await expect(attach(message, await stems())).rejects.toMatchObject({
        code: 'chat_forbidden',
      })
      await expect(
        chat.post({ ...(await side.request()), channel: message.channel }, cardFor(message)),
      ).rejects.toMatchObject({
        code: 'chat_forbidden',
      })
    })

    test('refused words are told apart from everything else, and plain cards pass', async () => {
      const message = await posted()
      side.refuseWord('forbiddenword')
      const card = cardFor(message, { title: 'A forbiddenword song' })
      await expect(chat.edit(message, card)).rejects.toMatchObject({ code: 'chat_text_refused' })
      await chat.edit({ ...message, plain: true }, card)
      expect(only(message).text).not.toContain('forbiddenword')
    })

    test('every card a request can have is accepted', async () => {
      for (const state of ['working', 'ready', 'delivered', 'failed', 'cancelled'] as const) {
        const message = await posted()
        const error = hasEnded(state) ? { code: 'not_audio', message: 'That is not audio.' } : null
        await chat.edit(message, cardFor(message, { state, error, secondsLeft: 99, notes: ['A note.'] }))
      }
      const message = await posted()
      const long = 'x'.repeat(5000)
      await chat.edit(message, cardFor(message, { title: long, artist: long, notes: [long], facts: [long] }))
    })
  })
}
