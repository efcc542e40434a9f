/** How the machine of an ingest is seen from outside. */
import type { SnapshotFrom } from "xstate";
import type { Figure, Published } from "../published.ts";
import { type Flow, unknownFlow } from "./flow.ts";
import type { IngestPlan } from "../site/plan.ts";
import type { IngestFigures, IngestState, IngestWord } from "./ingest.contract.ts";
import type { Colour } from "../content/colour.ts";
import { combing } from "../content/scan.ts";
import type { IngestSound } from "./ingest.events.ts";
import type { ingestMachine } from "./ingest.machine.ts";

export type IngestSnapshot = SnapshotFrom<typeof ingestMachine>;

/** What a session and the encoders that take it have to know. */
export type IngestFacts = {
  ingest: string;
  /** Whose publisher it lets in. */
  session: string | null;
  /** Whether that one sends a picture; null: not known. */
  isFed: boolean | null;
  flow: Flow;
  /** How many come with the picture. Absent: not known. */
  sounds?: number;
  /** Its pictures are, whatever the flags say. Absent: they are not, or it is not known. */
  combed?: "flagged" | "unflagged";
  /** Of its pictures. Absent: not known. */
  colour?: Colour;
};

export function ingestFacts({ context, value }: IngestSnapshot): IngestFacts {
  const { plan, session, flow, reading } = context;
  const combed = reading?.scan && combing(reading.scan);
  return {
    ...{ ingest: plan.id, session },
    isFed: value === "receiving" || (value === "waiting" ? false : null),
    flow: isFlowTold(plan, value) ? flow : unknownFlow,
    ...(reading?.sounds && { sounds: reading.sounds.length }),
    ...(combed && { combed }),
    ...(reading?.video?.colour && { colour: reading.video.colour }),
  };
}

/** One that does not tell may have got it back; whoever leaves a session is the session's business. */
const isFlowTold = ({ sessions }: IngestPlan, value: IngestSnapshot["value"]): boolean =>
  value !== "untold" && value !== "unknown" && !(sessions === true && value === "waiting");

export function ingestWord({ value }: IngestSnapshot): IngestWord {
  switch (value) {
    case "untold":
      return "unknown";
    case "begun":
    case "resting":
      return "starting";
    default:
      return value;
  }
}

export function ingestState(
  snapshot: IngestSnapshot,
  p: { published: Published; sinceMs: (word: string) => number },
): IngestState {
  const { plan, reading, because, restarts } = snapshot.context;
  const state = ingestWord(snapshot);
  const isHeard = state !== "unknown";
  return {
    ...p.published,
    ...(plan.name !== undefined && { name: plan.name }),
    kind: plan.kind,
    state,
    sinceMs: p.sinceMs(state),
    because,
    publisher: reading && isHeard ? reading.publisher : null,
    video: reading && isHeard ? reading.video : null,
    audio: reading && isHeard ? reading.audio : null,
    ...(reading?.sounds && isHeard && { sounds: reading.sounds.map(toldSound) }),
    ...(reading?.scan && isHeard && { scan: reading.scan }),
    figures: isHeard ? figuresOf(snapshot) : {},
    refused: reading?.refused.count ?? 0,
    lastRefused: reading?.refused.last ?? null,
    restarts,
    warnings: warningsOf(snapshot, state),
  };
}

const toldSound = ({ channels, language, ...sound }: IngestSound) => {
  return { ...sound, channels: channels ?? null, language: language ?? null };
};

function figuresOf({ context: { reading, readAt } }: IngestSnapshot): IngestFigures {
  if (!reading || !readAt) return {};
  const figure = (value: number | null): Figure | undefined =>
    value === null ? undefined : { value, atMs: readAt.wallMs, source: "ingest" };
  const { bitrateBps, framesPerSecond, bytes, frames, quietMs, readers, readerDrops } = reading;
  const all = { bitrateBps, framesPerSecond, bytes, frames, quietMs, readers, readerDrops };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => {
      const told = figure(value);
      return told ? [[name, told]] : [];
    }),
  );
}

function warningsOf({ context, value }: IngestSnapshot, state: IngestWord): string[] {
  const { because, reading } = context;
  const why = because === null ? "" : `: ${because}`;
  return [
    ...(value === "untold" ? ["it runs, but does not tell how it goes"] : []),
    ...(state === "failing" ? [`cannot be had${why}`] : []),
    ...(state === "silent" ? ["somebody publishes, but nothing comes"] : []),
    ...(value === "resting" ? [`its process ended, and is started again${why}`] : []),
    ...(reading?.scan && combing(reading.scan) === "unflagged"
      ? ["its pictures are combed, and not flagged as interlaced"]
      : []),
    ...(reading && reading.readerDrops > 0
      ? [`who reads it was too slow for ${reading.readerDrops} packets`]
      : []),
  ];
}
