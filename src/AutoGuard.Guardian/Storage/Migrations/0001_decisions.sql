-- The decision log: what was decided, what guardians made of it, and the latest evidence per subject.
create table decisions (
  id text primary key,
  seq bigint generated always as identity unique,
  time timestamptz not null,
  action text not null check (action in ('release', 'flag', 'block', 'revoke')),
  mode text not null check (mode in ('observe', 'enforce')),
  subject_type text not null check (subject_type in ('token', 'ip', 'cidr', 'referrer')),
  subject_value text not null,
  organization text,
  score double precision not null,
  reasons jsonb not null,
  harm jsonb not null,
  expires timestamptz,
  policy text not null,
  topic text not null,
  "partition" integer not null,
  "offset" bigint not null,
  recorded_at timestamptz not null
);
create index decisions_time on decisions (time, seq);
create index decisions_subject on decisions (subject_type, subject_value, time);
-- The outbox reads only this part of the log.
create index decisions_enforceable on decisions (recorded_at, seq) where mode = 'enforce' and action in ('block', 'revoke', 'release');

create table decision_outcomes (
  decision_id text not null references decisions (id) on delete cascade,
  guardian text not null,
  result text not null check (result in ('applied', 'already_applied', 'unsupported', 'rejected', 'unavailable')),
  detail text,
  rule_id text,
  attempts integer not null default 1,
  attempted_at timestamptz not null,
  next_attempt_at timestamptz,
  primary key (decision_id, guardian)
);

create table flagged_subjects (
  subject_type text not null,
  subject_value text not null,
  organization text not null default '',
  evidence jsonb not null,
  first_flagged timestamptz not null,
  last_updated timestamptz not null,
  highest_score double precision not null,
  primary key (subject_type, subject_value, organization)
);
create index flagged_subjects_last_updated on flagged_subjects (last_updated);
