-- Running it: traces, machines that choose their queues, draining.

-- The trace that its command began, as W3C Trace Context spells it: the spans of its jobs hang on it.
alter table requests add column traceparent text;

-- The queues that the worker works, with this machine's own limits: {"processing": 2}.
alter table workers add column queues jsonb not null default '{}';

-- draining: as paused, said by who is going to stop the machines.
alter table queue_controls add column draining boolean not null default false;
