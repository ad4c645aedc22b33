// A long history, made in the database itself: requests of the last six days that were all delivered, with all that is kept of them.
import type { Database } from '../src/store/database.ts'

/** Where they were asked for: a server with many channels and people. */
export const PLACE = { platform: 'discord', workspace: 'server', channel: 'channel1' }
export const APP = 'app'
export const PERSON = 'person1'

/** Four jobs a request. */
export const JOBS_A_REQUEST = 4

const ID = (kind: string, of = 'i') => `md5('${kind} ' || ${of})::uuid`
const AT = `now() - interval '6 days' * (1 - i::float8 / $1)`
const STAGES = `(values ('download', 'download', 0, ${ID('track')}), ('analysis', 'analysis', 1, ${ID('track')}),
  ('processing', 'processing', 2, ${ID('separation')}), ('delivery', 'delivery-discord', 3, ${ID('request')})) s (stage, queue, place, owner)`
const FOLDER = `s.owner || '/' || s.stage || '/' || ${ID('attempt', 's.stage || i')}`
const DELIVERED = `jsonb_build_object('stems', '[]'::jsonb, 'player', '[]'::jsonb, 'analysis', null, 'format', 'mp3', 'bitrateKbps', 0,
  'notes', '[]'::jsonb, 'link', null)`

const STEPS = [
  `insert into tracks (id, source, title, artist, duration_seconds, created_at)
   select ${ID('track')}, jsonb_build_object('kind', 'file', 'key', 'file:' || i, 'sha256', md5(i::text) || md5(i::text), 'name', 'Song.flac'),
     'Song ' || i, 'Band', 213, ${AT} from generate_series(1, $1::int) i`,
  `insert into sources (key, track_id) select 'file:' || i, ${ID('track')} from generate_series(1, $1::int) i`,
  `insert into separations (id, track_id, model, weights) select ${ID('separation')}, ${ID('track')}, 'starter', 'aaaa1111'
   from generate_series(1, $1::int) i`,
  `insert into interactions (id, platform, app, external_id, person, workspace, channel, created_at)
   select ${ID('interaction')}, 'discord', '${APP}', i::text, 'person' || i % 200, 'server', 'channel' || i % 20, ${AT}
   from generate_series(1, $1::int) i`,
  `insert into requests (id, interaction_id, platform, person, workspace, channel, track_id, separation_id, model, stems, format, state, named,
     created_at, ended_at)
   select ${ID('request')}, ${ID('interaction')}, 'discord', 'person' || i % 200, 'server', 'channel' || i % 20, ${ID('track')},
     ${ID('separation')}, 'auto', '{}', 'mp3', 'delivered', jsonb_build_object('kind', 'search', 'key', 'search:' || i, 'text', 'song ' || i),
     ${AT}, ${AT} + interval '3 minutes' from generate_series(1, $1::int) i`,
  `insert into messages (request_id, platform, app, channel, message_id, state, shown, edited_at, created_at)
   select ${ID('request')}, 'discord', '${APP}', 'channel' || i % 20, i::text, 'closed', md5(i::text), ${AT} + interval '3 minutes', ${AT}
   from generate_series(1, $1::int) i`,
  `insert into stages (owner, stage, track_id, queue, job_id, state, fraction, sent_at, started_at, finished_at, folder, result)
   select s.owner, s.stage, ${ID('track')}, s.queue, ${ID('job', 's.stage || i')}, 'done', 1, ${AT}, ${AT}, ${AT} + interval '1 minute',
     ${FOLDER}, case s.stage when 'delivery' then ${DELIVERED} else '{}' end
   from generate_series(1, $1::int) i cross join lateral ${STAGES}`,
  `insert into job_events (at, kind, job_id, queue, owner, track_id, attempt, worker_id, queue_ms, duration_ms, audio_seconds, model)
   select ${AT} + make_interval(secs => s.place * 60), e.kind, ${ID('job', 's.stage || i')}, s.queue, s.owner, ${ID('track')}, 1,
     ${ID('worker', '0')}, 20, case e.kind when 'stop' then 60000 end, case e.kind when 'stop' then 213 end,
     case when e.kind = 'stop' and s.stage = 'processing' then 'starter' end
   from generate_series(1, $1::int) i cross join lateral ${STAGES} cross join (values ('start'), ('stop')) e (kind)`,
  `insert into encodings (separation_id, stem, format, bitrate_kbps, file, bytes)
   select ${ID('separation')}, stem, format, 0, ${ID('request')} || '/delivery/' || ${ID('attempt', "'delivery' || i")} || '/' || stem, 1000
   from generate_series(1, $1::int) i cross join unnest(array['bass', 'drums', 'other', 'vocals']) stem
     cross join unnest(array['mp3', 'player']) format`,
  `insert into pgboss.job (id, name, data, state, singleton_key, policy, created_on, start_after, started_on, completed_on, heartbeat_seconds)
   select ${ID('job', 's.stage || i')}, s.queue, jsonb_build_object('owner', s.owner), 'completed', s.owner::text, 'exclusive', ${AT}, ${AT},
     ${AT}, ${AT} + interval '1 minute', 10
   from generate_series(1, $1::int) i cross join lateral ${STAGES}`,
]

export async function makeHistory(db: Database, jobs: number): Promise<void> {
  for (const step of STEPS) await db.query(step, [jobs / JOBS_A_REQUEST])
  await db.query('vacuum analyze')
}
