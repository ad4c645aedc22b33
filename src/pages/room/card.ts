// A request as a card: how it stands, and its stems once they are there. Changed in place, so that what plays plays on.
import type { Person, RoomCard } from '../../chat/room/wire.ts'
import { BESIDE, element, hiddenWords, icon, ownAddress, setAttribute, setText } from '../element.ts'
import { keyedList, textView, type View } from '../keyed-list.ts'
import { stageBar } from '../stage-bar.ts'
import { sizeInWords } from '../units.ts'
import { choicesView } from './choices.ts'
import type { Countdown } from './countdown.ts'
import { matchLine } from './match-line.ts'
import { playerOf } from './player.ts'
import { type SongContext, songList } from './song-list.ts'

export type CardContext = SongContext & {
  countdown: Countdown
  /** Whether this person may press the buttons of what that person has asked for. */
  mayPress(personId: string): boolean
  /** @returns whether it was done; if not, why was said already */
  press(button: string, choice?: string): Promise<boolean>
  /** Lets this person write which recording is the right one. */
  askForRight(number: number): void
}
export type Asked = { card: RoomCard; person: Person }

type Button = RoomCard['buttons'][number]

const STATE_WORDS: Record<RoomCard['state'], string> = {
  working: 'Under way',
  ready: 'Ready',
  delivered: 'Delivered',
  failed: 'Failed',
  cancelled: 'Cancelled',
}
const ICONS: Record<Button['action'], string> = { cancel: 'close', retry: 'retry', wrong: 'edit' }
const CLASSES: Record<Button['action'], string> = { cancel: '', retry: 'primary', wrong: 'quiet' }

export function cardView(asked: Asked, context: CardContext): View<Asked> {
  const { countdown, mayPress, press, askForRight } = context
  const cover = element('img', { class: 'cover', alt: '', width: 72, height: 72, decoding: 'async' })
  const noCover = element('span', { class: 'cover none', 'aria-hidden': 'true' }, icon('note'))
  /** A picture that did not come is none, and not asked for again. */
  let missingCover: string | null = null
  cover.addEventListener('error', () => {
    missingCover = cover.getAttribute('src')
    showCover(null)
  })
  const { id } = asked.card
  const title = element('h2', { id: `request-${id}` })
  const artist = element('p', { class: 'artist' })
  const state = element('span', { class: 'state' })
  const number = element('span', { class: 'number figures' })
  const facts = element('ul', { class: 'facts', role: 'list', 'aria-label': 'About the song' })
  const stages = element('ul', { class: 'stages', role: 'list', 'aria-label': 'Progress' })
  const left = element('p', { class: 'left figures' })
  const notes = element('ul', { class: 'notes', role: 'list', 'aria-label': 'Notes' })
  const problem = element('p')
  const code = element('code')
  const trouble = element('div', { class: 'problem' }, icon('alert'), problem, code)
  const stems = element('ul', { class: 'stems', role: 'list', 'aria-label': 'Stems' })
  const buttons = element('div', { class: 'buttons' })
  const match = matchLine()
  const choices = choicesView(`choices-${id}`, {
    choose: (choice) => press(asked.card.chooser, choice),
    onNone: () => askForRight(asked.card.number),
  })
  const songs = songList(context)
  const pageWords = element('span')
  const page = element(
    'a',
    { class: 'button primary', ...BESIDE },
    icon('mixer'),
    pageWords,
    hiddenWords(' (in a new tab)'),
  )
  const zipWords = element('span')
  const zip = element('a', { class: 'button' }, icon('download'), zipWords)
  const actions = element('div', { class: 'actions' }, left, page, zip, buttons)
  const card = element(
    'article',
    { class: 'card panel', tabindex: -1, 'aria-labelledby': title.id },
    element(
      'div',
      { class: 'head' },
      cover,
      noCover,
      element('div', { class: 'song' }, title, artist, facts),
      element('div', { class: 'standing' }, state, number),
    ),
    match.element,
    choices.element,
    stages,
    notes,
    songs.element,
    trouble,
    stems,
    actions,
  )

  const factList = keyedList<string, View<string>>(facts, (fact) => fact, textView('li'))
  const noteList = keyedList<string, View<string>>(notes, (note) => note, textView('li'))
  const stageList = keyedList(stages, ({ stage }: RoomCard['lines'][number]) => stage, stageBar)
  const stemList = keyedList(stems, ({ address }: RoomCard['stems'][number]) => address, playerOf)
  const buttonList = keyedList(buttons, ({ button }: Button) => button, pressable)

  function pressable({ button, action, label }: Button): View<Button> {
    const node = element('button', { type: 'button', class: CLASSES[action] })
    node.append(icon(ICONS[action]), label)
    if (action === 'wrong') {
      node.addEventListener('click', () => askForRight(asked.card.number))
      return { element: node, update() {} }
    }
    let isPressed = false
    // Not `disabled`, which would take the focus away.
    const hold = (pressed: boolean) => {
      isPressed = pressed
      setAttribute(node, 'aria-disabled', pressed ? 'true' : null)
    }
    node.addEventListener('click', async () => {
      if (isPressed) return
      hold(true)
      // If it was done, the card tells so.
      if (!(await press(button))) hold(false)
    })
    return { element: node, update: () => hold(false) }
  }

  function showCover(address: string | null) {
    cover.hidden = address === null
    noCover.hidden = address !== null
    if (address === null) cover.removeAttribute('src')
    else setAttribute(cover, 'src', address)
  }

  function update({ card: now, person }: Asked) {
    const isOwn = mayPress(person.id)
    const isAsking = now.choices.length > 0
    const hadFocus = card.contains(document.activeElement)
    const wasChoosing = choices.element.contains(document.activeElement)
    setAttribute(card, 'data-state', now.state)
    setText(title, now.title || `Song #${now.number}`)
    setText(artist, now.artist ?? '')
    setText(state, isAsking ? 'Waits for a choice' : STATE_WORDS[now.state])
    setText(number, `#${now.number}`)
    showCover(now.cover === missingCover ? null : ownAddress(now.cover))
    factList.update(now.facts)
    // The stems say that every stage is done.
    stageList.update(now.state === 'delivered' ? [] : now.lines)
    noteList.update(now.notes)
    setText(problem, now.error?.message || (now.error ? 'It did not work.' : ''))
    setText(code, now.error?.code ?? '')
    trouble.hidden = now.error === null
    stemList.update(now.stems.filter(({ address }) => ownAddress(address) !== null))
    buttonList.update(isOwn ? now.buttons : [])
    match.update(now.match)
    choices.update({ choices: now.choices, mayChoose: isOwn, asker: person.name })
    songs.update(now.songs ?? [])
    countdown.show(left, now.state === 'working' && !isAsking ? now.secondsLeft : null)

    const pageAddress = ownAddress(now.page)
    page.hidden = pageAddress === null
    setAttribute(page, 'href', pageAddress)
    setText(pageWords, now.stems.length > 0 ? 'Open the mixer' : 'Open the results')
    const zipAddress = ownAddress(now.zip?.address ?? null)
    zip.hidden = zipAddress === null
    setAttribute(zip, 'href', zipAddress)
    setAttribute(zip, 'download', now.zip?.name ?? null)
    setText(zipWords, `Download all (${sizeInWords(now.zip?.bytes ?? 0)})`)
    for (const list of [facts, stages, notes, stems]) list.hidden = list.childElementCount === 0
    artist.hidden = now.artist === null
    actions.hidden = page.hidden && zip.hidden && buttons.childElementCount === 0 && left.textContent === ''
    // The button that had it is gone. Who has chosen is not led to Cancel.
    if (hadFocus && !card.contains(document.activeElement)) {
      const next = wasChoosing
        ? null
        : card.querySelector<HTMLElement>('.buttons button, .play, .actions a[href]')
      ;(next ?? card).focus()
    }
  }
  update(asked)
  return {
    element: card,
    update,
    dispose() {
      countdown.show(left, null)
      stemList.update([])
    },
  }
}
