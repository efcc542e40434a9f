/** Relays as the machines know them: they alone select, and outlive the daemon. */
import type { Carried } from "../../machines/content/carried.ts";
import type { EffectError } from "../../machines/effect.ts";
import type { Intent } from "../../machines/intents.ts";
import type { SitePlan } from "../../machines/site/plan.ts";
import type { Splices } from "../../machines/stream/relay/splices.ts";
import type { RelayWord } from "../../machines/stream/relay/relay.ts";

type Relay = {
  runs: boolean;
  generation: number;
  eligible: readonly string[];
  wanted: string | null;
  selected: string | null;
  last: string | null;
  reason: RelayWord["reason"];
  switches: number;
  told: string | undefined;
};

export class FakeRelays {
  readonly #of: Record<string, Relay> = {};
  /** Orders that were older than others before them, although nothing was forgotten. */
  readonly generations: number[] = [];
  /** What encoders bring besides a picture and a sound, where that is known. */
  carried: Record<string, Carried> = {};
  /** What they hand on of splice information, where any is looked for. */
  splices: Splices | undefined;

  obey(intent: Intent<"orderRelay" | "endRelay">, fails: boolean): EffectError | undefined {
    const { stream } = intent.asks;
    if (fails) return { code: "timeout", message: "it cannot be had" };
    if (intent.kind === "endRelay") {
      if (this.#of[stream]) this.#of[stream] = { ...this.#of[stream], ...dead };
      return undefined;
    }
    const { generation, eligible, preferred } = intent.asks;
    this.generations.push(generation);
    const relay = (this.#of[stream] ??= { ...fresh });
    if (!relay.runs) Object.assign(relay, { runs: true, switches: 0, told: undefined });
    if (generation < relay.generation) {
      const { generation: highestGeneration } = relay;
      return { code: "staleOrders", message: "it goes by newer ones", highestGeneration };
    }
    if (generation > relay.generation && preferred !== relay.selected) relay.wanted = preferred;
    Object.assign(relay, { generation, eligible });
    return undefined;
  }

  /** @returns those whose word is another than was told */
  select(
    plan: SitePlan,
    brings: (leg: string) => boolean,
  ): { stream: string; report: RelayWord }[] {
    return plan.streams.flatMap(({ id: stream, relay: planned }) => {
      const relay = this.#of[stream];
      if (!planned || relay?.runs !== true) return [];
      const live = planned.inputs.filter(({ leg }) => brings(leg)).map(({ encoder }) => encoder);
      this.#choose(relay, live);
      const report: RelayWord = {
        ...{ generation: relay.generation, selected: relay.selected, reason: relay.reason },
        ...{ switches: relay.switches, missingMs: 0, live, isRead: true, droppedPictures: 0 },
        carried: { ...this.carried },
        ...(this.splices && { splices: this.splices }),
      };
      const shape = JSON.stringify(report);
      if (shape === relay.told) return [];
      relay.told = shape;
      return [{ stream, report }];
    });
  }

  #choose(relay: Relay, live: readonly string[]): void {
    const may = live.filter((id) => relay.eligible.includes(id));
    const { wanted, selected } = relay;
    const [first = null] = may;
    const next =
      wanted !== null && may.includes(wanted)
        ? wanted
        : selected !== null && may.includes(selected)
          ? selected
          : first;
    if (next === wanted) relay.wanted = null;
    if (next === selected) return;
    relay.reason = next === null ? "noInput" : next === wanted ? "preferred" : "silent";
    if (next !== null && relay.last !== null && next !== relay.last) relay.switches += 1;
    relay.selected = next;
    relay.last = next ?? relay.last;
  }

  selected = (stream: string): string | null => this.#of[stream]?.selected ?? null;

  /** @returns whether it ran; its state in memory stays */
  die(stream: string): boolean {
    const relay = this.#of[stream];
    if (relay?.runs !== true) return false;
    Object.assign(relay, dead);
    return true;
  }

  /** The host boots: nothing in memory is left either. */
  dieAll(): void {
    for (const stream of Object.keys(this.#of)) delete this.#of[stream];
  }

  /** Another daemon listens: all is told again. */
  untold(): void {
    for (const relay of Object.values(this.#of)) relay.told = undefined;
  }
}

const dead = { runs: false, selected: null, told: undefined };
const fresh: Relay = {
  ...{ runs: true, generation: 0, eligible: [], wanted: null, selected: null, last: null },
  ...{ reason: "noInput", switches: 0, told: undefined },
};
