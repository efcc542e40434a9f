import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { TrapOptions } from "../../daemon/drivers/shared/snmp/trap-options.ts";
import { openTraps } from "../../daemon/traps.ts";

const run = promisify(execFile);
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const box = (id: string, host: string) => ({ id, options: { host } });

async function aSite(
  options: object = {},
  boxes: object[] = [box("helo-1", "127.0.0.1")],
  more: { outlets?: object[]; storages?: object[] } = {},
) {
  const looked: string[] = [];
  const said: string[] = [];
  const log = {
    info: (_: object, text: string) => void said.push(text),
    warn: (_: object, text: string) => void said.push(text),
  };
  const traps = await openTraps({
    config: {
      traps: TrapOptions.parse({
        host: "127.0.0.1",
        port: 0,
        access: [{ version: "v2c", community: "traps" }],
        ...options,
      }),
      encoders: boxes as never,
      ...({ outlets: [], storages: [], ...more } as never as { outlets: []; storages: [] }),
    },
    log: log as never,
    pollSoon: (encoder) => void looked.push(encoder),
    lookSoon: (storage) => void looked.push(`storage ${storage}`),
  });
  opened.push(traps);
  return { traps, looked, said };
}

/** The real snmptrap of net-snmp. */
const snmptrap = (port: number | undefined, trap: string, community = "traps") =>
  run("snmptrap", ["-v2c", "-c", community, `127.0.0.1:${port}`, "", trap]);
const linkDown = "1.3.6.1.6.3.1.1.5.3";

describe("a trap sent by net-snmp", () => {
  test("from the address of a box has this box looked at", async () => {
    const { traps, looked, said } = await aSite({}, [
      box("helo-1", "127.0.0.1"),
      box("helo-2", "127.0.0.2"),
    ]);
    await snmptrap(traps.port, linkDown);
    await vi.waitFor(() => expect(looked).toEqual(["helo-1"]), 10_000);
    expect(said.at(-1)).toBe("helo-1 sent a trap, looking at it now");
  });

  test("with another community, or from an address that is nobody's, is not heard", async () => {
    const { traps, looked } = await aSite();
    const stranger = await aSite({}, [box("helo-2", "127.0.0.2")]);
    await snmptrap(traps.port, linkDown, "public");
    await snmptrap(stranger.traps.port, linkDown);
    // What is heard in order afterwards shows that the ones before were dropped.
    await snmptrap(traps.port, linkDown);
    await vi.waitFor(() => expect(looked).toEqual(["helo-1"]), 10_000);
    expect(stranger.looked).toEqual([]);
  });
});

test("from a PDU it has the boxes looked at that it powers, from a NAS the NAS", async () => {
  const powered = (id: string, outlet: string) => ({ ...box(id, "127.0.0.9"), outlet });
  const pdu = (id: string) => ({ id, options: { host: "127.0.0.1" } });
  const { traps, looked, said } = await aSite(
    {},
    [powered("helo-1", "rack-1"), powered("helo-2", "rack-2"), powered("helo-3", "elsewhere")],
    { outlets: [pdu("rack-1"), pdu("rack-2")], storages: [pdu("nas")] },
  );
  await snmptrap(traps.port, linkDown);
  await vi.waitFor(() => expect(looked).toHaveLength(3), 10_000);
  expect(looked.sort()).toEqual(["helo-1", "helo-2", "storage nas"]);
  expect(said).toContain("rack-1 sent a trap, looking at helo-1 now");
});

test("a box is also known by its name; one whose name leads nowhere is told of", async () => {
  const { traps, looked } = await aSite({}, [
    box("helo-1", "localhost"),
    box("helo-2", "no-such-box.invalid"),
  ]);
  await snmptrap(traps.port, linkDown);
  await vi.waitFor(() => expect(looked).toEqual(["helo-1"]), 10_000);
  expect(traps.warnings).toEqual([
    expect.stringMatching(/^traps of helo-2 are not heard: no-such-box.invalid has no address now/),
  ]);
});

test("a port that is taken is a warning, and the site goes on without traps", async () => {
  const taken = createSocket("udp4");
  taken.bind(0, "127.0.0.1");
  await once(taken, "listening");
  opened.push({ close: () => taken.close() });
  const { traps } = await aSite({ port: taken.address().port });
  expect(traps.warnings).toEqual([
    "traps are not heard: cannot listen (EADDRINUSE); boxes are asked at their usual pace",
  ]);
});

test("without a section traps nothing listens", async () => {
  const silent = { info: () => undefined, warn: () => undefined } as never;
  const traps = await openTraps({
    config: { encoders: [], outlets: [], storages: [] },
    log: silent,
    ...{ pollSoon: () => undefined, lookSoon: () => undefined },
  });
  expect(traps).toMatchObject({ port: undefined, warnings: [] });
});
