-- On its own, so that the table can be read while the index is built: the new column locked it against readers as well.
create index decisions_unpublished on decisions (seq) where not published;
