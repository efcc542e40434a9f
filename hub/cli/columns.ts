/** What is shown of each thing: in a list (a change there is worth a line), and also of one. */
import type { Schemas } from "../client/client.ts";
import { carriage, lengthOf } from "../web/words.ts";
import type { Column } from "./print.ts";
import type { Part } from "./recording-parts.ts";

type Columns<T> = readonly Column<T>[];
type Of<Name extends keyof Schemas> = {
  list: Columns<Schemas[Name]>;
  more: Columns<Schemas[Name]>;
};

/** A list's title as a label. */
export const titled = <T>([title, cell]: Column<T>): Column<T> => [
  title.charAt(0) + title.slice(1).toLowerCase(),
  cell,
];

/** No more of a list than that. */
export async function* first<T>(limit: number, items: AsyncIterable<T>): AsyncGenerator<T> {
  let left = limit;
  if (left <= 0) return;
  for await (const item of items) {
    yield item;
    if (--left <= 0) return;
  }
}

const seconds = (figure: { value: number; source: string } | undefined) =>
  figure && `${(figure.value / 1_000).toFixed(1)} s (${figure.source})`;
const sentences = (all: readonly string[] | undefined) => all?.join("; ");
const old = ({ stale }: { stale: boolean }) => (stale ? ", stale" : "");
const word = (machineWord: string | undefined, of: { stale: boolean } = { stale: false }) => ({
  word: machineWord,
  more: old(of),
  ...(of.stale && { tone: "unknown" as const }),
});

export const stream: Of<"StreamItem"> = {
  list: [
    ["STREAM", (s) => s.ref],
    [
      "PICTURE",
      (s) => {
        const [tone, text] = carriage(
          s.carriage,
          s.missesProgramme != null,
          s.relay?.slate === "on",
        );
        return { word: text, tone: s.stale ? "unknown" : tone, more: old(s) };
      },
    ],
    ["CARRIER", (s) => word(s.carrier, s)],
    ["BY", (s) => s.encoder],
    ["UNDERSTUDY", (s) => word(s.understudy, s)],
    ["SINCE", (s) => ({ at: s.since })],
    ["WHY", (s) => s.because],
  ],
  more: [
    ["Name", (s) => s.name],
    ["Next encoder", (s) => s.understudyEncoder],
    ["Encoders", (s) => s.encoders?.join(", ")],
    [
      "Understudies",
      (s) =>
        s.understudies
          ?.map((u) => `${u.encoder} ${u.is}${u.hindrance ? `: ${u.hindrance}` : ""}`)
          .join("; "),
    ],
    ["Destination", (s) => s.destination],
    ["Path", (s) => s.path],
    [
      "Relay",
      (s) =>
        s.relay &&
        (s.relay.fellBack?.because ??
          `${s.relay.health}, sends ${s.relay.selected ?? "nothing"} (${s.relay.reason})`),
    ],
    ["Relay sends it", (s) => ({ at: s.relay?.selected == null ? undefined : s.relay.since })],
    ["Ingest to relay output", (s) => seconds(s.relay?.figures?.latencyMs)],
    ["Takeover", (s) => s.takeover],
    ["Takeovers left", (s) => s.budgetLeft],
    ["Held", (s) => sentences(s.latched)],
    ["Event ends", (s) => ({ at: s.eventEndsAt })],
    ["Schedule", (s) => s.schedule?.phase],
    ["Window", (s) => ({ at: s.schedule?.window?.startsAt })],
    ["Kept for", (s) => s.keptFor?.id],
    ["Incident", (s) => s.incident?.id],
    ["Heard", (s) => ({ at: s.receivedAt })],
  ],
};

export const encoder: Of<"EncoderItem"> = {
  list: [
    ["ENCODER", (e) => e.ref],
    ["LINK", (e) => word(e.link, e)],
    ["SERVICE", (e) => word(e.service, e)],
    [
      "OUTPUTS",
      (e) =>
        e.outputs
          ?.map((o) => `${o.state}${o.stream === undefined ? "" : ` ${o.stream}`}`)
          .join(", "),
    ],
    ["INPUT", (e) => word(e.input, e)],
    ["HEAT", (e) => word(e.thermal, e)],
    ["WARNINGS", (e) => sentences(e.warnings)],
  ],
  more: [
    ["Name", (e) => e.name],
    ["Model", (e) => [e.identity?.vendor, e.identity?.model].filter(Boolean).join(" ")],
    ["Serial number", (e) => e.identity?.serialNumber],
    ["Firmware", (e) => e.identity?.firmware],
    ["Cooling step", (e) => e.thermalStep],
    ["Temperature °C", (e) => e.figures?.temperatureC?.value],
    ["Power", (e) => e.power],
    ["Repair", (e) => e.repair?.state],
    ["Proposed", (e) => e.repair?.next],
    ["Recording", (e) => e.recording?.state],
    ["Bit rate", (e) => megabits(e.figures?.bitrateBps?.value)],
    ["Dropped frames", (e) => e.figures?.droppedFrames?.value],
    ["Connection", (e) => e.connection?.healthScore],
    ["Open connections", (e) => e.live?.socketsOpen],
    ["Requests waiting", (e) => e.live?.requestsWaiting],
    ["Clock", (e) => e.clock],
    [
      "Set otherwise",
      (e) => e.wanted?.drift?.map((d) => `${d.setting} ${d.actual}, not ${d.wanted}`).join("; "),
    ],
    [
      "Only watched",
      (e) =>
        e.onlyWatched &&
        Object.entries(e.onlyWatched)
          .map((one) => one.join(" "))
          .join(", "),
    ],
    ["Not compared", (e) => e.wanted?.notCompared?.join(", ")],
    ["Kept for", (e) => e.inUseFor],
    ["Last on air", (e) => ({ at: e.practice?.lastOnAirAt })],
    ["Heard", (e) => ({ at: e.receivedAt })],
  ],
};

const megabits = (bps: number | undefined) =>
  bps === undefined ? undefined : `${(bps / 1e6).toFixed(2)} Mb/s`;

export const site: Of<"SiteItem"> = {
  list: [
    ["SITE", (s) => s.id],
    [
      "LINK",
      (s) =>
        s.online === null
          ? { word: "not known", tone: "unknown" }
          : { word: s.online ? "online" : "offline", tone: s.online ? "good" : "critical" },
    ],
    ["STREAMS", (s) => s.streams],
    ["ENCODERS", (s) => s.encoders],
    ["WARNINGS", (s) => sentences(s.warnings)],
  ],
  more: [
    ["Name", (s) => s.name],
    ["Heard", (s) => ({ at: s.lastSeen })],
    ["Version", (s) => s.version],
    ["Started", (s) => ({ at: s.startedAt })],
    ["Decider", (s) => s.decider],
    ["Journal", (s) => s.journal],
    ["Clock", (s) => s.clock?.state],
    ["Change freeze", (s) => s.freeze?.events.map((e) => `${e.name} on ${e.stream}`).join("; ")],
    ["Unreadable", (s) => s.quarantined],
    ["Lost events", (s) => s.lostEvents],
  ],
};

export const storage: Of<"StorageItem"> = {
  list: [
    ["STORAGE", (s) => s.ref],
    ["STATE", (s) => word(s.state, s)],
    ["RECORDING", (s) => s.recording?.state],
    [
      "MEDIA",
      (s) =>
        s.media?.map((m) => `${m.id} ${m.state}${free(m.figures.freeRatio?.value)}`).join(", "),
    ],
    ["WARNINGS", (s) => sentences(s.warnings)],
  ],
  more: [
    ["Name", (s) => s.name],
    ["Records to", (s) => s.recording?.medium],
    ["Proposed", (s) => s.recording?.proposedTo],
    ["Why", (s) => s.recording?.because],
    ["Heard", (s) => ({ at: s.receivedAt })],
  ],
};

const free = (ratio: number | undefined) =>
  ratio === undefined ? "" : ` ${Math.round(100 * ratio)} % free`;

export const output: Of<"OutputItem"> = {
  list: [
    ["OUTPUT", (o) => o.ref],
    ["KIND", (o) => o.kind],
    ["STREAM", (o) => o.stream],
    ["STATE", (o) => word(o.state, o)],
    ["BITRATE", (o) => megabits(o.figures?.bitrateBps?.value)],
    ["READERS", (o) => o.figures?.readers?.value],
    ["WARNINGS", (o) => sentences(o.warnings)],
  ],
  more: [
    ["Name", (o) => o.name],
    ["Why", (o) => o.because],
    ["What it writes is", (o) => o.conformity?.word],
    ["Files looked at", (o) => o.conformity?.checked],
    ["Segments", (o) => o.figures?.segments?.value],
    ["Its process ended", (o) => o.restarts],
    ["Heard", (o) => ({ at: o.receivedAt })],
  ],
};

export const ingest: Of<"IngestItem"> = {
  list: [
    ["INGEST", (i) => i.ref],
    ["KIND", (i) => i.kind],
    ["STATE", (i) => word(i.state, i)],
    ["BITRATE", (i) => megabits(i.figures?.bitrateBps?.value)],
    ["PICTURE", (i) => (i.video ? `${i.video.codec} ${i.video.widthPx}x${i.video.heightPx}` : "")],
    ["READERS", (i) => i.figures?.readers?.value],
    ["WARNINGS", (i) => sentences(i.warnings)],
  ],
  more: [
    ["Name", (i) => i.name],
    ["Publisher", (i) => i.publisher?.from],
    ["Why", (i) => i.because],
    ["Frames a second", (i) => i.figures?.framesPerSecond?.value],
    ["Sent away", (i) => i.refused],
    ["The last", (i) => i.lastRefused && `${i.lastRefused.from} ${i.lastRefused.why}`],
    ["Heard", (i) => ({ at: i.receivedAt })],
  ],
};

export const destination: Of<"DestinationItem"> = {
  list: [
    ["DESTINATION", (d) => d.ref],
    ["STATE", (d) => word(d.state, d)],
    ["BY", (d) => d.by],
    ["SEEN", (d) => ({ at: d.observedAt })],
    ["TAKEOVER", (d) => d.takeover],
  ],
  more: [
    ["Name", (d) => d.name],
    ["Seen by", (d) => d.source],
    ["Latency", ({ figures }) => seconds(figures?.latencyMs)],
  ],
};

export const incident: Of<"IncidentItem"> = {
  list: [
    ["OPENED", (i) => ({ at: i.openedAt })],
    ["STREAM", (i) => `${i.site}~${i.stream}`],
    ["OFF AIR", (i) => ({ ms: i.offAirMs })],
    ["OUTCOME", (i) => word(i.outcome)],
    ["CAUSE", (i) => i.cause],
    ["FROM → TO", (i) => `${i.from ?? "nobody"} → ${i.to ?? "nobody"}`],
    ["INCIDENT", (i) => i.ref],
  ],
  more: [
    ["Closed", (i) => ({ at: i.closedAt })],
    ["Detect", (i) => ({ ms: i.segments.detectMs })],
    ["Decide", (i) => ({ ms: i.segments.decideMs })],
    ["Fence", (i) => ({ ms: i.segments.fenceMs })],
    ["Start", (i) => ({ ms: i.segments.startMs })],
    ["Confirm", (i) => ({ ms: i.segments.confirmMs })],
    [
      "Proof",
      (i) => i.certificate && `level ${i.certificate.level}: ${i.certificate.evidence.join("; ")}`,
    ],
    [
      "Recordings",
      (i) =>
        i.recordingGaps
          ?.map((gap) => `${gap.encoder}: ${lengthOf(gap.ms)} missing, ${gap.because}`)
          .join("; "),
    ],
  ],
};

export const recordingPart: Columns<Part> = [
  ["PART", ({ part }) => part],
  [
    "FROM",
    ({ part, from }) => (from === null ? (part === 1 ? "before" : "not yet") : { at: from }),
  ],
  ["TO", ({ to }) => (to === null ? "now" : { at: to })],
  ["ENCODER", ({ encoder }) => encoder ?? "not known"],
  ["MISSING AFTER IT", ({ missingAfterMs }) => ({ ms: missingAfterMs })],
  ["BECAUSE", ({ because }) => because],
  ["GAPS OF THE BOX", ({ gaps }) => gaps.join("; ")],
];

export const event: Columns<Schemas["EventItem"]> = [
  ["AT", (e) => ({ at: e.at })],
  ["SITE", (e) => e.site],
  ["ABOUT", (e) => `${e.subject.kind} ${e.subject.id}`],
  [
    "SEVERITY",
    (e) => ({
      word: e.severity,
      tone:
        e.severity === "critical" ? "critical" : e.severity === "warning" ? "warning" : "offline",
    }),
  ],
  ["WHAT", (e) => e.message],
];

export const connectionPoint: Columns<Schemas["ConnectionPoint"]> = [
  ["AT", (p) => ({ at: p.at })],
  ["SCORE", (p) => p.healthScore],
  ["SLOWEST", (p) => (p.latencyMs === null ? undefined : `${p.latencyMs} ms`)],
  ["REQUESTS", (p) => p.requests],
  ["FAILED", (p) => p.failed],
  ["RESETS", (p) => p.resets],
];

export const command: Columns<Schemas["CommandItem"]> = [
  ["Command", (c) => c.id],
  ["Asked", (c) => `${c.verb} ${c.kind} ${c.site}~${c.subject}${c.dryRun ? ", dry run" : ""}`],
  ["By", (c) => c.by],
  ["At", (c) => ({ at: c.sentAt })],
  ["Status", (c) => word(c.status)],
  ["Code", (c) => c.code],
  ["Answer", (c) => c.message],
  ["Answered", (c) => ({ at: c.answeredAt })],
];

const sites = (of: { sites: string[] | null }) => of.sites?.join(", ") ?? "all";

export const key: Columns<Schemas["KeyItem"]> = [
  ["KEY", (k) => k.id],
  ["NAME", (k) => k.name],
  ["MAY", (k) => (k.kind === "site" ? "site" : k.scopes.join(", "))],
  ["SITES", (k) => k.site ?? sites(k)],
  ["EXPIRES", (k) => ({ at: k.expiresAt })],
  ["LAST USED", (k) => ({ at: k.lastUsedAt })],
  ["REPLACED BY", (k) => k.replacedBy],
];

export const hubKeyNames = ["token", "webhook", "command"] as const;
export const hubKey: Columns<Schemas["HubKeyItem"]> = [
  ["KEY", (k) => k.name],
  ["SIGNS", (k) => k.signs],
  ["PUBLIC", (k) => k.publicKey],
  ["BEFORE", (k) => k.previousPublicKey],
  ["HOLDS UNTIL", (k) => ({ at: k.previousUntil })],
];

export const user: Columns<Schemas["UserItem"]> = [
  ["NAME", (u) => u.name],
  ["ROLE", (u) => u.role],
  ["SITES", sites],
  ["STATE", (u) => (u.disabled ? "disabled" : u.invited ? "invited" : "active")],
  ["LAST LOGIN", (u) => ({ at: u.lastLoginAt })],
  ["ID", (u) => u.id],
];

export const webhook: Columns<Schemas["WebhookItem"]> = [
  ["WEBHOOK", (w) => w.id],
  ["URL", (w) => w.url],
  ["TYPES", (w) => w.types?.join(", ") ?? "all"],
  ["SITES", sites],
  ["DELIVERED", (w) => ({ at: w.lastDeliveredAt })],
  ["TROUBLE", (w) => (w.disabledAt === null ? w.error : `disabled: ${w.error ?? "gone"}`)],
];

export const audit: Columns<Schemas["AuditItem"]> = [
  ["ROW", (a) => a.n],
  ["AT", (a) => ({ at: a.at })],
  ["WHO", (a) => a.name ?? a.actor],
  ["WHAT", (a) => a.type],
  ["OF", (a) => a.object],
  ["OUTCOME", (a) => a.outcome],
  ["CODE", (a) => a.code],
];
