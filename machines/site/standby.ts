/**
 * The encoders of relayed streams that stand by hot, and those of them that stay cold for want of
 * processor; see cpu-admission.ts.
 */
import { decided, type Decided } from "../decision.ts";
import { elapsedMs } from "../time.ts";
import { feedersOf, relayBrings } from "../stream/relay/relay.ts";
import { verdict } from "../stream/stream.context.ts";
import { carrierStateOf } from "../stream/stream.published.ts";
import {
  type Fresh,
  heldAfter,
  type HeldCold,
  lastingCpu,
  refusalByCpu,
  type Standby,
  startedNews,
  stillFresh,
} from "./cpu-admission.ts";
import type { SiteContext } from "./site.context.ts";

/** Why each of its encoders stays cold, by encoder. */
export const heldOf = ({ held }: Standby, stream: string): Record<string, string> =>
  Object.fromEntries(
    Object.values(held).flatMap((one) =>
      one.stream === stream ? [[one.encoder, one.because]] : [],
    ),
  );

const planOf = ({ plan }: SiteContext, stream: string) =>
  plan.streams.find(({ id }) => id === stream);
const inputsOf = (context: SiteContext, stream: string) =>
  planOf(context, stream)?.relay?.inputs ?? [];

const isProcess = ({ plan }: SiteContext, encoder: string) =>
  plan.encoders.find(({ id }) => id === encoder)?.isProcess === true;

/** What one takes of the host, or the most of those that make the same; undefined: nobody knows. */
function costsOf(context: SiteContext, stream: string, encoder: string): number | undefined {
  const measured = (id: string) =>
    context.encoders[id]?.getSnapshot().context.reading?.figures.cpuUsageRatio?.value ?? 0;
  const alike = inputsOf(context, stream).map((input) => measured(input.encoder));
  const costs = measured(encoder) || Math.max(0, ...alike);
  return costs > 0 ? costs : undefined;
}

const wishOf = (context: SiteContext, fresh: Fresh, costs: number | undefined) => ({
  used: lastingCpu(context.standby.cpu, context.now()),
  ...{ fresh, costs },
});

/**
 * Its first encoder is started in any case, so is a spare, which is called in only when it is needed,
 * and what runs already is left alone.
 * @param encoders who is to feed its relay, and nobody else
 */
export function withFeeds(context: SiteContext, stream: string, encoders: readonly string[]) {
  const now = context.now();
  const inputs = inputsOf(context, stream);
  const held = { ...context.standby.held };
  const news: HeldCold[] = [];
  let fresh = stillFresh(context.standby.fresh, now);
  const isAtRest = (leg: string) =>
    carrierStateOf(context.streams[leg]!.getSnapshot()) === "stopped";
  const canStart = ({ encoder }: { encoder: string }) =>
    (context.facts[encoder]?.service ?? "inService") === "inService";
  const own = inputs.filter(({ encoder }) => !planOf(context, stream)?.spares?.includes(encoder));
  const others = new Set(own);
  others.delete(own.find(canStart) ?? own[0]!);
  const orders = inputs.flatMap((input) => {
    const { leg, encoder } = input;
    const before = held[leg];
    delete held[leg];
    if (!encoders.includes(encoder)) return [{ leg, feed: false }];
    if (!isAtRest(leg)) return [{ leg, feed: true }];
    const costs = costsOf(context, stream, encoder);
    if (others.has(input) && isProcess(context, encoder)) {
      const because = before?.because ?? refusalByCpu(wishOf(context, fresh, costs));
      if (because !== undefined) {
        held[leg] = before ?? { stream, encoder, because, since: now, roomSince: null };
        if (!before) news.push(held[leg]);
        return [];
      }
    }
    fresh = [...fresh, { costs: costs ?? 0, at: now }];
    return [{ leg, feed: true }];
  });
  return { orders, held: news, standby: { ...context.standby, fresh, held } };
}

/** The stream may be over since: it was when the site was opened, for instance. */
const isWanted = ({ streams }: SiteContext, { stream, encoder }: HeldCold): boolean =>
  feedersOf(streams[stream]!.getSnapshot().context).includes(encoder);

/** One after the other, so that what one takes is seen before the next is started. */
export function roomFor(context: SiteContext): { standby: Standby; legs: string[] } {
  const now = context.now();
  const fresh = stillFresh(context.standby.fresh, now);
  const legs: string[] = [];
  const held = Object.entries(context.standby.held).map(([leg, one]) => {
    if (!isWanted(context, one)) return [leg, one] as const;
    const costs = costsOf(context, one.stream, one.encoder);
    const after = heldAfter(one, wishOf(context, fresh, costs), now);
    if (after !== "starts") return [leg, after] as const;
    if (legs.length === 0) legs.push(leg);
    return [leg, one] as const;
  });
  return { standby: { ...context.standby, fresh, held: Object.fromEntries(held) }, legs };
}

/** So long the first encoder of a stream may take for its first picture. */
const firstPictureMs = 10_000;

/** Whoever has to carry is not refused: those whose stream has nothing to send, and has a source. */
export function neededNow(site: SiteContext): string[] {
  return Object.entries(site.standby.held).flatMap(([leg, held]) => {
    const { context } = site.streams[held.stream]!.getSnapshot();
    const isLate = isWanted(site, held) && elapsedMs(held.since, site.now()) >= firstPictureMs;
    // Of a relay that is not heard nobody knows that it lacks any.
    const lacks = context.relay !== null && !relayBrings(context);
    return isLate && lacks && verdict(context).word !== "source" ? [leg] : [];
  });
}

type Enqueue = {
  assign(change: { standby: Standby }): void;
  sendTo(to: SiteContext["streams"][string], event: unknown): void;
  emit(decision: Decided): void;
};

export function started(
  context: SiteContext,
  legs: readonly string[],
  isNeeded: boolean,
  enqueue: Enqueue,
): void {
  if (legs.length === 0) return;
  const now = context.now();
  const held = { ...context.standby.held };
  let fresh = stillFresh(context.standby.fresh, now);
  const moved = legs.map((leg) => {
    const one = held[leg]!;
    delete held[leg];
    fresh = [...fresh, { costs: costsOf(context, one.stream, one.encoder) ?? 0, at: now }];
    enqueue.sendTo(context.streams[leg]!, { type: "feed", on: true });
    enqueue.emit(decided(startedNews(one, isNeeded)));
    return one.stream;
  });
  const standby = { ...context.standby, fresh, held };
  enqueue.assign({ standby });
  for (const stream of new Set(moved)) {
    enqueue.sendTo(context.streams[stream]!, { type: "heldCold", held: heldOf(standby, stream) });
  }
}
