import type { Colour } from "../content/colour.ts";
import type { Power } from "./power.ts";
import type { OutputReading, SelfStart } from "./reading.ts";
import type { EncoderSettings } from "./settings.ts";
import type { Flow } from "../ingest/flow.ts";

export type Link = "unknown" | "reachable" | "silent" | "unreachable";
export type ThermalTold = "normal" | "warm" | "cooling" | "hot" | "protected";
export type Thermal = ThermalTold | "unknown";
export type Service = "inService" | "maintenance" | "quarantined" | "rebooting";
export type Input = "unknown" | "good" | "lost" | "black" | "frozen" | "silent";
export type Custody = "free" | "held" | "benched";

export type Feed = {
  ingest: string;
  flow: Flow;
  /** How many come with the picture. Absent: not known. */
  sounds?: number;
  /** Its pictures are, whatever the flags say. Absent: they are not, or it is not known. */
  combed?: "flagged" | "unflagged";
  /** Of what comes. Absent: not known. */
  colour?: Colour;
};

/** What the streams and the site need to know of one box. Plain JSON, compared by value. */
export type EncoderFacts = {
  encoder: string;
  link: Link;
  thermal: Thermal;
  /** Its stream is stopped and started by ourselves now: what is missing is no fault of it. */
  isAdjusted: boolean;
  service: Service;
  /** Why it could not take over, though it answers. */
  unfit?: string;
  /** What it says is wrong with it, now. */
  alarms?: readonly string[];
  input: Input;
  source: string | null;
  /** Of one that takes its picture from an ingest: whether anything comes there. */
  feed?: Feed;
  /** Absent: not readable. */
  selfStart: SelfStart | null;
  /** Of its outlet; null: it has none that we could switch. */
  power: { word: Power; isSpoofable: boolean; outlet: string } | null;
  /** null: not told, or only for the time of its cooling. */
  settings: EncoderSettings | null;
  /** null: nothing is wanted of it, or it does not tell. */
  isAsWanted: boolean | null;
  /** Of a used spare: the stream it is kept for until a person releases it. */
  inUseFor: string | null;
  /** It is practised now, and cannot take over before that is over. */
  isPractised?: true;
  outputs: Record<string, OutputFacts>;
};

export type OutputFacts = Omit<OutputReading, "target"> & {
  /** The destination it is set to publish to, "elsewhere", "none", or null when it cannot tell. */
  target: string | null;
};

/** An output of which nothing is known now. */
export const unknownOutput: OutputFacts = { state: "unknown", target: null };

/** How a process ended is news once, with its reading: what is remembered of a box has no exits. */
export function withoutExits(facts: EncoderFacts): EncoderFacts {
  const outputs = Object.entries(facts.outputs).map(([id, output]) => [id, withoutExit(output)]);
  return { ...facts, outputs: Object.fromEntries(outputs) as EncoderFacts["outputs"] };
}

export function withoutExit(output: OutputFacts): OutputFacts {
  if (!output.exit) return output;
  const { exit: _, refusal: __, ...rest } = output;
  return rest;
}

/** A box that was never read. */
export function unknownEncoder(encoder: string, outputs: readonly string[]): EncoderFacts {
  return {
    encoder,
    link: "unknown",
    thermal: "unknown",
    isAdjusted: false,
    service: "inService",
    input: "unknown",
    source: null,
    selfStart: null,
    power: null,
    settings: null,
    isAsWanted: null,
    inUseFor: null,
    outputs: Object.fromEntries(outputs.map((output) => [output, unknownOutput])),
  };
}

/** Nothing of it starts by itself, and that was read back. */
export function startsNothingByItself(selfStart: SelfStart | null): boolean {
  return (
    selfStart !== null &&
    !selfStart.autoRecover &&
    !selfStart.scheduler &&
    (selfStart.powerUp === "idle" || selfStart.powerUp === "record")
  );
}
