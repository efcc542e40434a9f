/**
 * The journal's tables. `user_version` counts the steps already taken; a step, once released, is
 * never edited.
 */
export const migrations: readonly string[] = [
  `
  -- Each epoch is one unbroken count of events; the newest one is current.
  create table epoch (
    number integer primary key, epoch text not null unique, reason text not null, at_ms real not null
  ) strict;
  create table session (number integer primary key, session text not null unique, at_ms real not null)
    strict;
  create table boot (number integer primary key, boot_id text not null unique) strict;

  -- What reached the site. The ring of the last days, for replay; never sent.
  -- start_byte: size of all bodies before this one, so that the size between two rows is known.
  create table input (
    id integer primary key, boot integer not null, mono_ms real not null, wall_ms real not null,
    actor text not null, body text not null, start_byte integer not null
  ) strict;

  -- What was decided. seq is contiguous within an epoch.
  create table event (
    epoch integer not null, seq integer not null, session integer not null, at_ms real not null,
    undurable integer not null, body text not null, start_byte integer not null,
    primary key (epoch, seq)
  ) strict, without rowid;

  -- How far each configured hub has acknowledged.
  create table outbox (hub text primary key, epoch integer not null, seq integer not null)
    strict, without rowid;

  -- What an actor needs after a restart, and what was begun without a result yet. The checksum
  -- is there because a device is commanded from these.
  create table resume (actor text primary key, body text not null, crc integer not null)
    strict, without rowid;
  create table intent (
    began integer primary key, id text not null unique, body text not null, crc integer not null
  ) strict;

  -- Retained topics this site has published, to be cleared when an actor is gone.
  create table topic (topic text primary key) strict, without rowid;
  `,
];
