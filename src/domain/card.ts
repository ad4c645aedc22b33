// What a message shows of a request, free of any platform. Pure.
import { createHash } from 'node:crypto'
import type { StageName } from '../queue/queues.ts'
import { MAX_ATTEMPTS } from '../queue/queues.ts'
import { type CardStage, secondsLeft } from './progress.ts'
import { type Match, type Recording, recordingKey, recordingName } from './recording.ts'

export type CardFacts = {
  id: string
  number: number
  /** Who asked, by the platform's id. */
  person: string
  state: 'working' | 'ready' | 'delivered' | 'failed' | 'cancelled'
  title: string
  artist: string | null
  durationSeconds: number | null
  coverUrl: string | null
  model: string | null
  format: string
  /** What there is to say of the files, once they are delivered. */
  deliveryNotes: string[]
  /** The request's results page, once it is delivered; null where this installation has no public address. */
  link: string | null
  bpm: number | null
  key: string | null
  /** The file ended before the song did. */
  truncated: boolean
  /** The recording that was matched for what was asked; null where it was named itself. */
  match: Match | null
  /** What the person has to choose among; empty when they have not to. */
  choices: Recording[]
  /** The songs of a list; null for a single song. */
  songs: CardSong[] | null
  /** How many more there are in it than are taken. */
  songsLeftOut: number
  errorCode: string | null
  errorMessage: string | null
  stages: CardStage[]
}

/** `wrong` takes a link to the right recording. */
export type CardAction = 'cancel' | 'retry' | 'wrong'

/** One song of a list: `number` is its request's; null where it has none, as it cannot be fetched at all. */
export type CardSong = {
  number: number | null
  title: string
  artist: string | null
  state: CardFacts['state']
  /** Of the whole way, 0..1. */
  fraction: number
  /** Why there are no stems of it. */
  error: string | null
}

export type Card = {
  id: string
  number: number
  person: string
  state: CardFacts['state']
  title: string
  artist: string | null
  coverUrl: string | null
  /** Short facts about the song: length, BPM, key, model. */
  facts: string[]
  lines: {
    stage: StageName
    label: string
    state: CardStage['state']
    fraction: number
    note: string | null
  }[]
  secondsLeft: number | null
  /** What to know about the stems, or why there are none. */
  notes: string[]
  link: string | null
  /** Whose sound it is, where that was matched: `confidence` in whole percent; null where a person chose it. */
  match: { label: string; link: string; confidence: number | null } | null
  /** What the person is asked to choose among: `value` goes back with the choice; `detail` is its length and what speaks against it. */
  choices: { value: string; label: string; detail: string; link: string }[]
  songs: CardSong[] | null
  error: { code: string; message: string } | null
  actions: CardAction[]
}

export const LABELS: Record<StageName, string> = {
  resolve: 'Search',
  download: 'Download',
  analysis: 'Analysis',
  processing: 'Separation',
  delivery: 'Delivery',
}
/** What a worker does that such a line waits for. */
const WORK: Record<StageName, string> = {
  resolve: 'searches',
  download: 'downloads',
  analysis: 'analyses',
  processing: 'separates',
  delivery: 'delivers here',
}
export const STARTER_NOTE = 'Made by starter, the small model that comes along: far below htdemucs.'

export function cardOf(facts: CardFacts, now: Date): Card {
  const discarded = facts.stages.find((stage) => stage.stage === 'analysis' && stage.state === 'discarded')
  const cameToNothing = hasEndedBadly(facts.state)
  const notes = stemNotes({
    truncated: facts.truncated,
    model: cameToNothing ? null : facts.model,
  })
  if (facts.songs && facts.songsLeftOut > 0)
    notes.push(
      `Only its first ${facts.songs.length} songs are taken: ${facts.songsLeftOut} more are left out.`,
    )
  if (facts.songs) notes.push(listNote(facts.songs))
  if (discarded && !cameToNothing)
    notes.push(`No BPM and key this time: ${discarded.error ?? 'the analysis failed.'}`)
  if (facts.state === 'delivered') notes.push(...facts.deliveryNotes)
  return {
    id: facts.id,
    number: facts.number,
    person: facts.person,
    state: facts.state,
    title: facts.title,
    artist: facts.artist,
    coverUrl: facts.coverUrl,
    facts: [
      facts.durationSeconds === null ? null : clock(facts.durationSeconds),
      facts.bpm === null ? null : `${Math.round(facts.bpm)} BPM`,
      facts.key,
      facts.model,
    ].filter((fact) => fact !== null),
    lines: (facts.songs ? [] : facts.stages).map((stage) => ({
      stage: stage.stage,
      label: LABELS[stage.stage],
      state: stage.state,
      fraction: stage.state === 'done' ? 1 : stage.fraction,
      note: noteOf(stage),
    })),
    secondsLeft:
      facts.state === 'working' && facts.choices.length === 0 && !facts.songs
        ? secondsLeft(facts.stages, facts.durationSeconds, now)
        : null,
    notes,
    link: facts.state === 'delivered' ? facts.link : null,
    match: facts.match && {
      label: recordingName(facts.match),
      link: facts.match.link,
      confidence: facts.match.confidence === null ? null : Math.round(facts.match.confidence * 100),
    },
    choices: facts.state === 'working' ? facts.choices.map(choiceOf) : [],
    songs: facts.songs,
    error: facts.errorCode === null ? null : { code: facts.errorCode, message: facts.errorMessage ?? '' },
    actions: actionsOf(facts),
  }
}

function choiceOf(recording: Recording): Card['choices'][number] {
  const length = recording.durationSeconds === null ? null : clock(recording.durationSeconds)
  return {
    value: recordingKey(recording),
    label: recordingName(recording),
    detail: [length, recording.reason].filter((part) => part !== null).join(' · '),
    link: recording.link,
  }
}

/** What was matched may be the wrong song, whatever became of it; of a list that was delivered some songs may have failed. */
function actionsOf({ state, match, songs }: CardFacts): CardAction[] {
  if (match && state !== 'cancelled') return [...ACTIONS[state], 'wrong']
  const canRetry = (songs ?? []).some((song) => song.number !== null && hasEndedBadly(song.state))
  return state === 'delivered' && canRetry ? ['retry'] : ACTIONS[state]
}

function hasEndedBadly(state: CardFacts['state']): boolean {
  return state === 'failed' || state === 'cancelled'
}

/** What to know about a song's stems, by where they come from. */
export function stemNotes({ truncated, model }: Pick<CardFacts, 'truncated' | 'model'>): string[] {
  const notes = []
  if (truncated) notes.push('The file breaks off before its end: this is what could be decoded.')
  if (model === 'starter') notes.push(STARTER_NOTE)
  return notes
}

/** `9 of 12 delivered, 1 failed` */
export function listNote(songs: CardSong[]): string {
  const count = (state: CardFacts['state']) => songs.filter((song) => song.state === state).length
  const bad = [
    [count('failed'), 'failed'],
    [count('cancelled'), 'cancelled'],
  ].filter(([songs]) => songs !== 0)
  return [`${count('delivered')} of ${songs.length} delivered`, ...bad.map((part) => part.join(' '))].join(
    ', ',
  )
}

const ACTIONS: Record<CardFacts['state'], CardAction[]> = {
  working: ['cancel'],
  ready: ['cancel'],
  delivered: [],
  failed: ['retry'],
  cancelled: ['retry'],
}

/** Whether nothing follows, unless somebody tries again. */
export function hasEnded(state: CardFacts['state']): boolean {
  return state === 'delivered' || state === 'failed' || state === 'cancelled'
}

/**
 * Tells cards apart that are worth an edit: by all they show, in whole percent, the songs of a list in tenths, but not
 * by the time left, which moves by itself.
 */
export function cardDigest({ secondsLeft: _, lines, songs, ...rest }: Card): string {
  const percents = lines.map((line) => ({ ...line, fraction: Math.floor(line.fraction * 100) }))
  // That one has begun is shown at once.
  const tenths = songs?.map((song) => ({ ...song, fraction: Math.ceil(song.fraction * 10) }))
  return createHash('sha256')
    .update(JSON.stringify({ ...rest, lines: percents, songs: tenths }))
    .digest('hex')
}

function noteOf(stage: CardStage): string | null {
  if (stage.state === 'retrying') return `trying again (${stage.attempt + 1} of ${MAX_ATTEMPTS})`
  if (stage.state === 'waiting' && stage.error) return stage.error
  if (stage.state === 'waiting' && stage.isHeld) return 'waiting: its queue is paused'
  if (stage.state === 'waiting' && !stage.isWorked)
    return `waiting for a worker that ${WORK[stage.stage]}: none is running`
  if (stage.state === 'waiting') return stage.place > 0 ? `waiting, ${stage.place} before it` : 'waiting'
  if (stage.state === 'running')
    return stage.attempt > 1 ? `attempt ${stage.attempt} of ${MAX_ATTEMPTS}` : stage.step
  if (stage.state === 'discarded') return 'failed'
  return null
}

/** 213 -> 3:33, 3700 -> 1:01:40 */
export function clock(seconds: number): string {
  const whole = Math.round(seconds)
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const shown = parts[0] ? parts : parts.slice(1)
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}
