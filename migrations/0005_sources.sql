-- Where songs come from: what is to be found out first, lists, and how long files are kept.

-- resolve: what a source that is no recording itself stands for.
alter table stages drop constraint stages_stage_check;
alter table stages add constraint stages_stage_check
  check (stage in ('resolve', 'download', 'analysis', 'processing', 'delivery'));
-- When its files were removed, because nobody had asked for them for long.
alter table stages add column files_expired_at timestamptz;

-- A song of a list is a request of its own, below the one that asked for the list.
alter table requests add column parent_id uuid references requests on delete cascade;
-- Its place there, from 0 on; 0 for a single song.
alter table requests add column place_in_list int not null default 0;
-- What it was asked for by: the source, as it was parsed. Its track may be somebody else's too, who named it in another way.
alter table requests add column named jsonb;
update requests r set named = t.source from tracks t where t.id = r.track_id;
-- Of a list, once it has its songs: { total, taken, unavailable: [{ place, title, artist, why }] }.
alter table requests add column listed jsonb;
-- The recording that was taken for what was asked: { link, title, channel, confidence }.
alter table requests add column match jsonb;
create index on requests (parent_id) where parent_id is not null;
create index on requests (channel, ended_at desc) where platform = 'room' and parent_id is not null and state = 'delivered';

-- A service that has asked to be left alone for a while.
create table circuits (
  service text primary key,
  asked_as text not null default '',
  open_until timestamptz not null
);
