/** How far the topics of events are, and which commands nobody answered were told of there. */
export const topicTables = /* sql */ `
CREATE TABLE cursor (
  name TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- From here on: nobody listened to what was before.
INSERT INTO cursor (name, position) SELECT 'event-topics', coalesce(max(n), 0) FROM event;

ALTER TABLE command ADD COLUMN is_dead_letter INTEGER NOT NULL DEFAULT 0;
CREATE INDEX command_dead ON command (sent_at_ms)
  WHERE status = 'unanswered' AND is_dead_letter = 0;
UPDATE command SET is_dead_letter = 1 WHERE status = 'unanswered';
`;
