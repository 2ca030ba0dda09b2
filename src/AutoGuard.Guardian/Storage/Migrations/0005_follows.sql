-- The revocation that a decision follows: its subject goes on where a revoked token left off.
alter table decisions add column follows text;
