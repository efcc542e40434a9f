import ICAL from "ical.js";
import type { OnAirWindow } from "../../machines/stream/schedule.ts";
import { notOver, type Span, within } from "./windows.ts";
import { zoneNamed } from "./zone.ts";

export type Calendar = { windows(span: Span): OnAirWindow[] };

/**
 * The events of an iCalendar file as on-air windows. Cancelled and transparent ("free") events do
 * not count, moved occurrences do. As the calendar shows it, an event ends at a time of the day.
 * Throws with a sentence for people where the file cannot be understood.
 * @param zone of times that name none
 */
export function parseCalendar(text: string, zone: string): Calendar {
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown[]);
  if (calendar.name !== "vcalendar") throw new Error("it is no calendar");
  const components = calendar.getAllSubcomponents("vevent");
  for (const component of components) useKnownZones(component, zone);
  const moved = components.filter((component) => component.hasProperty("recurrence-id"));
  const events = components
    .filter((component) => !moved.includes(component) && counts(component))
    .map((component) => {
      const uid = component.getFirstPropertyValue("uid");
      const exceptions = moved.filter((other) => other.getFirstPropertyValue("uid") === uid);
      return new ICAL.Event(component, { exceptions });
    });
  return { windows: (span) => events.flatMap((event) => windowsOfEvent(event, span)) };
}

function windowsOfEvent(event: ICAL.Event, span: Span): OnAirWindow[] {
  if (!event.isRecurring()) {
    return within(span, [event], (one) => windowOf(one, one.startDate, one.endDate));
  }
  // A moved occurrence may be far from where it was: all of them are looked at first.
  const movedTo = Object.values(event.exceptions).filter(({ component }) => counts(component));
  const moved = movedTo.flatMap((one) =>
    within(span, [one], () => windowOf(one, one.startDate, one.endDate)),
  );
  const isMoved = (at: ICAL.Time) =>
    Object.values(event.exceptions).some(
      ({ recurrenceId }) => recurrenceId.toUnixTime() === at.toUnixTime(),
    );
  const lengthMs = event.duration.toSeconds() * 1_000;
  const starts = notOver(event.iterator(), { fromMs: span.fromMs, lengthMs });
  const regular = within(span, unmoved(starts, isMoved), (at) => {
    const details = event.getOccurrenceDetails(at) as { startDate: ICAL.Time; endDate: ICAL.Time };
    return windowOf(event, details.startDate, details.endDate);
  });
  return [...moved, ...regular];
}

function* unmoved(
  starts: Iterable<ICAL.Time>,
  isMoved: (at: ICAL.Time) => boolean,
): Iterable<ICAL.Time> {
  for (const start of starts) if (!isMoved(start)) yield start;
}

function windowOf(event: ICAL.Event, start: ICAL.Time, end: ICAL.Time): OnAirWindow {
  const startMs = start.toUnixTime() * 1_000;
  const name = event.summary as string | null;
  return {
    id: `${event.uid}@${startMs}`,
    ...(name !== null && name !== "" && { name: name.slice(0, 120) }),
    startMs,
    endMs: end.toUnixTime() * 1_000,
  };
}

function counts(component: ICAL.Component): boolean {
  const status = component.getFirstPropertyValue("status");
  const transparency = component.getFirstPropertyValue("transp");
  return status !== "CANCELLED" && transparency !== "TRANSPARENT";
}

/** Zones that this host knows need no VTIMEZONE, which files cut off or leave out. */
function useKnownZones(component: ICAL.Component, ownZone: string): void {
  for (const property of component.getAllProperties()) {
    const name = property.getParameter("tzid");
    const zone = zoneNamed(typeof name === "string" ? name : ownZone);
    if (!zone) continue;
    for (const value of property.getValues()) {
      if (value instanceof ICAL.Time && value.zone !== ICAL.Timezone.utcTimezone) value.zone = zone;
    }
  }
}
