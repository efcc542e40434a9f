import { createSocket } from "node:dgram";
import snmp from "net-snmp";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { SnmpAccess } from "../../../../../daemon/drivers/shared/snmp/access.ts";
import { userOf } from "../../../../../daemon/drivers/shared/snmp/net-snmp.ts";
import { TrapOptions } from "../../../../../daemon/drivers/shared/snmp/trap-options.ts";
import {
  isRestart,
  openTrapReceiver,
  trapNames,
} from "../../../../../daemon/drivers/shared/snmp/traps.ts";
import { slow } from "../../../../setup/slow.ts";

const community: SnmpAccess = { version: "v2c", community: "traps" };
const user = {
  version: "v3",
  user: "sender",
  authProtocol: "sha256",
  authPassword: "trap auth password",
  privProtocol: "aes",
  privPassword: "trap priv password",
} satisfies SnmpAccess;
const coldStart = "1.3.6.1.6.3.1.1.5.1";
const linkDown = "1.3.6.1.6.3.1.1.5.3";

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function receiver(sources = ["127.0.0.1"], debounceMs = 150) {
  const hints: [string, string][] = [];
  const options = TrapOptions.parse({
    host: "127.0.0.1",
    port: 0,
    access: [community, user],
    debounceMs,
  });
  const traps = await openTrapReceiver(options, sources, (...hint) => void hints.push(hint));
  opened.push(traps);
  return { hints, port: traps.port };
}

type Kind = "v1" | "v2c" | "v3" | "inform";

function sender(kind: Kind, port: number, name = "traps", sourceAddress = "127.0.0.1") {
  const options = { trapPort: port, retries: 0, timeout: 2_000, sourceAddress };
  const session =
    kind === "v3"
      ? snmp.createV3Session(
          "127.0.0.1",
          userOf({ ...user, user: name === "traps" ? "sender" : name }),
          options,
        )
      : snmp.createSession("127.0.0.1", name, {
          ...options,
          version: kind === "v1" ? snmp.Version1 : snmp.Version2c,
        });
  opened.push(session);
  session.on("error", () => undefined);
  return (typeOrOid: number | string) =>
    new Promise<Error | null>((resolve) => {
      if (kind === "inform") session.inform(typeOrOid, resolve);
      else session.trap(typeOrOid, resolve);
    });
}

describe("a trap", () => {
  test.each<Kind>(["v1", "v2c", "v3", "inform"])(
    "of %s is a hint to look at its sender",
    async (kind) => {
      const { hints, port } = await receiver();
      expect(await sender(kind, port)(snmp.TrapType.LinkDown)).toBeNull();
      await vi.waitFor(() => expect(hints).toEqual([["127.0.0.1", linkDown]]), 5_000);
    },
  );

  test("of the vendor's own kind keeps its number in v1 as in v2c", async () => {
    const { hints, port } = await receiver();
    await sender("v1", port)("1.3.6.1.4.1.318.0.36");
    await vi.waitFor(() => expect(hints).toHaveLength(1), 5_000);
    expect(hints[0]?.[1]).toMatch(/^1\.3\.6\.1\.4\.1\.318\.0.*\.36$/);
  });

  test("of an address that is not configured is not heard", async () => {
    const { hints, port } = await receiver(["127.0.0.2"]);
    await sender("v2c", port)(snmp.TrapType.ColdStart);
    await sender("v2c", port, "traps", "127.0.0.2")(snmp.TrapType.LinkDown);
    await vi.waitFor(() => expect(hints).toEqual([["127.0.0.2", linkDown]]), 5_000);
  });

  test.each<Kind>(["v2c", "v3"])(
    "with a name that is not configured is not heard (%s)",
    async (kind) => {
      const { hints, port } = await receiver();
      await sender(kind, port, "stranger")(snmp.TrapType.LinkDown);
      await sender("v2c", port)(snmp.TrapType.ColdStart);
      await vi.waitFor(() => expect(hints).toEqual([["127.0.0.1", coldStart]]), 5_000);
    },
  );

  slow("that comes in a burst is a hint at once, and one more at the end of it", async () => {
    const { hints, port } = await receiver(["127.0.0.1"], 400);
    const send = sender("v2c", port);
    for (let count = 0; count < 10; count += 1) await send(snmp.TrapType.LinkDown);
    await vi.waitFor(() => expect(hints).toHaveLength(1), 5_000);
    await vi.waitFor(() => expect(hints).toHaveLength(2), 5_000);
    await new Promise((done) => setTimeout(done, 1_000));
    expect(hints).toHaveLength(2);
  });

  test("of another kind is not lost in the burst: a restart is worth counting", async () => {
    const { hints, port } = await receiver(["127.0.0.1"], 1_000);
    const send = sender("v2c", port);
    await send(snmp.TrapType.LinkDown);
    await send(snmp.TrapType.LinkDown);
    await send(snmp.TrapType.ColdStart);
    await vi.waitFor(() => expect(hints.map(([, oid]) => oid)).toContain(coldStart), 5_000);
    expect(hints.map(([, oid]) => [trapNames.get(oid), isRestart(oid)])).toContainEqual([
      "coldStart",
      true,
    ]);
    expect(isRestart(linkDown)).toBe(false);
  });

  test("is still heard after noise, and a flood is cut off", async () => {
    const { hints, port } = await receiver(["127.0.0.1"], 60_000);
    const udp = createSocket("udp4");
    opened.push(udp);
    const noise = ["", "30", "3003020101", "<html>", "30820000", "ff".repeat(200)];
    for (const hex of noise) udp.send(Buffer.from(hex, "hex"), port, "127.0.0.1");
    await sender("v2c", port)(snmp.TrapType.ColdStart);
    await vi.waitFor(() => expect(hints).toEqual([["127.0.0.1", coldStart]]), 5_000);
    const send = sender("v2c", port);
    for (let kind = 0; kind < 200; kind += 1) await send(`1.3.6.1.4.1.99999.0.${kind}`);
    expect(hints.length).toBeLessThanOrEqual(16);
  });
});
