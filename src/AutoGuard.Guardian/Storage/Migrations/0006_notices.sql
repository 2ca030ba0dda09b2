-- What operators were told about detection itself, so that reports of a period can say it again. Told twice after a crash, it is kept once.
create table notices (
  time timestamptz not null,
  kind text not null check (kind in ('breaker_opened', 'breaker_closed', 'block_too_wide')),
  organization text not null default '',
  text text not null,
  recorded_at timestamptz not null,
  primary key (time, kind, organization, text)
);
