/** The first shape of the hub's database. Migrations only grow: never change one that shipped. */
export const start = /* sql */ `
-- Times are Unix ms. Bodies are JSON as the contract spells it.
CREATE TABLE site (
  site TEXT PRIMARY KEY,
  info TEXT,
  last_seen_ms INTEGER
) STRICT;

CREATE TABLE actor (
  site TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  state TEXT,
  received_at_ms INTEGER NOT NULL,
  gone_at_ms INTEGER,
  PRIMARY KEY (site, kind, id)
) STRICT, WITHOUT ROWID;

-- Everything of an epoch up to seq is in this database.
CREATE TABLE mark (
  site TEXT NOT NULL,
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (site, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  n INTEGER PRIMARY KEY,
  site TEXT NOT NULL,
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (site, epoch, seq)
) STRICT;
CREATE INDEX event_received ON event (received_at_ms);
CREATE INDEX event_subject ON event (site, kind, subject, n);

CREATE TABLE incident (
  site TEXT NOT NULL,
  id TEXT NOT NULL,
  stream TEXT NOT NULL,
  cause TEXT NOT NULL,
  outcome TEXT NOT NULL,
  opened_at_ms INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, id)
) STRICT;
CREATE INDEX incident_opened ON incident (opened_at_ms, site, id);

-- What failed its schema, as it came.
CREATE TABLE quarantine (
  n INTEGER PRIMARY KEY,
  site TEXT NOT NULL,
  topic TEXT NOT NULL,
  reason TEXT NOT NULL,
  payload BLOB NOT NULL,
  received_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX quarantine_site ON quarantine (site, n);

-- Events a site could not send again.
CREATE TABLE lost (
  site TEXT NOT NULL,
  epoch TEXT NOT NULL,
  from_seq INTEGER NOT NULL,
  to_seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (site, epoch, from_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE command (
  id TEXT PRIMARY KEY,
  site TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  verb TEXT NOT NULL,
  args TEXT,
  dry_run INTEGER NOT NULL,
  by TEXT NOT NULL,
  sent_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  status TEXT NOT NULL,
  code TEXT,
  message TEXT,
  answered_at_ms INTEGER
) STRICT;
CREATE INDEX command_sent ON command (sent_at_ms);

CREATE TABLE idempotency (
  key TEXT PRIMARY KEY,
  body_sha256 TEXT NOT NULL,
  command_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  site TEXT,
  sha256 TEXT NOT NULL UNIQUE,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER
) STRICT;
`;
