-- One recording. `source` is what the download stage is given to fetch it.
create table tracks (
  id uuid primary key default gen_random_uuid(),
  source jsonb not null,
  title text not null,
  artist text,
  album text,
  duration_seconds double precision,
  created_at timestamptz not null default now()
);

-- The keys under which people name a track: file:<sha256>, url:<address>, spotify:track:<id>.
create table sources (
  key text primary key,
  track_id uuid not null references tracks on delete cascade
);
create index on sources (track_id);

-- One track split by one model with one set of weights. Shared by every request that wants it.
-- Model 'auto' with weights '' stands until a worker that knows its models takes the job.
create table separations (
  id uuid primary key default gen_random_uuid(),
  track_id uuid not null references tracks on delete cascade,
  model text not null,
  weights text not null default '',
  created_at timestamptz not null default now(),
  unique (track_id, model, weights)
);

-- A command a person gave, unique by the platform's own id for it.
create table interactions (
  id uuid primary key default gen_random_uuid(),
  platform text not null,
  app text not null,
  external_id text not null,
  person text not null,
  channel text not null,
  created_at timestamptz not null default now(),
  unique (platform, app, external_id)
);

-- What one person asked in one place. Ends delivered, failed or cancelled, always.
create table requests (
  id uuid primary key default gen_random_uuid(),
  number bigint generated always as identity unique,
  interaction_id uuid not null references interactions,
  platform text not null,
  person text not null,
  channel text not null,
  track_id uuid not null references tracks,
  separation_id uuid references separations,
  model text not null,
  stems text[] not null,
  format text not null,
  state text not null default 'working' check (state in ('working', 'ready', 'delivered', 'failed', 'cancelled')),
  error_code text,
  error_message text,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
create index on requests (track_id);
create index on requests (state) where state in ('working', 'ready');
create index on requests (separation_id);
create index on requests (platform, person, channel, created_at desc);

-- Where each stage of an owner (track, separation or request) stands: its job, its progress, and its result.
-- A result is visible only through this row, which names the folder of the attempt that made it.
create table stages (
  owner uuid not null,
  stage text not null check (stage in ('download', 'analysis', 'processing', 'delivery')),
  track_id uuid not null references tracks on delete cascade,
  queue text not null,
  job_id uuid not null,
  state text not null check (state in ('waiting', 'running', 'retrying', 'done', 'discarded')),
  attempt int not null default 1,
  fraction real not null default 0,
  step text,
  worker_id uuid,
  sent_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  error_code text,
  error_message text,
  folder text,
  result jsonb,
  primary key (owner, stage)
) with (fillfactor = 70);
create index on stages (track_id);
create index on stages (state) where state in ('waiting', 'running', 'retrying');

-- Every start, end and error of a job; kept 90 days.
create table job_events (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  kind text not null check (kind in ('start', 'stop', 'exception', 'released', 'lost', 'cancelled')),
  job_id uuid not null,
  queue text not null,
  owner uuid not null,
  track_id uuid not null,
  attempt int not null,
  worker_id uuid not null,
  queue_ms double precision,
  duration_ms double precision,
  error_code text,
  error_message text,
  audio_seconds double precision,
  model text,
  device text
);
create index on job_events (job_id);
create index on job_events (queue, kind, at desc);

-- What delivery encoded, kept so that the same answer is not encoded twice.
create table encodings (
  separation_id uuid not null references separations on delete cascade,
  stem text not null,
  format text not null,
  bitrate_kbps int not null default 0,
  file text not null,
  bytes bigint not null,
  primary key (separation_id, stem, format, bitrate_kbps)
);

-- The workers that say they live; each proves it by a session lock on its id.
create table workers (
  id uuid primary key,
  machine text not null,
  hostname text not null,
  pid int not null,
  models jsonb not null default '[]',
  started_at timestamptz not null default now()
);

-- The history of every stage, with the state names of Oban.
create view job_history as
select s.owner, s.stage, s.track_id, t.title, t.artist,
  case s.state when 'waiting' then 'available' when 'running' then 'executing' when 'retrying' then 'retryable' when 'done' then 'completed' else s.state end as state,
  s.attempt, s.sent_at, s.started_at, s.finished_at, s.error_code, s.error_message,
  (select jsonb_agg(jsonb_build_object('at', e.at, 'attempt', e.attempt, 'error', e.error_code, 'message', e.error_message) order by e.id)
     from job_events e where e.owner = s.owner and e.kind = 'exception'
      and e.queue like s.stage || '%') as errors
from stages s join tracks t on t.id = s.track_id;
