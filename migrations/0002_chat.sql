-- Where people ask: a Discord server or a Slack workspace; '' where there is none, as in a direct message or at a terminal.
alter table interactions add column workspace text not null default '';
alter table requests add column workspace text not null default '';
create index on requests (platform, workspace, created_at desc);

-- The song's picture on the web, where its source has one.
alter table tracks add column cover_url text;

-- The message that shows a request. The courier alone writes its text; delivery alone adds its files and the mention.
create table messages (
  request_id uuid primary key references requests on delete cascade,
  platform text not null,
  app text not null,
  channel text not null,
  -- Null until the platform has told it.
  message_id text,
  -- The interaction that it answers, and the secret by which the answer may be edited until it expires.
  interaction_id text,
  token text,
  token_expires_at timestamptz,
  -- What the platform said a file may have here, in bytes.
  max_file_bytes bigint,
  -- open: kept up to date. muted: nothing more until its request has ended. deleted: by a person. closed: its last card is shown.
  state text not null default 'open' check (state in ('open', 'muted', 'deleted', 'closed')),
  -- A request that has no message by then gets one: first it is looked for, then posted.
  post_after timestamptz not null default now() + interval '5 seconds',
  -- The platform refused the song's own words: cards do without them.
  plain boolean not null default false,
  -- What it shows, as a digest of the card; and when it was last edited.
  shown text,
  edited_at timestamptz,
  created_at timestamptz not null default now()
);
create index on messages (platform, app, state) where state <> 'closed';
create index on messages (token_expires_at) where token is not null;
create index on messages (channel, edited_at);
create index on requests (interaction_id);
create index on stages (folder);

-- What an admin has said of a queue, on all machines; no row: as the settings say.
create table queue_controls (
  queue text primary key,
  paused boolean not null default false,
  concurrency int check (concurrency between 1 and 64)
);

-- postponed: the platform did not take it just now; costs no attempt.
alter table job_events drop constraint job_events_kind_check;
alter table job_events add constraint job_events_kind_check
  check (kind in ('start', 'stop', 'exception', 'released', 'lost', 'cancelled', 'postponed'));
