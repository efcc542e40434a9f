/** A PDU and the encoder that hangs on it: what fencing and repair over an outlet look like. */
import { afterEach, expect, test, vi } from "vitest";
import { openApcOutlet } from "../../../../daemon/drivers/pdu/pdu.ts";
import { ApcOptions } from "../../../../daemon/drivers/pdu/options.ts";
import { startHelo } from "../../../fakes/helo/helo.ts";
import { pduCommunity, startFakePdu } from "../../../fakes/snmp/pdu.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
const signal = () => AbortSignal.timeout(10_000);
const within = { timeout: 20_000, interval: 50 };

async function rack() {
  const helo = await startHelo({
    name: "HELO on outlet 7",
    timings: { bootMs: 300, initialiseMs: 100, powerUpActionMs: 60_000 },
  });
  const pdu = await startFakePdu({
    family: "apc-2",
    outlets: [{ index: "7", name: "HELO A" }],
    rebootMs: 400,
    onPower: (_index, on) => void (on ? helo.power.on() : helo.power.off()),
  });
  const place = { host: "127.0.0.1", port: pdu.port, access: pduCommunity };
  const outlet = openApcOutlet(ApcOptions.parse({ ...place, outlet: 7 }));
  opened.push(outlet, pdu, helo);
  return { helo, outlet };
}

test("a box on a switched-off outlet is off, and stays off until it is switched on", async () => {
  const { helo, outlet } = await rack();
  await outlet.turn("off", signal());
  expect(await outlet.poll(signal())).toMatchObject({ state: "off", name: "HELO A" });
  await vi.waitFor(() => expect(helo.power.state()).toBe("off"), within);
  await outlet.turn("on", signal());
  await vi.waitFor(() => expect(helo.power.state()).toBe("running"), within);
});

test("a box whose outlet is cycled boots, though nobody switches it on again", async () => {
  const { helo, outlet } = await rack();
  await outlet.turn("cycle", signal());
  await vi.waitFor(() => expect(helo.power.state()).toBe("off"), within);
  await vi.waitFor(() => expect(helo.power.state()).toBe("booting"), within);
  await vi.waitFor(() => expect(helo.power.state()).toBe("running"), within);
  expect((await outlet.poll(signal())).state).toBe("on");
});
