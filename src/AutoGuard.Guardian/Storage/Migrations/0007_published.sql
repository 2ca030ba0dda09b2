-- Whether a decision is on the decisions topic: a process that ends between log and topic must not leave it out for ever.
-- What is in the log already counts as published, and so does what workers of an older version still add during an upgrade: they publish
-- it themselves and never mark it. This version says false by itself. A constant default rewrites no row.
alter table decisions add column published boolean not null default true;
