/**
 * From half an hour before an event to its end nothing is changed that can wait. What keeps the
 * event itself on air (repair, failover, a person's start and stop) does not ask here.
 */
import { type Deadline, deadlineIn, leftMs, type Stamp } from "../time.ts";

/** What can wait until after an event. */
export const changes = ["discovery", "probe", "drill", "configuration", "upgrade"] as const;
export type ChangeKind = (typeof changes)[number];

export type Freeze = {
  /** Stream → the event that is near or under way. */
  events: Record<string, { name: string; untilMs: number }>;
  /** A person has let changes through, and said why. */
  override: { by: string; why: string; ends: Deadline } | null;
};

export const noFreeze: Freeze = { events: {}, override: null };

/** An override is for one piece of work, not for the evening. */
const overrideLastsMs = 30 * 60_000;

/** Why this may not be done now, or undefined when it may. Everything that can wait asks here. */
export function changeFreeze(freeze: Freeze, what: ChangeKind, now: Stamp): string | undefined {
  const [event] = Object.values(freeze.events).toSorted((a, b) => b.untilMs - a.untilMs);
  if (!event || isOverridden(freeze, now)) return undefined;
  const until = `${new Date(event.untilMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return `no ${what} during a change freeze: ${event.name}, until ${until}; a person can override it and say why`;
}

export const isFrozen = (freeze: Freeze): boolean => Object.keys(freeze.events).length > 0;

export const isOverridden = ({ override }: Freeze, now: Stamp): boolean =>
  override !== null && leftMs(override.ends, now) > 0;

/** As the outside is told; null while changes are free. */
export function publishedFreeze(freeze: Freeze, now: Stamp) {
  if (!isFrozen(freeze)) return null;
  const events = Object.entries(freeze.events).map(([stream, { name, untilMs }]) => ({
    stream,
    name,
    endsAtMs: untilMs,
  }));
  const { override } = freeze;
  return {
    events,
    override:
      override && isOverridden(freeze, now)
        ? { by: override.by, why: override.why, endsAtMs: override.ends.wallMs }
        : null,
  };
}

/** An override ends with the freeze it was for. */
export function withEvent(
  freeze: Freeze,
  stream: string,
  event: Freeze["events"][string] | null,
): Freeze {
  const { [stream]: _, ...others } = freeze.events;
  const events = event ? { ...others, [stream]: event } : others;
  return { events, override: isFrozen({ ...freeze, events }) ? freeze.override : null };
}

export function withOverride(freeze: Freeze, p: { by: string; why: string }, now: Stamp): Freeze {
  return { ...freeze, override: { ...p, ends: deadlineIn(overrideLastsMs, now) } };
}
