// A room: what the server tells of it is shown, what a person does is told to the server.
import type { Answer, Me, Person, RoomEvents, RoomMessage } from '../../chat/room/wire.ts'
import { announcer } from '../announcer.ts'
import { byId, setAttribute, setText } from '../element.ts'
import { answerNote, type Note, noteOf, refusalNote } from './answers.ts'
import * as api from './api.ts'
import { composer } from './composer.ts'
import { startCountdown } from './countdown.ts'
import { atTheDoor } from './entry.ts'
import { takeFiles } from './intake.ts'
import { newNonce } from './nonce.ts'
import { outboxIn } from './outbox.ts'
import { sharedStreamOf } from './shared-stream.ts'
import { sideOf } from './side.ts'
import { songsInWords } from './songs.ts'
import {
  EMPTY,
  messageOf,
  newlyAsking,
  newlyEnded,
  type RequestMessage,
  type Timeline,
  withEarlier,
  withMessage,
  withoutOldest,
  withRoom,
} from './timeline.ts'
import { timelineView } from './timeline-view.ts'
import { titleMark } from './title-mark.ts'
import { untilAnswered } from './until-answered.ts'
import { uploadsIn } from './uploads.ts'

/** A page that is left open keeps no more messages than these, and one whose reader has scrolled up no more than those. */
const MESSAGES = { most: 300, kept: 200 }
const MESSAGES_READ = { most: 2000, kept: 1500 }
/** A link to a message is followed this far back. */
const MOST_PAGES_BACK = 20
const LONGEST_ANNOUNCED = 200
/** What files come with when no other command for them is written. */
const FILE_COMMAND = '/separate'

export function openRoom(room: string, { maxUploadBytes }: Me, person: Person): void {
  const page = byId('room', HTMLElement)
  const banner = byId('banner', HTMLElement)
  const empty = byId('empty', HTMLElement)
  const trySample = byId('try-sample', HTMLButtonElement)
  const pending = byId('outbox', HTMLElement)

  let timeline: Timeline = EMPTY
  let you = person
  let isManager = false
  /** Whether the room was told of. */
  let isKnown = false
  let namesHere: readonly string[] = []

  const announce = announcer(byId('announcements', HTMLElement))
  const mark = titleMark(`${room} · Sound Forge Alchemy`)
  const stream = sharedStreamOf(room, {
    room: onRoom,
    message: onMessage,
    people: onPeople,
    onAway,
    onNotEntered,
  })
  const side = sideOf(room, (me) => {
    if (me.person) side.showYou(me.person)
    stream.open()
  })
  const view = timelineView(
    {
      scroller: byId('scroller', HTMLElement),
      list: byId('timeline', HTMLElement),
      earlier: byId('earlier', HTMLButtonElement),
      newer: byId('newer', HTMLButtonElement),
    },
    {
      countdown: startCountdown(),
      mayPress: (personId) => isManager || personId === you.id,
      press(button, choice) {
        const nonce = newNonce()
        return isDone(() => api.press(room, { nonce, button, choice }))
      },
      askForRight(number) {
        writing.askForRight(number)
        announce('Give the link of the right recording.')
      },
      names: () => [...new Set([...namesHere, ...timeline.messages.map((message) => message.person.name)])],
      goTo: (number) => void goTo(number),
    },
    { onEarlier: loadEarlier, onDismissed: () => writing.focus() },
  )
  const onAnswer = (answer: Answer) => tell(answerNote(answer))
  const writing = composer(
    {
      field: byId('composer-field', HTMLTextAreaElement),
      send: byId('send', HTMLButtonElement),
      panel: byId('suggestions-panel', HTMLElement),
      list: byId('suggestions', HTMLElement),
      usage: byId('usage', HTMLElement),
      help: byId('option-help', HTMLElement),
    },
    {
      announce,
      suggest: async (question, signal) => (await api.suggestions(room, question, signal)).suggestions,
      onSend(text) {
        outbox.send(text)
        view.toBottom()
      },
    },
  )
  const outbox = outboxIn(pending, {
    room,
    line: stream,
    onAnswer,
    onRefused(error, text) {
      tell(noteOf(error))
      writing.giveBack(text)
    },
  })
  const uploads = uploadsIn(byId('uploads', HTMLElement), {
    room,
    line: stream,
    maxUploadBytes,
    onAnswer,
    onRefused: (message) => tell(refusalNote(message)),
    onChange: view.toBottom,
  })
  takeFiles(
    {
      overlay: byId('drop', HTMLElement),
      button: byId('add-song', HTMLButtonElement),
      input: byId('song-file', HTMLInputElement),
      isOpen: () => !page.hidden && document.querySelector('dialog[open]') === null,
    },
    {
      onFiles: (files) => uploads.add(files, writing.takeCommandForFiles() ?? FILE_COMMAND),
      onFolder: (name) => tell(refusalNote(`${name} is a folder: drop the songs themselves.`)),
    },
  )
  trySample.addEventListener('click', async () => {
    if (trySample.getAttribute('aria-disabled')) return
    trySample.setAttribute('aria-disabled', 'true')
    const nonce = newNonce()
    await isDone(async () => {
      const { answer } = await api.sample(room, nonce)
      if (answer) onAnswer(answer)
    })
    trySample.removeAttribute('aria-disabled')
  })

  setText(byId('room-name', HTMLElement), room)
  setAttribute(byId('composer-field', HTMLElement), 'placeholder', `Message #${room}, or / for a command`)
  side.showYou(you)
  page.hidden = false
  // On a phone it would bring the keyboard up over the room.
  if (window.matchMedia('(pointer: fine)').matches) writing.focus()
  stream.open()
  void untilAnswered(stream, api.commands).then(writing.know)

  function onRoom(told: RoomEvents['room']) {
    you = told.you
    isManager = told.isManager
    side.showYou(you)
    side.refresh()
    banner.hidden = true
    change(withRoom(timeline, told))
    isKnown = true
  }

  function onMessage(message: RoomMessage) {
    const isNew = timeline.messages.every(({ id }) => id !== message.id)
    const limits = view.isAtBottom() ? MESSAGES : MESSAGES_READ
    change(withoutOldest(withMessage(timeline, message), limits, view.plays))
    if (!isNew) return
    if (message.person.id === you.id) {
      outbox.hasArrived(message)
      uploads.hasArrived()
    } else if (!isDelivered(message)) announce(inWords(message).slice(0, LONGEST_ANNOUNCED))
  }

  function onPeople({ names }: RoomEvents['people']) {
    namesHere = names
    side.showPeople(names)
  }

  function onAway() {
    banner.hidden = false
  }

  function onNotEntered() {
    if (page.hidden) return
    page.hidden = true
    void untilAnswered(stream, api.me)
      .then(atTheDoor)
      .then(() => {
        page.hidden = false
        stream.open()
      })
  }

  function change(next: Timeline) {
    const before = timeline.messages
    timeline = next
    const known = new Set(before.map(({ id }) => id))
    const isNews = (message: RoomMessage) => !known.has(message.id) && message.person.id !== you.id
    view.show(next, isKnown ? next.messages.filter(isNews).length : 0)
    empty.hidden = next.messages.length > 0 || next.hasEarlier
    if (!isKnown) return
    for (const asking of newlyAsking(before, next.messages)) tellOfChoices(asking)
    for (const ended of newlyEnded(before, next.messages)) tellOfEnd(ended)
  }

  function tell(note: Note) {
    view.put(note)
    announce([note.title, ...note.lines].join('. '))
  }

  function tellOfChoices({ card, person: asker }: RequestMessage) {
    if (asker.id !== you.id) return
    const { length } = card.choices
    announce(
      `${card.title}: which one is it? ${length === 1 ? '1 recording' : `${length} recordings`} to choose from`,
    )
    mark.asks()
  }

  function tellOfEnd({ card, person: asker }: RequestMessage) {
    const isOwn = asker.id === you.id
    if (card.state === 'delivered' && card.songs) announce(`${card.title}: ${songsInWords(card.songs)}`)
    else if (card.state === 'delivered') {
      announce(`${card.title}: ${card.stems.length > 0 ? 'the stems are ready' : 'the results are ready'}`)
      if (isOwn) mark.ready()
    } else if (isOwn) announce(`${card.title}: ${card.error?.message ?? 'it did not work'}`)
  }

  async function loadEarlier() {
    const first = timeline.messages[0]
    if (!first) return
    await isDone(async () => {
      const told = await api.earlier(room, first.id)
      // The room may have been told of anew meanwhile.
      if (timeline.messages[0]?.id !== first.id) return
      timeline = withEarlier(timeline, told)
      view.showEarlier(timeline)
    })
  }

  async function goTo(number: number) {
    for (let page = 0; ; page++) {
      const message = messageOf(timeline, number)
      if (message) return view.goTo(message.id)
      if (!timeline.hasEarlier || page === MOST_PAGES_BACK)
        return tell(refusalNote(`The message of #${number} is not in this room.`))
      await loadEarlier()
    }
  }

  /** @returns false where it was refused, which was said then */
  async function isDone(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await untilAnswered(stream, work)
      return true
    } catch (error) {
      tell(noteOf(error))
      return false
    }
  }
}

function isDelivered(message: RoomMessage): boolean {
  return message.kind === 'request' && message.card.state === 'delivered'
}

function inWords(message: RoomMessage): string {
  const { name } = message.person
  return message.kind === 'said' ? `${name}: ${message.text}` : `${name} asked for ${message.card.title}`
}
