-- What a platform with many workspaces needs to reach a message, and who asked in words, where a mention would call them.
alter table messages add column installation text;
alter table messages add column person_name text;
-- When somebody began to make the message: from then on it may be there, and is looked for before it is posted.
alter table messages add column post_begun_at timestamptz default now();
create index on messages (platform, app, edited_at);

-- Workspaces that have installed the app; '-' where there is no enterprise, or no one workspace. `sealed` holds the token, encrypted.
create table slack_installations (
  enterprise_id text not null,
  team_id text not null,
  sealed text not null,
  installed_at timestamptz not null default now(),
  primary key (enterprise_id, team_id)
);

-- Workspaces that refused a plan block: their cards do without, for good.
create table slack_without_plans (
  workspace text primary key,
  since timestamptz not null default now()
);

-- How far the hand-over of a request's files has got. A message other than `thread` starts over.
create table slack_uploads (
  request_id uuid primary key references requests on delete cascade,
  thread text not null,
  -- [{ name, bytes, id }], uploaded and waiting to be shown.
  files jsonb not null default '[]',
  -- When Slack was asked to show them: from then on it may; null while it was not asked, or has said no.
  sharing_since timestamptz,
  -- It has said that it does.
  said_shared boolean not null default false,
  -- Times it has said so in vain.
  unshown int not null default 0,
  -- When a mention without files was begun.
  mention_begun_at timestamptz
);
