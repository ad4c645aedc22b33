-- Who has set a queue last, and when.
alter table queue_controls add column changed_at timestamptz;
-- { platform, person }
alter table queue_controls add column changed_by jsonb;

-- Where an attempt ran: its worker's row goes when the worker does.
alter table job_events add column hostname text;
-- A job that was cancelled while it waited had no worker.
alter table job_events alter column worker_id drop not null;

-- A job's events in their order; those of an owner; and by time, for questions about a day and for the pruner.
drop index job_events_job_id_idx;
create index on job_events (job_id, id);
create index on job_events (owner);
create index on job_events (at);
create index on stages (job_id);
create index on requests (ended_at);
create index on requests ((named ->> 'key'));
create index on interactions (created_at);
create index on room_messages (created_at);

-- Views for people who ask why: docs/queries.md. State names are Oban's.

-- When a job that waits may run. A function, so that no view of ours hangs on pg-boss's tables: it could not migrate them.
create function job_scheduled_at(queue text, job_id uuid) returns timestamptz language sql stable
  as 'select start_after from pgboss.job where name = $1 and id = $2';

-- One row a job of a stage, also where the stage was done anew since, or is wanted no more.
drop view job_history;
create view job_history as
with jobs as (
  select s.job_id, s.owner, s.queue, s.stage, s.track_id, s.state, s.attempt, s.sent_at as inserted_at, s.started_at as attempted_at,
    s.finished_at as ended_at,
    case when s.state in ('waiting', 'retrying') then job_scheduled_at(s.queue, s.job_id) end as due_at
  from stages s
  union all
  select e.job_id, e.owner, e.queue, split_part(e.queue, '-', 1), e.track_id,
    case e.kind when 'stop' then 'done' when 'exception' then 'discarded' else 'cancelled' end, e.attempt,
    (select min(f.at - make_interval(secs => coalesce(f.queue_ms, 0) / 1000)) from job_events f where f.job_id = e.job_id),
    (select max(f.at) from job_events f where f.job_id = e.job_id and f.kind = 'start'), e.at, null
  from (
    -- A job is of one owner: so that what is asked of an owner need not look at all of them.
    select distinct on (owner, job_id) * from job_events e
    where not exists (select from stages s where s.job_id = e.job_id) order by owner, job_id, id desc) e
)
select j.job_id, j.queue, j.stage,
  case j.state
    when 'waiting' then case when j.due_at > now() then 'scheduled' else 'available' end
    when 'running' then 'executing' when 'retrying' then 'retryable' when 'done' then 'completed' else j.state end as state,
  j.attempt, 3 as max_attempts, j.inserted_at, coalesce(j.due_at, j.inserted_at) as scheduled_at, j.attempted_at,
  case when j.state = 'done' then j.ended_at end as completed_at,
  case when j.state = 'discarded' then j.ended_at end as discarded_at,
  case when j.state = 'cancelled' then j.ended_at end as cancelled_at,
  (select jsonb_agg(jsonb_build_object('at', e.at, 'attempt', e.attempt, 'error', e.error_code, 'message', e.error_message) order by e.id)
     from job_events e where e.job_id = j.job_id and e.kind = 'exception') as errors,
  (select e.hostname from job_events e where e.job_id = j.job_id and e.kind = 'start' order by e.id desc limit 1) as attempted_by,
  j.owner, j.track_id, t.artist, t.title,
  -- Those that wanted it. What was found out led its requests on to another track, by the name that they gave.
  array(
    select r.number from requests r where r.track_id = j.track_id and j.owner in (r.track_id, r.separation_id, r.id)
    union select r.number from sources n join requests r on r.named ->> 'key' = n.key where j.stage = 'resolve' and n.track_id = j.owner
    order by 1) as requests
from jobs j left join tracks t on t.id = j.track_id;

-- One row an attempt. crashed: nothing has ended it, and it does not run any more.
create view job_attempts as
select b.job_id, b.queue, split_part(b.queue, '-', 1) as stage, b.attempt,
  case e.kind when 'stop' then 'completed' when 'exception' then 'failed' else coalesce(e.kind,
    case when exists (select from stages s where s.job_id = b.job_id and s.state = 'running' and s.worker_id = b.worker_id)
      and not exists (select from job_events later where later.job_id = b.job_id and later.kind = 'start' and later.id > b.id)
    then 'executing' else 'crashed' end) end as outcome,
  b.at as started_at, e.at as ended_at, b.queue_ms / 1000 as queue_seconds, e.duration_ms / 1000 as seconds,
  e.error_code, e.error_message, b.hostname as machine, e.model, e.device, e.audio_seconds,
  e.duration_ms / 1000 / nullif(e.audio_seconds, 0) as real_time_factor, b.owner, b.track_id, t.artist, t.title
from job_events b
  left join lateral (
    select * from job_events e where e.job_id = b.job_id and e.worker_id = b.worker_id and e.kind <> 'start' and e.id > b.id
    order by e.id limit 1) e on true
  left join tracks t on t.id = b.track_id
where b.kind = 'start';

-- One row a request. Its stages' seconds are of work that it waited for: none where what it wanted was there. By its owners its jobs are
-- found in the other views.
create view request_history as
select r.number, list.number as list, (select count(*) from requests song where song.parent_id = r.id) as songs,
  r.platform, r.workspace, r.channel, coalesce(m.person_name, p.name, r.person) as person, t.artist, t.title,
  r.separation_id is not null as separates, r.model, r.format, r.state, r.error_code, r.error_message, r.created_at as asked_at, r.ended_at,
  extract(epoch from coalesce(r.ended_at, now()) - r.created_at)::float8 as seconds,
  work.queue_seconds, work.resolve_seconds, work.download_seconds, work.analysis_seconds, work.processing_seconds, work.delivery_seconds,
  r.id, r.track_id, owned.owners
from requests r
  join tracks t on t.id = r.track_id
  left join requests list on list.id = r.parent_id
  left join messages m on m.request_id = r.id
  left join room_people p on r.platform = 'room' and p.id = r.person
  left join sources named on named.key = r.named ->> 'key'
  cross join lateral (select array_remove(array[named.track_id, r.track_id, r.separation_id, r.id], null) as owners) owned
  cross join lateral (
    select sum(queue_ms) filter (where kind = 'start') / 1000 as queue_seconds,
      sum(duration_ms) filter (where queue = 'resolve') / 1000 as resolve_seconds,
      sum(duration_ms) filter (where queue = 'download') / 1000 as download_seconds,
      sum(duration_ms) filter (where queue = 'analysis') / 1000 as analysis_seconds,
      sum(duration_ms) filter (where queue = 'processing') / 1000 as processing_seconds,
      sum(duration_ms) filter (where queue like 'delivery-%') / 1000 as delivery_seconds
    from job_events e
    where e.owner = any(owned.owners) and e.at between r.created_at and coalesce(r.ended_at, now())) work;

-- Autovacuum waits for a fifth of a table to be dead, or new: weeks of history. Of these tables it looks after a fiftieth already, and
-- keeps what the planner knows of them fresh. stages and messages are changed about once a second for each song under way; job_events
-- only grows, and the pruner takes from its beginning.
alter table stages set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table messages set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table requests set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table job_events set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

-- The same of pg-boss's jobs, which lie in the partitions of pgboss.job: such settings go on those alone.
do $$
declare
  leaf regclass;
begin
  for leaf in select relid from pg_partition_tree('pgboss.job') where isleaf loop
    execute format('alter table %s set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)', leaf);
  end loop;
end $$;
