-- The local engine's rules, who changed them and why, and the keys of its HTTP API.
create table rules (
  id text primary key,
  seq bigint generated always as identity unique,
  scope text not null check (scope in ('ip', 'cidr', 'referrer', 'token')),
  value text not null,
  network cidr,
  type text not null check (type in ('deny', 'allow')),
  tag text not null default '',
  reason text not null default '',
  origin text not null check (origin in ('autoguard', 'api', 'import')),
  creator text not null,
  organization text,
  decision_id text,
  created_at timestamptz not null,
  expires_at timestamptz,
  check ((network is not null) = (scope in ('ip', 'cidr')))
);
create index rules_scope on rules (scope, seq);
create index rules_value on rules (value);
create index rules_expires_at on rules (expires_at) where expires_at is not null;

create table rule_audit (
  seq bigint generated always as identity primary key,
  at timestamptz not null,
  who text not null,
  what text not null check (what in ('add', 'change', 'remove')),
  why text not null,
  rule_id text not null,
  before jsonb,
  after jsonb
);
create index rule_audit_rule on rule_audit (rule_id, seq);
create index rule_audit_at on rule_audit (at);

create table api_keys (
  id bigint generated always as identity primary key,
  name text not null unique,
  hash bytea not null unique,
  role text not null check (role in ('read', 'write', 'admin')),
  organization text,
  created_at timestamptz not null,
  revoked_at timestamptz
);
