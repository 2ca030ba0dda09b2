-- Whether a decision is on the decisions topic: a process that ends between log and topic must not leave it out for ever.
-- What is in the log already counts as published; a constant default rewrites no row.
alter table decisions add column published boolean not null default true;
alter table decisions alter column published set default false;
create index decisions_unpublished on decisions (seq) where not published;
