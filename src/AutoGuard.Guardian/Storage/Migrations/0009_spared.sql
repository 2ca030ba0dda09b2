-- Networks from which a revoked token stays good; "except" is a word of SQL. Empty for all but revocations of shared tokens.
alter table decisions add column spared cidr[] not null default '{}';
alter table rules add column spared cidr[] not null default '{}'
  check (cardinality(spared) = 0 or (scope = 'token' and type = 'deny'));
alter table enforced_rules add column spared cidr[] not null default '{}';
