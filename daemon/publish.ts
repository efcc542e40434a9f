import type { Availability } from "../machines/contract.ts";
import { destinationState } from "../machines/destination/destination.published.ts";
import { type EncoderSnapshot, encoderState } from "../machines/encoder/encoder.published.ts";
import type { BreakerWord } from "../machines/breaker.ts";
import { isToldAlike } from "../machines/encoder/told-alike.ts";
import { ingestState } from "../machines/ingest/ingest.published.ts";
import { outputState } from "../machines/output/output.published.ts";
import type { Figure, Published } from "../machines/published.ts";
import { publishedFreeze } from "../machines/site/change-freeze.ts";
import { freshLoad, publishedHost } from "../machines/site/host-load.ts";
import { type PlannedUplink, publishedUplink } from "../machines/site/uplink.ts";
import { hostClockWarnings, publishedHostClock } from "../machines/site/host-clock.ts";
import { exerciseRefusal } from "../machines/site/exercises.ts";
import { generations, holdings, type Keys } from "../machines/site/keys.ts";
import type { SiteInfo, SiteState, Telemetry } from "../machines/site/site.contract.ts";
import type { StreamPlan } from "../machines/site/plan.ts";
import type { ActorName, SiteCore } from "../machines/site/site-core.ts";
import { sessionStateOf } from "../machines/session/session.machine.ts";
import { storageState } from "../machines/storage/storage.published.ts";
import type { StreamState } from "../machines/stream/stream.contract.ts";
import { streamState } from "../machines/stream/stream.published.ts";

type Pool = Pick<Telemetry["encoders"][string], "socketsOpen" | "socketsBusy" | "requestsWaiting">;

export type PublishedState = {
  kind: string;
  id: string;
  state: unknown;
  availability?: Availability;
};

/** What the state of a box is made of. The rest (time, others) is looked at with its figures. */
type Box = { snapshot: EncoderSnapshot; keys: Keys };

/** A figure alone is news only so often, ms; fast numbers go by telemetry. */
const figuresEveryMs = 5_000;

/** What the outside is told of each actor: whole states, and only when they are others. */
export function openPublisher(p: {
  core: SiteCore;
  journal: { readonly epoch: string; readonly session: string };
  seq: () => number;
  wallMs: () => number;
  /** Of the parts that no machine knows of. */
  warnings: () => readonly string[];
  /** How old the newest picture at its far end is, where that can be told. */
  latencyMs: (destination: string) => Figure | undefined;
  /** What is published at once, as site.yaml says. */
  uplink: PlannedUplink;
  /** How who looks at a destination is asked; undefined: nobody who could prove it quiet does. */
  breaker: (destination: string) => BreakerWord | undefined;
  /** The connections to a box; undefined: there are none to keep. */
  pool: (encoder: string) => Pool | undefined;
  send: (state: PublishedState) => void;
}) {
  const { core } = p;
  /** By what it is published as: both legs of one programme are one stream. */
  const sent = new Map<string, { shape: string; atMs: number }>();
  /** As they last were when their whole state was looked at. */
  const boxes = new Map<ActorName, Box>();
  const sinceMs = new Map<string, { word: string; atMs: number }>();

  const header = (id: string): Published => ({
    id,
    epoch: p.journal.epoch,
    seq: p.seq(),
    session: p.journal.session,
    atMs: p.wallMs(),
  });

  /** Since when this word has been true. */
  function since(of: string, word: string): number {
    const before = sinceMs.get(of);
    if (before?.word === word) return before.atMs;
    sinceMs.set(of, { word, atMs: p.wallMs() });
    return p.wallMs();
  }

  function stateOf(actor: ActorName): PublishedState | undefined {
    const [kind = "", id = ""] = actor.split(":");
    const { plan, keys } = core.site();
    switch (kind) {
      case "encoder": {
        const snapshot = core.encoder(id);
        const { publishesFor } = snapshot.context.plan;
        if (publishesFor !== undefined) return stateOf(`stream:${publishesFor}`);
        const state = encoderState(snapshot, {
          published: header(id),
          heldBy: programmes(keys),
          generations: generations(keys),
          exerciseRefusal: (encoder) => exerciseRefusal(core.site(), encoder),
          sinceMs: (output, word) => since(`${id}/${output}`, word),
        });
        return {
          kind,
          id,
          state,
          availability: state.link === "reachable" ? "online" : "offline",
        };
      }
      case "destination": {
        const fed = plan.streams.find(({ destination }) => destination === id)?.feedOf;
        if (fed !== undefined) return stateOf(`stream:${fed}`);
        const snapshot = core.destination(id);
        const state = destinationState(snapshot, {
          ...{ published: header(id), sinceMs: 0, breaker: p.breaker(id) },
          latencyMs: p.latencyMs(id),
        });
        state.sinceMs = since(actor, `${state.state} ${state.stalled}`);
        return { kind, id, state };
      }
      case "storage": {
        const sinceOf = (medium: string, word: string) => since(`${actor}/${medium}`, word);
        const state = storageState(core.storage(id), { published: header(id), sinceMs: sinceOf });
        return { kind, id, state };
      }
      case "ingest": {
        const sinceOf = (word: string) => since(actor, word);
        const state = ingestState(core.ingest(id), { published: header(id), sinceMs: sinceOf });
        return { kind, id, state };
      }
      case "output": {
        const sinceOf = (word: string) => since(actor, word);
        const state = outputState(core.output(id), { published: header(id), sinceMs: sinceOf });
        return { kind, id, state };
      }
      case "stream": {
        const { backupOf, feedOf } = plan.streams.find((s) => s.id === id)!;
        const part = backupOf ?? feedOf;
        if (part !== undefined) return stateOf(`stream:${part}`);
        const leg = plan.streams.find((s) => s.backupOf === id);
        const session = core.session(id);
        const state: StreamState = {
          ...streamState(core.stream(id), {
            published: header(id),
            backupLeg: leg && core.stream(leg.id),
          }),
          ...(session && { keptFor: sessionStateOf(session) }),
        };
        return { kind, id, state };
      }
      case "session":
        return stateOf(`stream:${id}`);
      default:
        return { kind: "site", id: plan.site, state: siteState() };
    }
  }

  /** Output → the programme that it is used for, also by way of a relay. */
  function programmes(keys: Keys): Record<string, string> {
    const { streams } = core.site().plan;
    return Object.fromEntries(
      Object.entries(holdings(keys)).map(([output, stream]) => {
        return [output, streams.find(({ id }) => id === stream)?.feedOf ?? stream];
      }),
    );
  }

  function boxOf(actor: ActorName): Box | undefined {
    if (!actor.startsWith("encoder:")) return undefined;
    return { snapshot: core.encoder(actor.slice("encoder:".length)), keys: core.site().keys };
  }

  function siteState(): SiteState {
    const { plan, journal, freeze, hostClock, hostLoad, now } = core.site();
    const host = publishedHost(hostLoad);
    const load = freshLoad(hostLoad, now());
    const impaired = core.siteWord() === "impaired";
    return {
      ...header(plan.site),
      ...(plan.name !== undefined && { name: plan.name }),
      decider: impaired ? "impaired" : "ok",
      journal,
      freeze: publishedFreeze(freeze, now()),
      clock: publishedHostClock(hostClock),
      ...(host && { host }),
      uplink: publishedUplink(p.uplink, load),
      warnings: [
        ...(impaired ? ["this host cannot keep up: its evidence is late"] : []),
        ...hostClockWarnings(hostClock),
        ...(journal === "ok" ? [] : [`the journal is ${journal}: records wait in memory`]),
        ...p.warnings(),
      ],
    };
  }

  /** Most readings say nothing new, and to see that in the whole state costs 20 times as much. */
  function isOnlyReadAgain(actor: ActorName, box: Box | undefined): boolean {
    const before = boxes.get(actor);
    return (
      box !== undefined &&
      before?.keys === box.keys &&
      Math.abs(p.wallMs() - (sent.get(actor.replace(":", "/"))?.atMs ?? 0)) < figuresEveryMs &&
      isToldAlike(before.snapshot, box.snapshot)
    );
  }

  function tell(actor: ActorName): void {
    const box = boxOf(actor);
    if (isOnlyReadAgain(actor, box)) return;
    const published = stateOf(actor);
    if (!published) return;
    if (box) boxes.set(actor, box);
    const shape = shapeOf(published.state);
    const as = `${published.kind}/${published.id}`;
    const before = sent.get(as);
    const atMs = p.wallMs();
    if (before?.shape === shape && Math.abs(atMs - before.atMs) < figuresEveryMs) return;
    sent.set(as, { shape, atMs });
    p.send(published);
  }

  return {
    changed(actors: readonly ActorName[]): void {
      for (const actor of actors) tell(actor);
    },
    /** Everything, for a new connection. */
    *all(): Iterable<PublishedState> {
      for (const { kind, id } of this.inventory()) {
        const state = stateOf(kind === "site" ? "site" : (`${kind}:${id}` as ActorName));
        if (state) yield state;
      }
    },
    inventory(): SiteInfo["inventory"] {
      const { plan } = core.site();
      const isFarEnd = ({ id }: { id: string }) =>
        !plan.streams.some((s) => s.destination === id && s.feedOf !== undefined);
      const entry = (kind: string) => (of: { id: string; name?: string }) => ({
        kind,
        id: of.id,
        ...(of.name !== undefined && { name: of.name }),
      });
      return [
        { kind: "site", id: plan.site },
        ...plan.encoders.filter((e) => e.publishesFor === undefined).map(entry("encoder")),
        ...plan.destinations.filter(isFarEnd).map(entry("destination")),
        ...(plan.storages ?? []).map(entry("storage")),
        ...(plan.ingests ?? []).map(entry("ingest")),
        ...(plan.outputs ?? []).map(entry("output")),
        ...plan.streams.filter(isProgramme).map(entry("stream")),
      ];
    },
    telemetry(): Telemetry {
      const { plan } = core.site();
      return {
        atMs: p.wallMs(),
        encoders: Object.fromEntries(
          plan.encoders.flatMap(({ id, publishesFor }) => {
            if (publishesFor !== undefined) return [];
            const { link, reading } = core.encoderReading(id);
            const figures = link === "reachable" ? (reading?.figures ?? {}) : {};
            const values = Object.entries(figures).map(([name, { value }]) => [name, value]);
            const fast = Object.fromEntries(values) as Telemetry["encoders"][string];
            return [[id, { ...fast, ...p.pool(id) }]];
          }),
        ),
      };
    },
  };
}

/** Not only a leg of one, nor what feeds a relay. */
const isProgramme = ({ backupOf, feedOf }: StreamPlan) =>
  backupOf === undefined && feedOf === undefined;

/** The state without what changes all the time: of figures only which there are. */
function shapeOf(state: unknown): string {
  const {
    seq: _seq,
    atMs: _atMs,
    observedAtMs: _observed,
    ...rest
  } = state as Record<string, unknown>;
  return JSON.stringify(rest, (key, value: unknown) =>
    key === "figures" ? Object.keys(value as object) : value,
  );
}
