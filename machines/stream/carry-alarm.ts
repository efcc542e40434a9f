/**
 * The region of a stream that says when what goes out lacks something that is to go with it, such as
 * captions. Seen by the relay in the bytes of each input; on path direct nobody sees it there.
 */
import { missingOf } from "../content/carried.ts";
import type { Decision } from "../decision.ts";
import { alarmRegion } from "./alarm-region.ts";
import { inputsOf } from "./relay/relay.ts";
import type { StreamContext } from "./stream.context.ts";

/** Of this input of the relay; undefined: not known, or nothing is wanted. */
export function lacksOf(context: StreamContext, encoder: string): string[] | undefined {
  const { plan, relay, facts } = context;
  const carried = relay?.carried?.[encoder];
  return plan.carry && carried && missingOf(plan.carry, carried, facts[encoder]?.feed?.colour);
}

const lostNow = (context: StreamContext): string[] => [
  ...((context.relay?.selected && lacksOf(context, context.relay.selected)) || []),
  ...(lacksSplices(context) ? [splices] : []),
];
const splices = "splice information";

/** They are the source's, and nobody else could bring them. */
const lacksSplices = ({ plan, relay }: StreamContext): boolean =>
  plan.carry?.splices === true && relay?.splices?.isThere === false;

/** What goes out is known to lack something. */
export const lacksCarried = (context: StreamContext): boolean => lostNow(context).length > 0;

/** What goes out is known to have all of it. */
export const carriesAll = (context: StreamContext): boolean => {
  const selected = context.relay?.selected;
  const { splices } = context.relay ?? {};
  const hasSplices = context.plan.carry?.splices !== true || splices?.isThere === true;
  return typeof selected === "string" && hasSplices && lacksOf(context, selected)?.length === 0;
};

export function carriedNews(context: StreamContext, isThere: boolean): Decision {
  const { plan, relay } = context;
  const selected = relay?.selected ?? null;
  const missing = lostNow(context);
  const other = inputsOf(context).find(
    ({ encoder }) => encoder !== selected && lacksOf(context, encoder)?.length === 0,
  );
  const helps = other
    ? `${other.encoder} has all of it and could be put on air`
    : "nobody else is known to have it";
  const ofEncoder = missing.filter((what) => what !== splices);
  const why = [
    ...(ofEncoder.length > 0 ? [`${selected} brings none; ${helps}`] : []),
    ...(ofEncoder.length < missing.length ? ["the ingest's source has no SCTE-35"] : []),
  ];
  return {
    type: "stream.carried",
    severity: isThere ? "info" : "warning",
    message: isThere
      ? `${plan.id} carries all that it is to carry again`
      : `${plan.id} goes out without ${missing.join(" and ")}: ${why.join("; ")}`,
    data: { carried: isThere ? "whole" : "lacking", encoder: selected, missing },
  };
}

export const carryAlarm = alarmRegion("carried", {
  ...{ lacks: "lacksCarried", needsNone: "lacksNothingCarried", has: "carriesAll" },
  ...{ tell: "tellCarried", missing: "carriedMissing", endHold: "carriedEndHold" },
});
