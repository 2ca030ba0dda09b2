-- What every engine was told and until when, what came of it, and the secrets that telling it takes.
alter table decision_outcomes drop constraint decision_outcomes_result_check;
alter table decision_outcomes add constraint decision_outcomes_result_check
  check (result in ('applied', 'already_applied', 'unsupported', 'rejected', 'unavailable', 'not_needed'));

-- One row per rule that AutoGuard put into an engine and has not taken out again. A row that is 'sending' was about to be
-- put there when the program was last heard of.
create table enforced_rules (
  guardian text not null,
  subject_type text not null check (subject_type in ('token', 'ip', 'cidr', 'referrer')),
  subject_value text not null,
  organization text not null default '',
  state text not null check (state in ('sending', 'active')),
  decision_id text not null,
  rule_id text,
  sent_at timestamptz not null,
  effective_at timestamptz,
  lapses_at timestamptz,
  expires_at timestamptz,
  primary key (guardian, subject_type, subject_value, organization)
);
create index enforced_rules_expires_at on enforced_rules (guardian, expires_at) where expires_at is not null;

create table decision_effects (
  decision_id text primary key references decisions (id) on delete cascade,
  effective_at timestamptz not null,
  ends_sessions boolean not null,
  companions jsonb not null,
  sessions_at_effect bigint,
  watched_from timestamptz,
  check_at timestamptz not null,
  effect text not null default 'waiting' check (effect in ('waiting', 'stopped', 'moved', 'continued', 'draining', 'unknown')),
  new_sessions bigint,
  open_sessions integer,
  detail text,
  measured_at timestamptz
);
create index decision_effects_due on decision_effects (check_at) where effect = 'waiting';

create table decision_follow_ups (
  decision_id text not null references decisions (id) on delete cascade,
  parent_id text not null,
  why text not null,
  primary key (decision_id, parent_id)
);

-- Encoded tokens of flagged tokens, AES-256-GCM; dropped after use or expiry.
create table encoded_tokens (
  identity text not null,
  organization text not null default '',
  key_id text not null,
  nonce bytea not null,
  sealed bytea not null,
  kept_at timestamptz not null,
  drop_after timestamptz not null,
  primary key (identity, organization)
);
create index encoded_tokens_drop_after on encoded_tokens (drop_after);
