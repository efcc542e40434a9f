/** Who is told by HTTP, how far each has been told, and what none could be told. */
export const webhookTables = /* sql */ `
CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  -- JSON lists; null: all
  types TEXT,
  sites TEXT,
  created_at_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  -- of its secret
  generation INTEGER NOT NULL,
  -- the last event that is done with
  position INTEGER NOT NULL,
  -- of the event after that
  attempts INTEGER NOT NULL,
  next_try_at_ms INTEGER,
  delivered_at_ms INTEGER,
  error TEXT,
  disabled_at_ms INTEGER
) STRICT;

CREATE TABLE webhook_dead (
  webhook TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
  n INTEGER NOT NULL REFERENCES event (n) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (webhook, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_dead_event ON webhook_dead (n);
`;
