-- What the sweeps of a long history look up by: the folder that an encoded file lies in, and the upload that a song came from.
create index on encodings (substring(file from '^[^/]+/[^/]+/[^/]+'));
create index on tracks ((source ->> 'sha256')) where source ->> 'sha256' is not null;

-- What any process may do, and one is to do now and then: when it was done last.
create table turns (
  name text primary key,
  taken_at timestamptz not null
);
