import type { Alarms } from "./alarms.ts";
import type { Parameters } from "./parameters.ts";

/** An entry of the box's calendar, by the device's clock. */
export type CalendarEvent = { startsAtMs: number; endsAtMs: number };

export type SchedulerContext = {
  parameters: Parameters;
  alarms: Alarms;
  now: () => number;
  command: (command: number) => void;
};

/** Starts and stops by calendar while `SchedulerEnabled` is 1. */
export class Scheduler {
  readonly #box: SchedulerContext;
  #calendar: CalendarEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #acting = false;

  constructor(box: SchedulerContext) {
    this.#box = box;
  }

  add(event: CalendarEvent): void {
    this.#calendar.push(event);
    this.review();
  }

  clearCalendar(): void {
    this.#calendar = [];
    this.review();
  }

  /** True while an event runs and the scheduler is enabled. */
  eventActive(): boolean {
    const now = this.#box.now();
    const enabled = this.#box.parameters.read("SchedulerEnabled") === "1";
    return (
      enabled && this.#calendar.some((event) => event.startsAtMs <= now && now < event.endsAtMs)
    );
  }

  /** After a boot an event that runs is started again, but by {@link review} and not here. */
  powerUp(): void {
    this.#acting = false;
    this.#wake();
  }

  /** Acts when an event has begun or ended since the last look. */
  review(): void {
    const { parameters, alarms, command } = this.#box;
    const active = this.eventActive();
    if (active !== this.#acting) {
      this.#acting = active;
      const activity = parameters.number("SchedulerActivity");
      if (active) alarms.raise("Scheduled_Event_Active_Alarm");
      else alarms.clear("Scheduled_Event_Active_Alarm");
      if (activity !== 2) command(active ? 1 : 2);
      if (activity !== 1) command(active ? 3 : 4);
    }
    this.#wake();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #wake(): void {
    clearTimeout(this.#timer);
    const now = this.#box.now();
    const edges = this.#calendar.flatMap((event) => [event.startsAtMs, event.endsAtMs]);
    const next = Math.min(...edges.filter((atMs) => atMs > now));
    const starts = this.#calendar.map(({ startsAtMs }) => startsAtMs);
    const nextStart = Math.min(...starts.filter((atMs) => atMs > now));
    // How a real unit writes it is not recorded.
    const text = Number.isFinite(nextStart) ? new Date(nextStart).toISOString().slice(0, 19) : "";
    this.#box.parameters.write("SchedulerNextEvent", text);
    if (Number.isFinite(next)) {
      const waitMs = Math.min(next - now + 1, 2 ** 31 - 1);
      this.#timer = setTimeout(() => this.review(), waitMs);
    }
  }
}
