import { catalogue } from "./parameters.ts";

type Event = { param_type: string; param_id: string; int_value?: number; str_value: string };
type Connection = { waiting: Event[]; answer: ((events: Event[]) => void) | undefined };

const types = new Map(catalogue.map(({ id, type }) => [id, type === "alarm" ? "data" : type]));

/** Event connections: a queue per client, kept between its waits, all gone at a reboot. */
export class EventConnections {
  readonly #waitMs: number;
  readonly #connections = new Map<string, Connection>();
  #next = 1;

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  connect(): string {
    const id = String(this.#next++);
    this.#connections.set(id, { waiting: [], answer: undefined });
    return id;
  }

  /** Settles at the next change or with `[]`; undefined when the id is not (or no longer) known. */
  wait(id: string): Promise<Event[]> | undefined {
    const connection = this.#connections.get(id);
    if (connection === undefined) return undefined;
    connection.answer?.([]);
    if (connection.waiting.length > 0) return Promise.resolve(connection.waiting.splice(0));
    return new Promise((resolve) => {
      const answer = (events: Event[]) => {
        clearTimeout(timer);
        connection.answer = undefined;
        resolve(events);
      };
      const timer = setTimeout(() => answer([]), this.#waitMs);
      connection.answer = answer;
    });
  }

  changed(id: string, value: string): void {
    const type = types.get(id) ?? "string";
    const number = type === "enum" || type === "integer" ? { int_value: Number(value) } : {};
    const event = { param_type: type, param_id: id, ...number, str_value: value };
    for (const connection of this.#connections.values()) {
      connection.waiting.push(event);
      const { answer } = connection;
      // Changes that belong together travel together.
      if (answer !== undefined) queueMicrotask(() => this.#deliver(connection));
    }
  }

  forgetAll(): void {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    for (const { answer } of connections) answer?.([]);
  }

  #deliver(connection: Connection): void {
    if (connection.waiting.length > 0) connection.answer?.(connection.waiting.splice(0));
  }
}
