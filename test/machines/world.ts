/**
 * A facility of pure logic for tests of the machines: boxes, far ends and a network that tell the
 * truth, a daemon that carries intents out with a delay, and a clock that the test moves.
 */
import type { ContentLook } from "../../machines/content/look.ts";
import type { FarEndSight } from "../../machines/destination/sight.ts";
import type { EncoderReading, OutputReading } from "../../machines/encoder/reading.ts";
import { interruptsBetween } from "../../machines/encoder/load.ts";
import { exerciseStream } from "../../machines/exercise/exercise.ts";
import type { IngestReading } from "../../machines/ingest/ingest.events.ts";
import type { Intent, OutputRef } from "../../machines/intents.ts";
import type { CoolingStep, EncoderPlan, SitePlan } from "../../machines/site/plan.ts";
import {
  type ActorName,
  type CoreInput,
  openSite,
  type Outcome,
  type SiteCore,
} from "../../machines/site/site-core.ts";
import {
  seenOffAir,
  seenOnAir,
  alikeUnderstudyOf,
  understudyOf,
} from "../../machines/stream/stream.context.ts";
import type { EncoderSettings } from "../../machines/encoder/settings.ts";
import type { EncoderFacts } from "../../machines/encoder/facts.ts";
import type { FenceEvidence } from "../../machines/stream/fence-evidence.ts";
import {
  carrierStateOf,
  carrierWord,
  comparedPair,
} from "../../machines/stream/stream.published.ts";
import { feedOf, pusherOf } from "../../machines/stream/relay/names.ts";
import { FakeRelays } from "./fake-relays.ts";
import type { RelayWord } from "../../machines/stream/relay/relay.ts";
import type { Stamp } from "../../machines/time.ts";

/** What is really the case with one box; `soft` is a process of ours, `helo` a device. */
export type Box = {
  kind: "soft" | "helo";
  reachable: boolean;
  /** Publishing to this destination with this generation, or idle. */
  running: { destination: string; generation: number; settings?: EncoderSettings } | null;
  /** Knows a key it may use by itself. */
  knowsKeyOf: string | null;
  frozen: boolean;
  exit: NonNullable<OutputReading["exit"]> | null;
  selfStart: boolean;
  input: "good" | "lost";
  /** What it shows; null: nobody looks at its picture. */
  picture: Picture | null;
  /** A test picture or a file: its input is not told. */
  cannotMeasureInput: boolean;
  highestGeneration: number;
  /** When somebody pressed start at it, monotonic ms; that is not our doing. */
  pressedAtMs: number;
  /** The far end did not take its start. */
  refusal?: OutputReading["refusal"];
  /** It was stopped for another load, and goes on then. */
  resumes: { destination: string; generation: number; atMs: number } | null;
  /** The cooling step it works at. */
  load: number;
  /** Its outlet was switched off. */
  unpowered: boolean;
  /** It does not obey: a stop is accepted and nothing happens. */
  deaf: boolean;
  /** A start is accepted and nothing comes of it. */
  broken: boolean;
  /** What else it says of itself: temperature, serial number, boot … */
  says: Partial<EncoderReading>;
  /** Its recording; `media`: false for what is not there. */
  records?: {
    state: OutputReading["state"];
    medium: string;
    media: Record<string, boolean>;
    /** It was told to record with less. */
    light?: boolean;
  };
  /** Media that it was told not to use any more, each time anew. */
  released?: string[];
  /** It does not keep up while it carries, or makes more than its network takes. */
  suffers?: "overload" | "network";
  /** The state it claims for its output, whatever is the case. */
  claims: OutputReading["state"] | null;
};

/** `unseen`: it is looked at, and that fails. */
export type Picture = "moving" | "black" | "still" | "silent" | "unseen";

/** A carrier on air was taken off for what it showed. */
export type ContentSwitch = {
  stream: string;
  /** As incidents name it: `shows-black`, `input-lost` … */
  cause: string;
  /** Who was known to have what it lacked. */
  better: string[];
};

export type Journaled =
  { input: CoreInput; at: Stamp } | { started: Map<string, unknown>; at: Stamp };

/** What is wrong with it. */
const faultOf = { black: "black", still: "frozen", silent: "silent" } as Partial<
  Record<Picture, "black" | "frozen" | "silent">
>;

const quarterMs = 250;
/** Nobody can know sooner that a hand has pressed start: no start of ours is blamed for it. */
const handMs = 20_000;

function lookAt(picture: Picture): ContentLook {
  if (picture === "unseen") return { word: "unreadable", detail: "it does not open" };
  const isSilent = picture === "silent";
  return {
    word: "seen",
    picture: isSilent ? "moving" : picture,
    pairsDbfs: [isSilent ? -90 : -20],
  };
}

export function aPlan(
  p: { kinds?: Record<string, Box["kind"]>; outlets?: boolean } & Partial<SitePlan> = {},
): SitePlan {
  const kinds = p.kinds ?? { a: "soft", b: "soft" };
  return {
    site: "studio",
    encoders: Object.entries(kinds).map(([id, kind]) => ({
      ...anEncoderPlan(id, kind),
      ...(p.outlets === true && kind === "helo" && hangsOn(`outlet-${id}`)),
    })),
    destinations: p.destinations ?? [aDestinationPlan()],
    streams: p.streams ?? [aStreamPlan({ encoders: Object.keys(kinds) })],
  };
}

/** Seen and read seldom, and believed for long: for days that are passed in leaps of up to a minute. */
export function aPlanForDays(
  kinds: Record<string, Box["kind"]>,
  more: Pick<Partial<SitePlan>, "streams"> = {},
): SitePlan {
  const destinations = [aDestinationPlan({ sightMaxAgeMs: 72_000 })];
  const plan = aPlan({ kinds, destinations, ...more });
  const encoders = plan.encoders.map((box) => ({ ...box, readingMaxAgeMs: 72_000 }));
  return { ...plan, encoders };
}

const heloSteps = [
  { what: "asked less often", interrupts: false, lowers: ["requests"] },
  ...[80, 65, 50].map((percent) => ({
    ...{ what: `${percent} % of its bitrate`, interrupts: true },
    lowers: ["effort", "bitrate"] as const,
  })),
  {
    ...{ what: "half its bitrate and frame rate", interrupts: true },
    lowers: ["effort", "bitrate", "frameRate"],
  },
] as const satisfies readonly CoolingStep[];

export function anEncoderPlan(id: string, kind: Box["kind"]): EncoderPlan {
  return {
    id,
    vendor: kind,
    outputs: ["stream-1"],
    source: "camera",
    readingMaxAgeMs: kind === "soft" ? 2_500 : 12_000,
    firstFrameGraceMs: kind === "soft" ? 10_000 : 30_000,
    unreachableAfter: 3,
    ownSelfStart: kind === "helo",
    heat: { hotC: 80, coolC: 72, protectC: 90, lookAheadMs: 60_000, coolingPeriodMs: 60_000 },
    repair: "act",
    sync: "act",
    canBeSet: kind === "helo",
    isSetAtStart: kind === "soft",
    isProcess: kind === "soft",
    canRepair: kind === "soft" ? [] : ["reboot"],
    cooling: kind === "soft" ? [] : heloSteps,
  };
}

function hangsOn(id: string): Pick<EncoderPlan, "outlet" | "canRepair"> {
  const outlet = { id, perHour: 2, perDay: 6, isSpoofable: false };
  return { outlet, canRepair: ["reboot", "powerCycle"] };
}

type RelayedParts = {
  /** Who was seen to reach the far end itself. */
  directly?: readonly string[];
  /** What all inputs are. */
  kind?: Box["kind"];
  /** Of the inputs. */
  spares?: readonly string[];
};

/** One programme on path relayed: `a` and `b` feed the relay, and `main-relay` publishes for it. */
export const aRelayedPlan = (inputs = ["a", "b"], p: RelayedParts = {}): SitePlan =>
  relayedPlans({ main: { ...p, inputs } });

/** Programmes on path relayed, by their ids: what publishes for each is named after it. */
export function relayedPlans(
  programmes: Readonly<Record<string, RelayedParts & { inputs: readonly string[] }>>,
): SitePlan {
  const parts = Object.entries(programmes).map(([id, { inputs, ...p }]) => {
    const destination = id === "main" ? "far" : `far-${id}`;
    const leg = (encoder: string) => feedOf(id, encoder);
    const ofSpares = (encoders: readonly string[]) => {
      const spares = encoders.filter((encoder) => p.spares?.includes(encoder));
      return spares.length > 0 && { spares };
    };
    const listed = (encoders: readonly string[]) =>
      encoders.map((encoder) => ({ encoder, output: "stream-1" }));
    return {
      encoders: [
        ...inputs.map((encoder) => anEncoderPlan(encoder, p.kind ?? "soft")),
        { ...anEncoderPlan(pusherOf(id), "soft"), publishesFor: id },
      ],
      destinations: [
        aDestinationPlan({ id: destination }),
        ...inputs.map((encoder) =>
          // What takes in what a box pushes tells what comes.
          aDestinationPlan({ id: leg(encoder), observed: p.kind === "helo" }),
        ),
      ],
      streams: [
        {
          ...aStreamPlan({ id, destination, encoders: [pusherOf(id)], ...ofSpares(inputs) }),
          relay: {
            inputs: listed(inputs).map((ref) => ({ ...ref, leg: leg(ref.encoder) })),
            ...(p.directly && { directly: listed(p.directly) }),
          },
        },
        ...inputs.map((encoder) => ({
          ...aStreamPlan({ encoders: [encoder], id: leg(encoder), ...ofSpares([encoder]) }),
          ...{ destination: leg(encoder), autoStart: false, feedOf: id },
        })),
      ],
    };
  });
  const encoders = parts.flatMap((part) => part.encoders);
  return {
    site: "studio",
    encoders: [...new Map(encoders.map((encoder) => [encoder.id, encoder])).values()],
    destinations: parts.flatMap(({ destinations }) => destinations),
    streams: parts.flatMap(({ streams }) => streams),
  };
}

/** All but what publishes for a relay take an ingest: `cam`, if nobody says otherwise. */
export function onCam(
  plan: SitePlan,
  ingestOf: (encoder: string) => string = () => "cam",
): SitePlan {
  const encoders = plan.encoders.map((box) =>
    box.publishesFor === undefined
      ? { ...box, source: ingestOf(box.id), ingest: ingestOf(box.id) }
      : box,
  );
  const ingests = [...new Set(encoders.flatMap(({ ingest = [] }) => ingest))];
  return { ...plan, encoders, ingests: ingests.map((id) => ({ id, kind: "rtmp" as const })) };
}

export function aDestinationPlan(
  p: Partial<SitePlan["destinations"][number]> = {},
): SitePlan["destinations"][number] {
  return {
    id: "far",
    takeover: "exclusive",
    observed: true,
    sightMaxAgeMs: 3_000,
    stalledAfterMs: 1_000,
    ghostSessionMs: 90_000,
    noPublisherProofMs: 30_000,
    ...p,
  };
}

export function aStreamPlan(
  p: Partial<Omit<SitePlan["streams"][number], "encoders">> & { encoders: string[] },
): SitePlan["streams"][number] {
  return {
    id: "main",
    destination: "far",
    autoStart: true,
    allowUnproven: false,
    directFreezeMs: 2_000,
    content: aContentPlan(),
    fenceTimeoutMs: 45_000,
    recording: "protect",
    failbackMs: "manual",
    budget: { per10Min: 2, perHour: 4 },
    ...p,
    encoders: p.encoders.map((encoder) => ({ encoder, output: "stream-1" })),
  };
}

/** @param does what is done about a black, frozen or silent picture */
export function aContentPlan(
  does: "off" | "observe" | "act" = "observe",
): SitePlan["streams"][number]["content"] {
  return {
    lost: { does: "act", afterMs: 5_000 },
    black: { does, afterMs: 10_000 },
    frozen: { does, afterMs: 20_000 },
    silent: { does, afterMs: 20_000 },
    silenceBelowDbfs: -50,
    pairs: [1],
    farEndDelayMs: 5_000,
  };
}

/** A facility whose daemon is down: the boxes, and what was committed. */
export type Remains = { at: Stamp; bytes: number; resume: string; boxes: string };

/** No turn may end in one of these. */
const passing = new Set(
  "resuming adopting settling leaving checking proven releasing choosing claiming startFailed kicked".split(
    " ",
  ),
);

export class World {
  readonly plan: SitePlan;
  readonly boxes: Record<string, Box>;
  readonly decisions: {
    of: ActorName;
    type: string;
    severity: string;
    message: string;
    data: Record<string, unknown>;
  }[] = [];
  readonly #raw: Outcome["decisions"] = [];
  readonly journal: Journaled[] = [];
  /** The journal was lost at some time: what was held before is not known to the machines. */
  forgot = false;
  /** Starts that happened while another box was publishing on the same key. */
  readonly overlaps: string[] = [];
  readonly contentSwitches: ContentSwitch[] = [];
  /** When a carrier whose picture was seen was left unasked, for what it shows, its heat or its place. */
  readonly leftOnAir: number[] = [];
  readonly #left = new Set<string>();
  /** Returns by the rule to a primary that was known to have no input. */
  readonly worseReturns: string[] = [];
  /** No boot and no clock changes it. */
  #livedMs = 0;
  /** `a` and the others show different programmes, and somebody compares them. */
  showsAnother: boolean | null = null;
  /** What was last told of each picture, by stream. */
  readonly #shown: Record<string, Record<string, Picture>> = {};
  /** By stream, as the last turn began: one that comes late decides as of its deadlines. */
  readonly #factsBefore: Record<string, Record<string, EncoderFacts>> = {};
  readonly #seenOffBefore = new Set<string>();
  readonly #switchedFor = new Set<string>();
  /** Boxes that were set otherwise while they held a key. */
  readonly touched: string[] = [];
  /** Streams whose picture a playbook took although it should not, and nobody said yes. */
  readonly picturesLost: string[] = [];
  #saysYes = false;
  /** Ingest → the session whose publisher it lets in. */
  readonly doors: Record<string, string | null> = {};
  /** The step a person said yes to: its heat may ask for the same one while it is being taken. */
  readonly #agreedStep = new Map<string, number>();
  /** States that a stream should have passed through, and was found in after a turn. */
  readonly stuck: string[] = [];
  readonly relays = new FakeRelays();
  /** The last word of each relay that runs, as it was told in this run. */
  relayWords: Record<string, RelayWord> = {};
  /** Relays cannot be had. */
  relaysFail = false;
  observed = true;
  /** Ingest → since when its source sends nothing, monotonic ms. */
  readonly silences = new Map<string, number>();
  readonly #sendsSince = new Map<string, number>();
  /** Somebody who is not ours publishes at the far end. */
  stranger = false;
  /** The far end takes nobody who comes from now on. */
  refusing = false;
  /** Whom the far end names as the publisher. */
  namedPublisher: string | null = null;
  /** False: what is sent does not arrive, queues fill. */
  uplink = true;
  intentDelayMs = 500;
  /** PDUs take orders and do nothing. */
  outletsFail = false;
  /** No reboot and no power cycle helps. */
  boxesStayIll = false;
  /** An output that is stopped says no more that it fails. */
  stopsCure = false;
  /** Boxes refuse to work at another load. */
  loadIsFixed = false;
  /** What the next fences find, instead of the truth. */
  fenceEvidence: FenceEvidence[] | null = null;
  #at: Stamp = { bootId: "boot-1", monoMs: 1_000, wallMs: 1_790_000_000_000 };
  #core: SiteCore;
  #pending: { intent: Intent; dueMs: number }[] = [];
  #bytes = 0;
  /** The daemon was killed: what is done is done, but nobody hears of it. */
  #dead = false;
  #resume = new Map<string, unknown>();

  /** @param from go on where another run of the same plan was left (its daemon restarts) */
  constructor(plan: SitePlan = aPlan(), from?: Remains) {
    this.plan = plan;
    if (from) {
      this.#at = from.at;
      this.#bytes = from.bytes;
      this.#resume = new Map(Object.entries(JSON.parse(from.resume) as Record<string, unknown>));
      this.boxes = JSON.parse(from.boxes) as Record<string, Box>;
      this.#core = this.#open();
      return;
    }
    this.boxes = Object.fromEntries(
      plan.encoders.map(({ id, vendor }) => [
        id,
        {
          kind: vendor as Box["kind"],
          reachable: true,
          running: null,
          knowsKeyOf: null,
          frozen: false,
          exit: null,
          selfStart: vendor === "helo",
          input: "good",
          picture: null,
          cannotMeasureInput: false,
          highestGeneration: 0,
          pressedAtMs: -Infinity,
          resumes: null,
          load: 0,
          unpowered: false,
          deaf: false,
          broken: false,
          says: {},
          claims: null,
        },
      ]),
    );
    this.#core = this.#open();
  }

  #open(): SiteCore {
    this.journal.push({ started: this.#resume, at: this.#at });
    const core = openSite({ plan: this.plan, at: this.#at, resume: this.#resume });
    this.#core = core;
    this.#note(core.opening);
    return core;
  }

  get core() {
    return this.#core;
  }
  box(id: string): Box {
    const box = this.boxes[id];
    if (!box) throw new Error(`no box ${id}`);
    return box;
  }
  now(): Stamp {
    return this.#at;
  }
  word(stream = "main") {
    return carrierWord(this.#core.stream(stream));
  }
  carrier(stream = "main") {
    return this.#core.stream(stream).context.carrier?.encoder ?? null;
  }
  carriage(stream = "main"): string {
    return (this.#core.stream(stream).value as { carriage: string }).carriage;
  }
  /** Each decision as it would be compared with a replay. */
  rawDecisions(): string[] {
    return this.#raw.map(({ of, decision }) => JSON.stringify([of, decision]));
  }
  told(type: string) {
    return this.decisions.filter((d) => d.type === type);
  }
  publishers(destination = "far"): string[] {
    return Object.keys(this.boxes).filter(
      (id) => this.boxes[id]!.running?.destination === destination,
    );
  }

  send(input: CoreInput): boolean {
    if (this.#dead) return false;
    this.journal.push({ input, at: this.#at });
    for (const { id } of this.plan.streams) {
      const { context } = this.#core.stream(id);
      this.#factsBefore[id] = context.facts;
      if (seenOffAir(context)) this.#seenOffBefore.add(id);
      else this.#seenOffBefore.delete(id);
    }
    this.#saysYes = input.event.type === "repair" || input.event.type === "control";
    const outcome = this.#core.turn(input, this.#at);
    this.#note(outcome);
    return outcome.accepted;
  }

  #note(outcome: Outcome) {
    for (const { id } of this.plan.streams) {
      const state = carrierStateOf(this.#core.stream(id));
      if (passing.has(state)) this.stuck.push(`${id}: ${state}`);
    }
    this.#raw.push(...outcome.decisions);
    for (const { of, decision } of outcome.decisions) {
      const { type, severity, message, data } = decision;
      this.decisions.push({ of, type, severity, message, data: data ?? {} });
    }
    for (const id of outcome.settled)
      this.#pending = this.#pending.filter((p) => p.intent.id !== id);
    for (const intent of outcome.begun) {
      if (intent.kind === "setLoad") this.#notePictureLost(intent.asks);
      if (intent.kind === "reboot") this.#noteBoot(intent.asks.encoder);
      if (intent.kind === "turnOutlet" && intent.asks.to === "cycle")
        this.#noteBoot(intent.asks.encoder);
      if (intent.kind === "applySettings") this.#noteTouch(intent.asks.encoder);
      if (intent.kind === "startOutput") this.#noteExercise(intent.asks);
      if (intent.kind === "fence") {
        this.#noteContentSwitch(intent.asks.stream);
        this.#noteLeft(intent.asks.stream);
      }
      this.#pending.push({ intent, dueMs: this.#at.monoMs + this.intentDelayMs });
    }
  }

  #stepsOf(encoder: string): readonly CoolingStep[] {
    return this.plan.encoders.find(({ id }) => id === encoder)?.cooling ?? [];
  }

  #noteExercise({
    stream,
    encoder,
    destination,
  }: OutputRef & Record<"stream" | "destination", string>) {
    if (stream !== exerciseStream) return;
    const { keys } = this.#core.site();
    const isHolder = Object.values(keys).some(({ holder }) => holder?.encoder === encoder);
    const isProgramme = this.plan.streams.some((s) => s.destination === destination);
    if (isHolder || isProgramme || this.publishers(destination).length > 0) {
      this.overlaps.push(`${encoder} practised at ${destination}`);
    }
  }

  /** Only how it begins: once it is off air, whoever can carries. */
  #noteContentSwitch(stream: string) {
    const { carrier, memory, facts, content } = this.#core.stream(stream).context;
    const { incident, command } = memory;
    const hasInput = (id: string) =>
      [facts, this.#factsBefore[stream]].some((known) => known?.[id]?.input === "good");
    if (!incident || command || !/^(shows|input)-/.test(incident.cause)) return;
    if (this.#switchedFor.has(incident.id)) return;
    this.#switchedFor.add(incident.id);
    const fault = incident.cause.replace(/^(shows|input)-/, "");
    const lacks = { black: ["black"], frozen: ["black", "still"], silent: ["black", "silent"] };
    const wrong: readonly string[] = lacks[fault as keyof typeof lacks] ?? ["black"];
    const isBetter = (id: string) => {
      const shown = this.#shown[stream]?.[id];
      const isSeen = shown !== undefined && shown !== "unseen";
      const { comparison } = content;
      const pair = [comparison?.carrier, comparison?.with];
      const isOfThem = pair.includes(carrier?.encoder) && pair.includes(id);
      if (isOfThem && comparison?.word === "different") return false;
      return isSeen ? !wrong.includes(shown) : incident.cause.startsWith("input-") && hasInput(id);
    };
    const others = Object.keys(this.boxes).filter((id) => id !== carrier?.encoder);
    this.contentSwitches.push({ stream, cause: incident.cause, better: others.filter(isBetter) });
  }

  #noteLeft(stream: string) {
    const { memory, carrier, facts, plan } = this.#core.stream(stream).context;
    const { incident, command } = memory;
    if (!incident || this.#left.has(incident.id)) return;
    this.#left.add(incident.id);
    // What a person asked for, also when it is given up later.
    if (command) return;
    const primary = plan.encoders[0]!.encoder;
    if (incident.cause === "return" && facts[primary]?.input === "lost")
      this.worseReturns.push(primary);
    // The last resort, whatever it costs.
    if (carrier && facts[carrier.encoder]?.thermal === "protected") return;
    if (/^(shows-|input-|heat$|repair$|return$)/.test(incident.cause)) {
      // Whole: ten minutes in parts of a second add up to a little less.
      this.leftOnAir.push(Math.round(this.#livedMs));
    }
  }

  /** A playbook is about to stop a stream that is seen, for less load. */
  #notePictureLost({ encoder, step }: { encoder: string; step: number }) {
    const box = this.box(encoder);
    const { repair } = this.#core.encoder(encoder).value as unknown as { repair: unknown };
    const isLowering = typeof repair === "object" && JSON.stringify(repair).includes("lowering");
    if (!isLowering || !box.running || box.load === step) return;
    if (this.#saysYes) this.#agreedStep.set(encoder, step);
    if (this.#agreedStep.get(encoder) === step) return;
    this.#agreedStep.delete(encoder);
    if (Math.max(step, box.load) < 2) return;
    for (const { id } of this.plan.streams) {
      const { context } = this.#core.stream(id);
      if (context.carrier?.encoder !== encoder || !seenOnAir(context)) continue;
      // Who shows another programme is no reason to keep this one at full load.
      const ready = alikeUnderstudyOf(context);
      if (ready !== null) this.picturesLost.push(`${id} while ${ready.encoder} stood by`);
    }
  }

  /** About to be booted: not while it publishes and was not seen off, unless a person said yes. */
  #noteBoot(encoder: string) {
    const { running } = this.box(encoder);
    if (!running || this.#saysYes) return;
    for (const { id, destination, content } of this.plan.streams) {
      const { context } = this.#core.stream(id);
      if (destination !== running.destination || seenOffAir(context)) continue;
      if (!context.destination.observed) continue;
      // What was seen grew too old in the same late turn.
      if (context.farEnd.word === "unknown" && this.#seenOffBefore.has(id)) continue;
      if (this.publishers(destination).some((other) => other !== encoder)) continue;
      const shown = this.#shown[id]?.[encoder];
      const fault = shown && faultOf[shown];
      const isActedOn = fault !== undefined && content[fault].does === "act";
      if (isActedOn && understudyOf(context) === null) continue;
      this.picturesLost.push(`${id}: ${encoder} was booted on air`);
    }
  }

  #noteTouch(encoder: string) {
    const { keys } = this.#core.site();
    if (Object.values(keys).some(({ holder }) => holder?.encoder === encoder)) {
      this.touched.push(encoder);
    }
  }

  /** Time passes in quarter seconds: devices are read, far ends looked at, intents answered. */
  pass(seconds: number) {
    for (let left = seconds * 1_000; left > 0; left -= quarterMs) {
      const quarter = Math.round(this.#at.monoMs / quarterMs);
      this.#elapse(
        quarterMs,
        (box) => quarter % (box.kind === "soft" ? 2 : 4) === 0,
        quarter % 2 === 0,
      );
    }
  }

  /** Exactly so long, in which nobody reads or looks. */
  wait(ms: number) {
    this.#advance(ms);
    this.send({ to: "clock", event: { type: "tick" } });
  }

  /** Time passes and the far end is looked at, but no box is read. */
  passUnread(ms: number) {
    this.#elapse(ms, () => false, true);
  }

  /** The same, in a few uneven leaps, as on a host that comes to its work late. */
  leap(seconds: number, most = 4) {
    const leaps = Math.min(Math.ceil(seconds * 4), most);
    for (let i = 0; i < leaps; i++) this.#elapse((seconds * 1_000) / leaps, () => true, true);
  }

  #elapse(ms: number, isDue: (box: Box) => boolean, looks: boolean) {
    this.#advance(ms);
    this.#bytes += 1_000;
    if ((this.#core.nextDueMs() ?? Infinity) <= this.#at.monoMs) {
      this.send({ to: "clock", event: { type: "tick" } });
    }
    for (const due of this.#pending.filter((p) => p.dueMs <= this.#at.monoMs)) {
      if (this.#pending.includes(due)) this.#carryOut(due.intent);
    }
    for (const box of Object.values(this.boxes)) this.#goOn(box);
    this.#hearRelays();
    for (const id of Object.keys(this.boxes)) if (isDue(this.box(id))) this.read(id);
    if (!looks) return;
    for (const { id, sessions } of this.plan.ingests ?? []) if (!sessions) this.#hearIngest(id);
    for (const { id, observed } of this.plan.destinations) if (observed) this.look(id);
    for (const stream of this.plan.streams) this.#watchContent(stream);
  }

  /** What each relay sends now, told when it is another than before. */
  #hearRelays() {
    const brings = (leg: string) => this.publishers(leg).some((id) => !this.#standsStill(id));
    for (const { stream, report } of this.relays.select(this.plan, brings)) {
      this.relayWords[stream] = report;
      this.send({ to: `stream:${stream}`, event: { type: "relay.report", report } });
    }
  }
  #hearIngest(id: string) {
    const since = this.silences.get(id);
    const quietMs = since === undefined ? 100 : this.#at.monoMs - since;
    const reading: IngestReading = {
      ...{ state: quietMs > 1_500 ? "silent" : "receiving", why: null, publisher: null },
      ...{ bytes: this.#bytes, frames: this.#bytes, quietMs, bitrateBps: 4e6, framesPerSecond: 25 },
      ...{
        video: null,
        audio: null,
        readers: 2,
        readerDrops: 0,
        refused: { count: 0, last: null },
      },
    };
    this.send({ to: `ingest:${id}`, event: { type: "reading", reading } });
  }
  silence(ingest: string) {
    this.silences.set(ingest, this.#at.monoMs);
  }
  sendAgain(ingest: string) {
    this.silences.delete(ingest);
    this.#sendsSince.set(ingest, this.#at.monoMs);
  }
  /** It makes no pictures, for whatever reason. */
  #standsStill(id: string): boolean {
    const { ingest = "" } = this.plan.encoders.find((encoder) => encoder.id === id)!;
    // It begins again with the next keyframe.
    const again = this.#at.monoMs - (this.#sendsSince.get(ingest) ?? -Infinity) < 2_000;
    return this.box(id).frozen || this.silences.has(ingest) || again;
  }
  /** It dies, and its supervisor sees it. */
  killRelay(stream = "main") {
    if (!this.relays.die(stream)) return;
    delete this.relayWords[stream];
    this.send({ to: `stream:${stream}`, event: { type: "relay.lost", because: "killed" } });
  }
  /** It publishes for a relay that has nothing to send. */
  #isIdlePusher(id: string) {
    const { publishesFor } = this.plan.encoders.find((encoder) => encoder.id === id)!;
    return publishesFor !== undefined && this.relays.selected(publishesFor) === null;
  }

  #watchContent({ id: stream, encoders }: SitePlan["streams"][number]) {
    const carrier = this.carrier(stream);
    const seen = encoders.map(({ encoder }) => [encoder, this.box(encoder).picture] as const);
    const atFarEnd = carrier !== null && this.box(carrier).running && this.box(carrier).picture;
    for (const [view, picture] of [...seen, ["farEnd", atFarEnd] as const]) {
      if (!picture) continue;
      (this.#shown[stream] ??= {})[view] = picture;
      this.send({
        to: `stream:${stream}`,
        event: { type: "content", view, look: lookAt(picture) },
      });
    }
    const pair = this.showsAnother === null ? undefined : comparedPair(this.#core.stream(stream));
    if (!pair) return;
    const isOther = this.showsAnother === true && [pair.carrier, pair.with].includes("a");
    const comparison = { word: isOther ? "different" : "same", because: "seen" } as const;
    const { carrier: one, with: other } = pair;
    const event = { type: "compared" as const, carrier: one, with: other, comparison };
    this.send({ to: `stream:${stream}`, event });
  }

  #advance(ms: number) {
    this.#livedMs += ms;
    this.#at = { ...this.#at, monoMs: this.#at.monoMs + ms, wallMs: this.#at.wallMs + ms };
  }

  read(id: string) {
    const box = this.box(id);
    const to = `encoder:${id}` as const;
    if ((!box.reachable || box.unpowered) && box.kind === "helo") {
      this.send({ to, event: { type: "unreadable", failure: "timeout", detail: "no answer" } });
      return;
    }
    this.send({ to, event: { type: "reading", reading: this.#readingOf(id, box) } });
    box.exit = null;
    if (box.kind === "soft") delete box.refusal;
  }

  #readingOf(id: string, box: Box): EncoderReading {
    const stuck = box.running !== null && !this.uplink;
    const isIdle = this.#isIdlePusher(id);
    return {
      outputs: {
        "stream-1": {
          state: box.claims ?? (box.running ? "streaming" : "idle"),
          ...(box.running && box.suffers === "overload" && { isOverloaded: true }),
          ...(box.running && box.suffers === "network" && { isNetworkTooSlow: true }),
          target: box.running ? { destination: box.running.destination } : "none",
          ...(box.kind === "soft" &&
            box.running && {
              progress:
                this.#standsStill(id) || stuck || isIdle
                  ? ("frozen" as const)
                  : ("moving" as const),
              sendQueue: stuck ? ("stuck" as const) : ("draining" as const),
              keyGeneration: box.running.generation,
            }),
          ...(box.exit && { exit: box.exit }),
          ...(box.refusal && { refusal: box.refusal }),
        },
        ...(box.records && { "record-1": { state: box.records.state } }),
      },
      ...(box.records && {
        recording: { output: "record-1", isLinked: false, medium: box.records.medium },
      }),
      ...(!box.cannotMeasureInput && { input: box.input }),
      loadStep: box.load,
      figures: {},
      ...box.says,
      ...(box.running?.settings && { settings: { ...box.says.settings, ...box.running.settings } }),
      ...(box.kind === "helo" && {
        selfStart: { autoRecover: box.selfStart, powerUp: "idle" as const, scheduler: false },
      }),
    };
  }

  look(destination: string) {
    const sight = this.#sightOf(destination);
    this.send({
      to: `destination:${destination}`,
      event: { type: "sight", sight, source: "statistics", provesAbsence: true },
    });
  }

  #sightOf(destination: string): FarEndSight {
    if (!this.observed) return { word: "unseen", detail: "statistics do not answer" };
    const publishing = this.publishers(destination);
    if (this.stranger) {
      this.#moved[destination] = this.#bytes;
      return { word: "publishing", by: "somebody", bytes: this.#bytes, publishers: 1 };
    }
    if (publishing.length === 0) return { word: "quiet" };
    const moving =
      this.uplink && publishing.some((id) => !this.#standsStill(id) && !this.#isIdlePusher(id));
    if (moving) this.#moved[destination] = this.#bytes;
    return {
      word: "publishing",
      by: this.namedPublisher,
      bytes: this.#moved[destination] ?? 0,
      publishers: publishing.length,
    };
  }
  readonly #moved: Record<string, number> = {};

  #carryOut(intent: Intent) {
    this.#pending = this.#pending.filter((p) => p.intent !== intent);
    const to = `intent:${intent.id}` as const;
    if (intent.kind === "runIngest") {
      this.doors[intent.asks.ingest] = intent.asks.session ?? null;
      this.send({ to, event: { type: "effect.done", answer: {} } });
      return;
    }
    if (intent.kind === "runOutput") {
      this.send({ to, event: { type: "effect.done", answer: {} } });
      return;
    }
    if (intent.kind === "orderRelay" || intent.kind === "endRelay") {
      const error = this.relays.obey(intent, this.relaysFail);
      if (intent.kind === "endRelay") delete this.relayWords[intent.asks.stream];
      this.send({
        to,
        event: error
          ? { type: "effect.failed", error }
          : { type: "effect.done", answer: {} as Record<string, never> },
      });
      return;
    }
    const box = this.box(intent.asks.encoder);
    const cut = (!box.reachable || box.unpowered) && box.kind === "helo";
    const failed = (code: string, more: { highestGeneration?: number } = {}) => {
      const error = { code, message: code, ...more };
      this.send({ to, event: { type: "effect.failed", error } });
    };
    switch (intent.kind) {
      case "fence": {
        // Whoever stopped it for a moment does not start it any more.
        box.resumes = null;
        const evidence = cut ? [] : this.#fence(box);
        this.send({ to, event: { type: "effect.done", answer: { evidence } } });
        return;
      }
      case "startOutput": {
        const { destination, keyGeneration, encoder, stream, settings } = intent.asks;
        if (cut) return failed("timeout");
        // Generations are counted by stream.
        const isExercise = stream === exerciseStream;
        if (!isExercise && keyGeneration < box.highestGeneration) {
          return failed("staleKey", { highestGeneration: box.highestGeneration });
        }
        const others = this.publishers(destination).filter(
          (id) => id !== encoder && this.#at.monoMs - this.box(id).pressedAtMs > handMs,
        );
        if (others.length > 0)
          this.overlaps.push(`${encoder} started while ${others.join()} was on`);
        if (!isExercise) box.highestGeneration = keyGeneration;
        this.#forgetRefusal(box);
        box.knowsKeyOf = destination;
        const isSetAtStart = this.plan.encoders.find(({ id }) => id === encoder)?.isSetAtStart;
        // A keyframe every 2 s, where nobody says otherwise.
        const gopFrames = 2 * (settings?.framesPerSecond ?? 25);
        const made = isSetAtStart === true && settings && { settings: { gopFrames, ...settings } };
        if (this.refusing) this.#refuse(box);
        else if (!box.broken) box.running = { destination, generation: keyGeneration, ...made };
        box.frozen = false;
        this.send({
          to,
          event: { type: "effect.done", answer: { startedAtMs: this.#at.wallMs } },
        });
        return;
      }
      case "stopOutput": {
        box.resumes = null;
        if (cut || box.deaf) return failed("timeout");
        box.running = null;
        this.#forgetRefusal(box);
        if (this.stopsCure) box.claims = null;
        if (intent.asks.forgetKey) box.knowsKeyOf = null;
        this.send({ to, event: { type: "effect.done", answer: {} } });
        return;
      }
      case "turnOutlet":
        if (this.outletsFail) return failed("timeout");
        if (intent.asks.to !== "on") box.running = box.resumes = null;
        if (intent.asks.to === "cycle") this.#boot(box);
        // It would stream at power-up: with the key it knows, as soon as it has booted.
        if (intent.asks.to === "on" && box.unpowered && box.selfStart && box.knowsKeyOf !== null) {
          box.running = { destination: box.knowsKeyOf, generation: box.highestGeneration };
        }
        box.unpowered = intent.asks.to === "off";
        this.send({ to, event: { type: "effect.done", answer: { atMs: this.#at.wallMs } } });
        return;
      case "reboot":
        if (cut || box.deaf) return failed("timeout");
        this.#boot(box);
        this.send({ to, event: { type: "effect.done", answer: {} } });
        return;
      case "setLoad":
        if (cut || this.loadIsFixed) return failed("timeout");
        // A new bitrate needs a stop and a start: the box is back on its key 2 s later.
        if (interruptsBetween(this.#stepsOf(intent.asks.encoder), box.load, intent.asks.step)) {
          box.resumes = box.running && { ...box.running, atMs: this.#at.monoMs + 2_000 };
          box.running = null;
        }
        box.load = intent.asks.step;
        this.send({ to, event: { type: "effect.done", answer: {} } });
        return;
      case "startRecording":
      case "stopRecording":
        if (cut || box.deaf) return failed("failed");
        if (box.records) {
          box.records.state = intent.kind === "startRecording" ? "streaming" : "idle";
        }
        this.send({ to, event: { type: "effect.done", answer: {} } });
        return;
      case "recordTo": {
        const { medium } = intent.asks;
        const isThere = box.records?.media[medium] === undefined || box.records.media[medium];
        if (cut || box.deaf || !box.records || !isThere) return failed("failed");
        box.records = { ...box.records, medium, state: "streaming" };
        this.send({ to, event: { type: "effect.done", answer: {} } });
        return;
      }
      case "releaseMedium":
        if (cut || box.deaf) return failed("notPossible");
        if (box.records?.state === "streaming" && box.records.medium === intent.asks.medium)
          return failed("notPossible");
        box.released = [...(box.released ?? []), intent.asks.medium];
        this.send({ to, event: { type: "effect.done", answer: {} } });
        return;
      case "recordLight":
        if (cut || box.deaf || !box.records) return failed("failed");
        if (!intent.asks.light && box.records.state === "streaming") return failed("notPossible");
        box.records = { ...box.records, light: intent.asks.light };
        this.send({ to, event: { type: "effect.done", answer: {} } });
        return;
      case "recallPreset":
        if (cut || box.deaf) return failed("failed");
        this.send({ to, event: { type: "effect.done", answer: { restored: ["stream key"] } } });
        return;
      case "selectProfile":
        if (cut || box.deaf) return failed("failed");
        if (box.running && intent.asks.of === "stream") {
          if (intent.asks.interrupt !== true) return failed("notPossible");
          box.running = null;
        }
        this.send({ to, event: { type: "effect.done", answer: { name: "720p", restored: [] } } });
        return;
      case "listClips": {
        if (cut || box.deaf) return failed("failed");
        const clips = Array.from({ length: 60 }, (_, at) => ({ name: `clip_${at + 1}.mov` }));
        this.send({ to, event: { type: "effect.done", answer: { clips } } });
        return;
      }
      case "applySettings":
        if (cut || box.deaf) return failed("timeout");
        if (box.running) return failed("notPossible");
        box.says = { ...box.says, settings: { ...box.says.settings, ...intent.asks.settings } };
        this.send({ to, event: { type: "effect.done", answer: {} } });
        return;
      case "ownSelfStart":
        if (cut || box.deaf) return failed("timeout");
        box.selfStart = false;
        this.send({ to, event: { type: "effect.done", answer: {} } });
    }
  }

  #goOn(box: Box) {
    if (!box.resumes || box.resumes.atMs > this.#at.monoMs) return;
    const { destination, generation } = box.resumes;
    box.running = { destination, generation };
    box.resumes = null;
  }

  /** What a reboot cures, it cures. */
  #boot(box: Box) {
    box.running = box.resumes = null;
    if (!this.boxesStayIll) Object.assign(box, { claims: null, deaf: false, reachable: true });
  }

  /** A HELO cannot tell that from a far end it does not reach. */
  #refuse(box: Box) {
    if (box.kind === "helo") box.claims = "failing";
    else box.exit = { code: 1, signal: null };
    box.refusal = box.kind === "helo" ? "maybeRefused" : "refused";
  }
  #forgetRefusal(box: Box) {
    if (!box.refusal) return;
    box.claims = null;
    delete box.refusal;
  }

  #fence(box: Box): FenceEvidence[] {
    if (this.fenceEvidence) return this.fenceEvidence;
    if (!box.deaf) {
      box.running = null;
      this.#forgetRefusal(box);
    }
    const atMs = this.#at.wallMs;
    if (box.running) return [];
    return box.kind === "soft"
      ? [{ kind: "processGone", lockFree: true, unsentBytes: 0, atMs }]
      : [{ kind: "deviceNotStreaming", reads: 2, selfStartOff: !box.selfStart, atMs }];
  }

  // Faults, in an operator's words.
  /** @param seenGone the driver saw at once that nothing of it is left */
  kill(id: string, seenGone = false) {
    const box = this.box(id);
    if (box.running === null || box.kind !== "soft") return;
    const { destination } = box.running;
    box.running = null;
    box.frozen = false;
    box.exit = {
      ...{ code: null, signal: "SIGKILL" },
      ...(seenGone && { gone: { destination, atMs: this.#at.monoMs } }),
    };
    this.read(id);
  }
  /** Its far end did not take its start. */
  refuse(id: string) {
    this.#refuse(this.box(id));
    this.read(id);
  }
  freeze(id: string) {
    this.box(id).frozen = this.box(id).running !== null;
    if (this.box(id).kind === "soft") this.read(id);
  }
  /** A hand at the box: it starts again with the key it knows. */
  pressStart(id: string) {
    const box = this.box(id);
    if (box.knowsKeyOf === null || box.kind === "soft" || box.unpowered) return;
    box.running = { destination: box.knowsKeyOf, generation: box.highestGeneration };
    box.pressedAtMs = this.#at.monoMs;
  }
  stall(lagMs: number) {
    this.#advance(lagMs);
    this.send({ to: "site", event: { type: "stalled", lagMs } });
  }
  jumpWallClock(ms: number) {
    this.#at = { ...this.#at, wallMs: this.#at.wallMs + ms };
  }
  /** The daemon dies; the boxes go on. What was under way is lost, what was committed is not. */
  restart(
    p: {
      downMs?: number;
      reboot?: boolean;
      forgetting?: boolean;
      resultsLost?: boolean;
      /** The journal is an old copy. */
      from?: Map<string, unknown>;
    } = {},
  ) {
    if (p.forgetting) this.#resume = new Map();
    else this.#resume = p.from ?? this.memories();
    if (p.resultsLost) {
      this.#dead = true;
      for (const { intent } of [...this.#pending]) this.#carryOut(intent);
      this.#dead = false;
    }
    this.#pending = [];
    this.relays.untold();
    this.relayWords = {};
    if (p.reboot) this.relays.dieAll();
    // What a driver stopped for a moment, nobody starts again.
    for (const box of Object.values(this.boxes)) box.resumes = null;
    this.#advance(p.downMs ?? 1_000);
    if (p.reboot) {
      this.#at = { ...this.#at, bootId: `${this.#at.bootId}+`, monoMs: 500 };
      for (const box of Object.values(this.boxes)) if (box.kind === "soft") box.running = null;
    }
    this.#open();
  }
  /** The journal is lost altogether. */
  forgetEverything() {
    this.forgot = true;
    this.restart({ forgetting: true });
  }

  /** The daemon is gone and this is what is left; see the constructor. */
  remains(): Remains {
    return {
      at: this.#at,
      bytes: this.#bytes,
      resume: JSON.stringify(Object.fromEntries(this.memories())),
      boxes: JSON.stringify(this.boxes),
    };
  }

  /** What each turn has committed, as it would be read back. */
  memories(): Map<string, unknown> {
    const { encoders, streams, storages = [] } = this.plan;
    const names: ActorName[] = [
      "site",
      ...encoders.map(({ id }) => `encoder:${id}` as const),
      ...storages.map(({ id }) => `storage:${id}` as const),
      ...streams.map(({ id }) => `stream:${id}` as const),
      ...streams.flatMap(({ id, sessions }) => (sessions ? [`session:${id}` as const] : [])),
    ];
    return new Map(names.map((n) => [n, JSON.parse(JSON.stringify(this.#core.resumeOf(n)))]));
  }
}

/** The same journal through fresh machines: what they decide this time. */
export function replay(plan: SitePlan, journal: readonly Journaled[]): string[] {
  const decisions: string[] = [];
  let core: SiteCore | undefined;
  const note = ({ decisions: made }: Outcome) =>
    decisions.push(...made.map(({ of, decision }) => JSON.stringify([of, decision])));
  for (const entry of journal) {
    if ("started" in entry) {
      core = openSite({ plan, at: entry.at, resume: entry.started });
      note(core.opening);
    } else note(core!.turn(entry.input, entry.at));
  }
  return decisions;
}

/** A facility some seconds after its first start, with the primary on air. */
export function onAir(plan: SitePlan = aPlan()): World {
  const world = new World(plan);
  // Ends with a look and a reading.
  world.pass(10.25);
  for (const { id } of plan.streams) {
    if (world.word(id) !== "carried") throw new Error(`${id} did not come on air`);
  }
  return world;
}

/** A person asks; false when it cannot be done in this state. */
export function asks(
  world: World,
  verb: "start" | "stop" | "failover" | "return" | "abort" | "release" | "drill",
  p: { to?: string; unproven?: boolean; stream?: string; consent?: string } = {},
): boolean {
  const { stream = "main", ...args } = p;
  return world.send({
    to: `stream:${stream}`,
    event: { type: verb, command: { id: verb, by: "engineer" }, ...args },
  });
}
