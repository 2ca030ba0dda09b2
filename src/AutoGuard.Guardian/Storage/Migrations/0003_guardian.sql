-- Rules of one stream; the position of a rule's last change; look-ups by network.
alter table rules add column stream text;
alter table rules add column revision bigint not null default 0;
create index rules_network on rules (network) where network is not null;
create index rules_allowed on rules (scope) where type = 'allow';

-- Deny rules that an allow rule has taken away are told apart from those that somebody removed.
alter table rule_audit drop constraint rule_audit_what_check;
alter table rule_audit add check (what in ('add', 'change', 'remove', 'release'));

-- A key for an enforcement point, which asks and changes nothing.
alter table api_keys drop constraint api_keys_role_check;
alter table api_keys add check (role in ('bouncer', 'read', 'write', 'admin'));

-- How far each enforcement point has read the stream of decisions.
create table bouncers (
  key text not null,
  client text not null,
  position bigint not null,
  pulled_at timestamptz not null,
  primary key (key, client)
);

-- Address and country lists of channels, aliases and distributions; organization '' is the one of keys without a tenant.
create table publications (
  kind text not null check (kind in ('channel', 'alias', 'distribution')),
  id text not null,
  organization text not null default '',
  configuration jsonb not null,
  changed_at timestamptz not null,
  primary key (organization, kind, id)
);
