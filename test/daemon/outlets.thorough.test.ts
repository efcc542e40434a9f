import { expect, test } from "vitest";
import type { OutletDriver, OutletReading } from "../../daemon/drivers/outlet.ts";
import { openOutlet } from "../../daemon/outlets.ts";
import { slow } from "../setup/slow.ts";

const soon = () => AbortSignal.timeout(5_000);

/** A PDU with one outlet that follows its orders after a moment. */
function aPdu(at: Partial<OutletReading> & { obeys?: boolean } = {}) {
  const { obeys = true, ...reading } = at;
  const now: OutletReading = { state: "on", name: "helo-a", commandPending: false, ...reading };
  const orders: string[] = [];
  const driver: OutletDriver = {
    isSpoofable: true,
    poll: async () => ({ ...now }),
    async turn(to) {
      orders.push(to);
      if (!obeys) return;
      now.commandPending = true;
      setTimeout(() => {
        now.state = to === "on" ? "on" : "off";
        now.commandPending = to === "cycle";
        if (to !== "cycle") return;
        setTimeout(() => Object.assign(now, { state: "on", commandPending: false }), 600);
      }, 100);
    },
    close: async () => {},
  };
  return { orders, now, outlet: openOutlet({ id: "pdu-1", expectedName: "helo-a", driver }) };
}

test("an outlet is off when the PDU was read back as off", async () => {
  const { outlet, orders, now } = aPdu();
  await outlet.turn("off", soon());
  expect(now).toMatchObject({ state: "off", commandPending: false });
  await outlet.turn("off", soon());
  expect(orders).toEqual(["off"]);
});

test("an outlet with another name in the PDU is never switched", async () => {
  const moved = aPdu({ name: "core-switch" });
  await expect(moved.outlet.turn("off", soon())).rejects.toThrow(
    'outlet pdu-1 is named "core-switch" in its PDU, not "helo-a": it is not switched',
  );
  const { name: _, ...nameless } = aPdu().now;
  const unknown = aPdu();
  Object.assign(unknown.now, { ...nameless, name: undefined });
  await expect(unknown.outlet.turn("off", soon())).rejects.toThrow("has no name");
  expect([...moved.orders, ...unknown.orders]).toEqual([]);
});

test("nothing is asked of an outlet while a command is pending in its PDU", async () => {
  const { outlet, orders } = aPdu({ commandPending: true });
  await expect(outlet.turn("off", soon())).rejects.toThrow("has a command under way");
  expect(orders).toEqual([]);
});

slow("a PDU that says yes and does nothing has proven nothing", async () => {
  const { outlet } = aPdu({ obeys: false });
  await expect(outlet.turn("off", AbortSignal.timeout(600))).rejects.toMatchObject({
    code: "timeout",
    message: "outlet pdu-1 was told off, and is on",
  });
});

test("a power cycle is over when the outlet was seen off and is on again", async () => {
  const { outlet, orders, now } = aPdu();
  const seen: string[] = [];
  const watching = setInterval(() => seen.push(now.state), 20);
  await outlet.turn("cycle", soon());
  clearInterval(watching);
  expect(orders).toEqual(["cycle"]);
  expect(now.state).toBe("on");
  expect(seen).toContain("off");
});

test("an outlet that is off already is only turned on by a power cycle", async () => {
  const { outlet, orders } = aPdu({ state: "off" });
  await outlet.turn("cycle", soon());
  expect(orders).toEqual(["on"]);
});

slow("two orders at once are carried out one after the other", async () => {
  const { outlet, orders, now } = aPdu();
  await Promise.all([outlet.turn("off", soon()), outlet.turn("on", soon())]);
  expect(orders).toEqual(["off", "on"]);
  expect(now.state).toBe("on");
});
