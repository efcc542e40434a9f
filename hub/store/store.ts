/**
 * What the hub remembers. SQLite by default; another database joins by this interface, which is
 * why every call may take its time. All times are Unix ms.
 */
import type { AuditRow, Head } from "../audit/chain.ts";
import type { Role, Scope } from "../auth/permissions.ts";
import type { Shift } from "../auth/shifts.ts";
import type { SiteEvent, SiteInfo } from "../../machines/site/site.contract.ts";
import type { Incident } from "../../machines/stream/stream.contract.ts";

export type SiteRow = { site: string; info: SiteInfo | null; lastSeenMs: number | null };

export type ActorRow = {
  site: string;
  kind: string;
  id: string;
  /** The text its site published; null = in the inventory, nothing readable yet. */
  state: string | null;
  receivedAtMs: number;
  /** When it left the inventory; null = it exists. */
  goneAtMs: number | null;
};

/** Everything of an epoch up to `seq` is in the store. */
export type Mark = { site: string; epoch: string; seq: number };

export type StoredEvent = {
  site: string;
  event: SiteEvent;
  receivedAtMs: number;
};

/** What failed its schema, exactly as it came. `epoch` and `seq` where they could be read. */
export type Quarantined = {
  site: string;
  topic: string;
  reason: string;
  payload: Uint8Array;
  receivedAtMs: number;
};

/** Events that the site could not send again. */
export type Lost = { site: string; epoch: string; fromSeq: number; toSeq: number; atMs: number };

/** One tick of ingest: kept whole or not at all, marks together with what they stand for. */
export type Batch = {
  sites: SiteRow[];
  actors: ActorRow[];
  events: StoredEvent[];
  incidents: { site: string; incident: Incident }[];
  quarantined: Quarantined[];
  lost: Lost[];
  marks: Mark[];
};

export const commandStatuses = ["sent", "accepted", "done", "refused", "unanswered"] as const;
export type CommandStatus = (typeof commandStatuses)[number];

export type CommandRow = {
  id: string;
  site: string;
  kind: string;
  subject: string;
  verb: string;
  args: Record<string, unknown> | null;
  dryRun: boolean;
  by: string;
  sentAtMs: number;
  expiresAtMs: number;
  status: CommandStatus;
  code: string | null;
  message: string | null;
  /** What was asked for, where the verb asks for something. */
  data: Record<string, unknown> | null;
  answeredAtMs: number | null;
};

export const keyKinds = ["adm", "op", "ro", "site"] as const;
/** adm: everything · op: read and command · ro: read · site: an MQTT login, no REST. */
export type KeyKind = (typeof keyKinds)[number];

export function scopesOfKind(kind: KeyKind): Scope[] {
  const held = { adm: ["read", "write", "admin"], op: ["read", "write"], ro: ["read"], site: [] };
  return held[kind] as Scope[];
}

export type KeyRow = {
  id: string;
  name: string;
  kind: KeyKind;
  /** What it may do; empty for a `site` key. */
  scopes: Scope[];
  /** The one site a `site` key logs in as. */
  site: string | null;
  /** The sites any other key sees; null = all. */
  sites: string[] | null;
  sha256: string;
  createdAtMs: number;
  /** null only for a key of the environment, which nobody stored. */
  expiresAtMs: number | null;
  lastUsedAtMs: number | null;
  /** The address it was last used from. */
  lastUsedFrom: string | null;
  /** The key that came in its place; this one ends soon. */
  replacedBy: string | null;
};

/** An account at a provider of OpenID Connect. */
export type Identity = { issuer: string; subject: string; linkedAtMs: number };
/** Who logs in, with name and password or by a provider's word. */
export type PersonRow = {
  id: string;
  name: string;
  role: Role;
  /** In lower case; nobody else's. */
  email: string | null;
  /** Each nobody else's. */
  identities: Identity[];
  /** scrypt; null while an invitation waits. */
  password: string | null;
  invitationSha256: string | null;
  invitationEndsAtMs: number | null;
  /** Each that is not null limits what the person sees. */
  sites: string[] | null;
  department: string | null;
  region: string | null;
  shifts: Shift[] | null;
  disabledAtMs: number | null;
  createdAtMs: number;
  lastLoginAtMs: number | null;
};
export type SessionRow = {
  id: string;
  person: string;
  createdAtMs: number;
  lastUsedAtMs: number;
  expiresAtMs: number;
  address: string;
  agent: string;
};
export type RefreshToken = { sha256: string; expiresAtMs: number };
/** Who is told by HTTP. */
export type WebhookRow = {
  id: string;
  url: string;
  /** Event types, `stream.*` for all that begin so; null = all. */
  types: string[] | null;
  sites: string[] | null;
  createdAtMs: number;
  createdBy: string;
  /** Of its secret. */
  generation: number;
  /** Number of the last event that is done with. */
  position: number;
  /** How often the event after that was tried. */
  attempts: number;
  nextTryAtMs: number | null;
  deliveredAtMs: number | null;
  /** Of the last try; null = it was taken. */
  error: string | null;
  /** The receiver said that it is gone for good. */
  disabledAtMs: number | null;
};
export type NumberedEvent = { n: number; site: string; event: SiteEvent };
/** An event that was given up for a webhook. */
export type DeadRow = NumberedEvent & { atMs: number; error: string };
export type AuditQuery = Page & { type?: string; actor?: string; sinceMs?: number };

/** A page of a list, newest first. `before` is the cursor of the last item seen. */
export type Page = { limit: number; before?: string };
export type Paged<T> = { items: T[]; next: string | null };

export type EventQuery = Page & {
  site?: string;
  kind?: string;
  subject?: string;
  type?: string;
  sinceMs?: number;
  /** Of these sites only; absent = of all. */
  sites?: string[];
};
export type IncidentQuery = Page &
  Pick<EventQuery, "site" | "sinceMs" | "sites"> & { stream?: string };

export type Retention = {
  eventMs: number;
  incidentMs: number;
  commandMs: number;
  quarantineMs: number;
  /** Rows of quarantine kept per site, whatever their age. */
  quarantineRowsPerSite: number;
};

export type Store = {
  load(): Promise<{ sites: SiteRow[]; actors: ActorRow[]; marks: Mark[] }>;
  commit(batch: Batch): Promise<void>;

  events(query: EventQuery): Promise<Paged<StoredEvent>>;
  incidents(query: IncidentQuery): Promise<Paged<{ site: string; incident: Incident }>>;
  /** All sites that have an incident of this id. */
  incidentsById(id: string, site?: string): Promise<{ site: string; incident: Incident }[]>;
  /** The last ones of each of these streams, newest first. */
  lastIncidents(
    streams: { site: string; stream: string }[],
    limit: number,
  ): Promise<{ site: string; incident: Incident }[]>;
  /** Takeovers so far, for the counter that must not start at 0 after each restart. */
  takeovers(): Promise<{ site: string; cause: string; count: number }[]>;
  counts(): Promise<{ site: string; quarantined: number; lostEvents: number }[]>;

  addCommand(row: CommandRow, idempotency?: Idempotency): Promise<void>;
  /** Only the site that was asked may answer; a final answer is not changed any more. */
  answerCommand(answer: CommandAnswer): Promise<CommandRow | undefined>;
  command(id: string): Promise<CommandRow | undefined>;
  idempotent(key: string): Promise<Idempotency | undefined>;
  /** Commands past their time (plus grace) without a final answer become `unanswered`. */
  expireCommands(nowMs: number): Promise<CommandRow[]>;

  /** Unanswered ones that nobody was told of yet. */
  deadLetters(limit: number): Promise<CommandRow[]>;
  deadLettered(id: string): Promise<void>;

  keys(): Promise<KeyRow[]>;
  addKey(row: KeyRow): Promise<void>;
  deleteKey(id: string): Promise<boolean>;
  touchKey(id: string, atMs: number, from: string | null): Promise<void>;
  /** The new key and the end of the old one, together. */
  replaceKey(id: string, expiresAtMs: number, by: KeyRow): Promise<void>;

  people(): Promise<PersonRow[]>;
  savePerson(row: PersonRow): Promise<void>;
  /** With sessions and refresh tokens. */
  deletePerson(id: string): Promise<void>;
  sessions(): Promise<SessionRow[]>;
  /** A new session, or the next refresh token of one. */
  addSession(row: SessionRow, refresh: RefreshToken): Promise<void>;
  endSessions(ids: string[]): Promise<void>;
  /** Marks it as used. `again`: it was used before. */
  useRefresh(
    sha256: string,
    atMs: number,
  ): Promise<{ session: string; expiresAtMs: number; again: boolean } | undefined>;

  /** Takes the next number and chains it to the row before. */
  addAudit(atMs: number, type: string, actor: string, body: string): Promise<void>;
  audit(query: AuditQuery): Promise<Paged<AuditRow>>;
  auditHead(): Promise<Head>;
  /** The first ones, by number. */
  oldestAudit(limit: number): Promise<AuditRow[]>;
  newestPruning(): Promise<AuditRow | undefined>;
  /** Adds this row and takes away all up to `upTo`, together. */
  pruneAudit(upTo: number, atMs: number, type: string, actor: string, body: string): Promise<void>;

  webhooks(): Promise<WebhookRow[]>;
  /** A new one, or how far a known one has come. */
  saveWebhook(row: WebhookRow): Promise<void>;
  deleteWebhook(id: string): Promise<boolean>;
  /** In the order they were stored. */
  eventsAfter(n: number, limit: number): Promise<NumberedEvent[]>;
  /** 0 = none yet. */
  newestEvent(): Promise<number>;
  /** How far whoever reads events has come; 0 = nowhere yet. */
  cursor(name: string): Promise<number>;
  saveCursor(name: string, n: number): Promise<void>;
  addDead(webhook: string, n: number, atMs: number, error: string): Promise<void>;
  dead(webhook: string, limit: number): Promise<DeadRow[]>;
  takeDead(webhook: string, n: number): Promise<boolean>;

  prune(retention: Retention, nowMs: number): Promise<void>;
  close(): Promise<void>;
};

/** Who may log in, and who has. */
export type People = Pick<
  Store,
  | "people"
  | "savePerson"
  | "deletePerson"
  | "sessions"
  | "addSession"
  | "endSessions"
  | "useRefresh"
>;

export type Idempotency = { key: string; bodySha256: string; commandId: string; atMs: number };
export type CommandAnswer = {
  id: string;
  site: string;
  status: "accepted" | "done" | "refused";
  code: string | null;
  message: string;
  data: Record<string, unknown> | null;
  atMs: number;
};
