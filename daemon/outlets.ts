import type { Ask, Circuit } from "./circuit.ts";
import type { OutletDriver, OutletReading } from "./drivers/outlet.ts";
import { DriverError } from "./drivers/driver.ts";
import { setTimeout as pause } from "node:timers/promises";

/** One outlet that may be switched, with what is checked before and after. */
export type Outlet = {
  readonly id: string;
  /** Others on the network could forge its answers: said wherever a proof rests on it. */
  readonly isSpoofable: boolean;
  read(signal: AbortSignal): Promise<OutletReading>;
  /**
   * Resolves when the PDU was read back in the state asked for; `cycle` when it is on again.
   * Rejects with `notPossible` when the PDU names the outlet otherwise or has a command pending,
   * and with `timeout` when the state does not follow. Asking twice is harmless but for `cycle`.
   */
  turn(to: "on" | "off" | "cycle", signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

const lookEveryMs = 250;

/**
 * The rules of switching power, for every vendor: never the wrong outlet, never into a command
 * that is still under way, and never believed without a read-back.
 */
export function openOutlet(p: {
  id: string;
  /** As it must stand in the PDU: a plug moved by hand must not take down another box. */
  expectedName: string;
  driver: OutletDriver;
  circuit?: Circuit;
}): Outlet {
  const { id, driver, circuit } = p;
  const ask = <T>(work: () => Promise<T>, about: Ask<T>) =>
    circuit ? circuit.ask(work, about) : work();
  // A PDU is a small computer too: one question at a time.
  let tail: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = tail.then(work);
    tail = mine.catch(() => undefined);
    return mine;
  }

  async function check(about: Ask<OutletReading>): Promise<OutletReading> {
    const reading = await ask(() => driver.poll(about.signal), about);
    if (reading.name !== p.expectedName) {
      const found = reading.name === undefined ? "has no name" : `is named "${reading.name}"`;
      throw new DriverError(
        "notPossible",
        `outlet ${id} ${found} in its PDU, not "${p.expectedName}": it is not switched`,
      );
    }
    if (reading.commandPending) {
      throw new DriverError("notPossible", `outlet ${id} has a command under way in its PDU`);
    }
    return reading;
  }

  async function untilItIs(
    state: "on" | "off",
    about: Ask<OutletReading>,
    onTheWay = false,
  ): Promise<void> {
    const { signal } = about;
    for (;;) {
      const reading = await ask(() => driver.poll(signal), about);
      if (reading.state === state && (onTheWay || !reading.commandPending)) return;
      await pause(lookEveryMs, undefined, { signal }).catch(() => {
        throw new DriverError("timeout", `outlet ${id} was told ${state}, and is ${reading.state}`);
      });
    }
  }

  return {
    id,
    isSpoofable: driver.isSpoofable,
    read: (signal) => inTurn(() => ask(() => driver.poll(signal), { signal })),
    turn: (to, signal) =>
      inTurn(async () => {
        // Off is a fence and on a person's wish: only a repair can wait.
        const about = { signal, must: to !== "cycle" };
        const { state } = await check(about);
        if (to === state) return;
        // Off already, and asked to be off and on again: it only has to come on.
        const order = to === "cycle" && state === "off" ? "on" : to;
        await ask(() => driver.turn(order, signal), about);
        // A PDU leaves it off for 5 s at least, so that is seen.
        if (order !== "on") await untilItIs("off", about, order === "cycle");
        if (order !== "off") await untilItIs("on", about);
      }),
    close: () => driver.close(),
  };
}
