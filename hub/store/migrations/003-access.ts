/** Keys with scopes, sites and a successor; people, their sessions; the audit log. */
export const accessTables = /* sql */ `
-- JSON lists. scopes null: those of its kind. sites null: all.
ALTER TABLE api_key ADD COLUMN scopes TEXT;
ALTER TABLE api_key ADD COLUMN sites TEXT;
ALTER TABLE api_key ADD COLUMN last_used_from TEXT;
ALTER TABLE api_key ADD COLUMN replaced_by TEXT;

CREATE TABLE person (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  -- scrypt, or null while an invitation waits
  password TEXT,
  invitation_sha256 TEXT UNIQUE,
  invitation_ends_at_ms INTEGER,
  -- JSON; sites null: all that department and region allow
  sites TEXT,
  department TEXT,
  region TEXT,
  shifts TEXT,
  disabled_at_ms INTEGER,
  created_at_ms INTEGER NOT NULL,
  last_login_at_ms INTEGER
) STRICT;

-- A login and all refresh tokens that followed from it.
CREATE TABLE login_session (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  created_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL
) STRICT;
CREATE INDEX login_session_person ON login_session (person);
CREATE TABLE refresh_token (
  sha256 TEXT PRIMARY KEY,
  session TEXT NOT NULL REFERENCES login_session (id) ON DELETE CASCADE,
  expires_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_token_session ON refresh_token (session);

-- Each row's hash covers the hash before it. body is the row as it was hashed.
CREATE TABLE audit (
  n INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  actor TEXT NOT NULL,
  body TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_actor ON audit (actor, n);
-- The last row, a second time: rows cut off the end are missed.
CREATE TABLE audit_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  n INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
`;
