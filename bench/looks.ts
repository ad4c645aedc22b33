// What people, couriers and workers look up, by name.
import { randomUUID } from 'node:crypto'
import { history } from '../commands/history.ts'
import { COLON_SPELLING } from '../commands/options.ts'
import { suggestSongs } from '../commands/song.ts'
import { status } from '../commands/status.ts'
import { commandDepsOf } from '../src/chat/command-deps.ts'
import { createLog } from '../src/log.ts'
import { lookAtQueues } from '../src/queue/control.ts'
import { BEFORE_ALL, sweepTracks } from '../src/queue/sweep.ts'
import { readCard } from '../src/store/cards.ts'
import { messagesToShow } from '../src/store/messages.ts'
import { queueDepths } from '../src/store/queue-depths.ts'
import { namedFolders, tracksUnasked } from '../src/store/stages.ts'
import { type Backlog, newSong } from './backlog.ts'
import { APP, PERSON, PLACE } from './history.ts'
import { ask } from './request.ts'

const FOLDERS = 1_000
const TRACKS = 100

export type Look = { name: string; look: () => Promise<unknown> }

export async function looksAt({ services, settings }: Backlog): Promise<Look[]> {
  const { db, boss } = services
  const log = createLog('silent')
  const deps = commandDepsOf(settings, services)
  const interaction = { ...PLACE, app: APP, externalId: randomUUID(), person: PERSON }
  const asker = { ...interaction, manager: true }
  const invocation = {
    interaction,
    manager: true,
    file: null,
    message: null,
    resumes: false,
    spelling: COLON_SPELLING,
  }
  const waiting = await ask(services, newSong())
  const folders = Array.from({ length: FOLDERS }, () => `${randomUUID()}/download/${randomUUID()}`)
  return [
    { name: 'claim of a new song', look: () => ask(services, newSong(), { person: randomUUID() }) },
    { name: 'sweep', look: () => sweepTracks({ ...services, log }, BEFORE_ALL) },
    { name: 'card', look: () => readCard(db, waiting.id) },
    { name: "courier's look at all", look: () => messagesToShow(db, PLACE.platform, APP, 'all') },
    {
      name: "courier's look at a song",
      look: () => messagesToShow(db, PLACE.platform, APP, [waiting.trackId]),
    },
    { name: '/status', look: () => status.run({ ...invocation, options: { number: undefined } }, deps) },
    { name: '/history', look: () => history.run({ ...invocation, options: {} }, deps) },
    { name: '/queue show', look: () => lookAtQueues(db, undefined) },
    { name: 'suggestions of songs', look: () => suggestSongs('song 1', asker, deps) },
    { name: 'metrics of queues', look: () => queueDepths(db, ['download', 'processing']) },
    { name: `tidying: ${FOLDERS} folders`, look: () => namedFolders(db, folders) },
    { name: 'tidying: expired songs', look: () => tracksUnasked(db, settings.KEEP_DAYS, TRACKS) },
    { name: "pg-boss's supervision", look: () => boss.supervise() },
  ]
}
