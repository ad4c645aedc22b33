-- The results pages.

-- Counts the times that a request's addresses were revoked. It is in their signature, so that those given out before are void.
alter table requests add column results_version int not null default 0;

-- What this installation signs with, by purpose; each is made when it is first needed.
create table signing_keys (
  name text primary key,
  key bytea not null
);

-- The room: who has entered it, and what they say. A request asked for there is its own message.
create table room_people (
  id text primary key,
  -- Of what the person's browser shows; the token itself is kept nowhere.
  token_sha256 bytea not null unique,
  name text not null,
  -- Of the secret that they entered with; null where none was needed.
  secret_sha256 bytea,
  entered_at timestamptz not null default now()
);

create table room_messages (
  id bigint generated always as identity primary key,
  room text not null,
  person text not null references room_people,
  -- The page's own id of it: given twice it is said once.
  nonce uuid not null,
  text text not null,
  created_at timestamptz not null default now(),
  unique (person, nonce)
);
create index on room_messages (room, created_at desc);
create index on requests (channel, created_at desc) where platform = 'room';
