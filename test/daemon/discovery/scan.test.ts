import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startHelo, type HeloOptions } from "../../fakes/helo/helo.ts";
import { startMagewell, type FakeMagewellOptions } from "../../fakes/magewell/magewell.ts";
import { startPearl, type FakePearlOptions } from "../../fakes/pearl/pearl.ts";
import { oid, startFakeAgent, text } from "../../fakes/snmp/agent.ts";
import { pduCommunity, startFakePdu, type PduFamily } from "../../fakes/snmp/pdu.ts";
import { startFakeSynology, synologyCommunity } from "../../fakes/snmp/synology.ts";
import { aHostileBox, insults } from "../drivers/hostile-box.ts";
import { aScan, http, snmp } from "./a-scan.ts";
import { slow } from "../../setup/slow.ts";

function closing<T extends { close(): Promise<void> }>(box: T): T {
  onTestFinished(() => box.close());
  return box;
}
const aHelo = async (options: Partial<HeloOptions> = {}) =>
  closing(await startHelo({ name: "Studio A", ...options }));
const aMagewell = async (options: Partial<FakeMagewellOptions> = {}) =>
  closing(await startMagewell({ name: "m", media: "pretend", ...options }));
const aPearl = async (options: Partial<FakePearlOptions> = {}) =>
  closing(await startPearl({ name: "p", media: "pretend", ...options }));

test("a HELO without a login tells its name, model, serial number and firmware", async () => {
  const helo = await aHelo();
  const { boxes, requests } = await aScan([http(helo.port)]);
  expect(boxes).toMatchObject([
    {
      ...{ driver: "aja-helo", certainty: "certain", login: "none", model: "HELO" },
      ...{ name: "Studio A", serialNumber: helo.serialNumber, firmware: "4.3.0.8-12r" },
    },
  ]);
  expect(requests).toBe(5);
});

test("a HELO Plus is told from a HELO", async () => {
  const helo = await aHelo({ model: "plus" });
  const { boxes } = await aScan([http(helo.port)]);
  expect(boxes).toMatchObject([{ driver: "aja-helo", model: "HELO Plus", certainty: "certain" }]);
  expect(boxes[0]!.untold.join()).toContain("its second stream");
});

test("a Ki Pro, which answers as a HELO does, is not taken for one", async () => {
  const kipro = await aHelo({ parameters: { ProductID: "Ki Pro Ultra" } });
  const { boxes, strangers } = await aScan([http(kipro.port)]);
  expect(boxes).toEqual([]);
  expect(strangers).toMatchObject([{ port: kipro.port }]);
});

test("a HELO that wants a login is only likely, is asked once, and no password is tried", async () => {
  const helo = await aHelo({ password: "password" });
  const { boxes, requests } = await aScan([http(helo.port)]);
  expect(boxes).toMatchObject([{ driver: "aja-helo", certainty: "likely", login: "wanted" }]);
  expect(boxes[0]!.untold.join()).toContain("Ki Pro");
  expect(requests).toBe(1);
});

test("a Magewell tells its model, or with a login only that it is one; nobody logs in", async () => {
  const [open, locked] = [await aMagewell(), await aMagewell({ password: "Admin" })];
  const { boxes } = await aScan([http(open.port), http(locked.port)]);
  const of = (port: number) => boxes.find((box) => box.port === port);
  expect(of(open.port)).toMatchObject({
    ...{ driver: "magewell", certainty: "certain", model: "Ultra Encode", firmware: "2.4.85" },
  });
  expect(of(locked.port)).toMatchObject({ certainty: "likely", login: "wanted" });
  expect([...open.methods, ...locked.methods]).not.toContain("login");
});

test("a Pearl is recognised with API v2.0, with older firmware, and behind a login", async () => {
  const boxes = [await aPearl(), await aPearl({ api: "legacy" }), await aPearl({ password: "x" })];
  const found = await aScan(boxes.map(({ port }) => http(port)));
  const words = boxes.map(({ port }) => {
    const box = found.boxes.find((b) => b.port === port);
    return [box?.driver, box?.certainty, box?.login].join(" ");
  });
  expect(words).toEqual([
    "epiphan-pearl certain none",
    "epiphan-pearl likely none",
    "epiphan-pearl likely wanted",
  ]);
  for (const { web } of boxes)
    expect(web.asked.every((line) => line.startsWith("GET "))).toBe(true);
});

test.each<[PduFamily, string, unknown[]]>([
  ["apc-1", "pdu-apc", [{ outlet: 3, generation: "first", expectedName: "HELO A" }]],
  ["apc-2", "pdu-apc", [{ outlet: 3, generation: "second", expectedName: "HELO A" }]],
  ["raritan", "pdu-raritan", [{ outlet: 3, expectedName: "HELO A" }]],
  ["sentry3", "pdu-sentry3", [{ outlet: "1.1.3", expectedName: "HELO A" }]],
])(
  "a PDU of the family %s is read, outlet by outlet, and never written",
  async (family, driver, keys) => {
    const index = family === "sentry3" ? "1.1.3" : "3";
    const pdu = closing(await startFakePdu({ family, outlets: [{ index, name: "HELO A" }] }));
    const { boxes } = await aScan([snmp(pdu.port)], { snmpAccess: pduCommunity });
    expect(boxes).toMatchObject([{ driver, section: "outlets" }]);
    expect(boxes[0]!.entries.map((entry) => entry.keys)).toEqual(keys);
    expect(pdu.orders).toEqual([]);
  },
);

test("a Synology is a storage", async () => {
  const volumes = [{ name: "Volume 1", status: 1, freeBytes: 5n, totalBytes: 9n }];
  const nas = closing(await startFakeSynology(volumes, []));
  const { boxes } = await aScan([snmp(nas.port)], { snmpAccess: synologyCommunity });
  expect(boxes).toMatchObject([{ driver: "synology", section: "storages" }]);
  expect(boxes[0]!.because).toContain("Volume 1");
});

const system = "1.3.6.1.2.1.1";

test("any other agent is only possible, and asked no table of another maker", async () => {
  const agent = closing(
    await startFakeAgent({
      access: [pduCommunity],
      tree: [
        [`${system}.1.0`, text("Some switch, 24 ports")],
        [`${system}.2.0`, oid("1.3.6.1.4.1.9.1.1")],
      ],
    }),
  );
  const { boxes, requests } = await aScan([snmp(agent.port)], { snmpAccess: pduCommunity });
  expect(boxes).toMatchObject([{ driver: "snmp", certainty: "possible" }]);
  expect(requests).toBe(1);
  expect(agent.asked).toHaveLength(1);
});

test("without a community or user that was given, no agent hears a word", async () => {
  const pdu = closing(
    await startFakeAgent({ access: [pduCommunity], tree: [[`${system}.1.0`, text("x")]] }),
  );
  const { boxes, requests } = await aScan([snmp(pdu.port)]);
  expect([boxes, requests, pdu.asked]).toEqual([[], 0, []]);
});

slow(
  "sixteen boxes that drip, lie, redirect or hang cost their own time and hide nobody",
  async () => {
    const hostile = await Promise.all(Object.values(insults).map((insult) => aHostileBox(insult)));
    const honest = await aMagewell();
    const answerWithinMs = 150;
    const began = performance.now();
    const { boxes, strangers } = await aScan(
      [...hostile.map(({ port }) => http(port)), http(honest.port)],
      { pace: { answerWithinMs } },
    );
    expect(boxes.map(({ port }) => port)).toEqual([honest.port]);
    expect(strangers.length).toBeGreaterThan(5);
    // Five questions each at most, whether the answer is refused or waited for; five times as generous.
    expect(performance.now() - began).toBeLessThan(hostile.length * 5 * answerWithinMs * 5);
    for (const { requests } of hostile) expect(requests()).toBeLessThanOrEqual(8);
  },
);

test("a redirect is not followed, and a box that is all redirects is a stranger", async () => {
  const asked: string[] = [];
  const web = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(302, { Location: "/trap" }).end();
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void web.close());
  const { port } = web.address() as AddressInfo;
  const { strangers } = await aScan([http(port)]);
  expect(strangers).toMatchObject([{ saw: "HTTP 302" }]);
  expect(asked).not.toContain("/trap");
  expect(asked).toHaveLength(5);
});

test("of a stranger it is said what its web server shows to people, and that it wants a login", async () => {
  const web = createServer((request, response) => {
    const headers = { Server: "Boa/0.94", "WWW-Authenticate": 'Basic realm="Printer"' };
    if (request.url !== "/") response.writeHead(401, headers).end();
    else response.writeHead(200, headers).end("<html><TITLE>Office\u001b[1m 4000</TITLE></html>");
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void web.close());
  const { strangers } = await aScan([http((web.address() as AddressInfo).port)]);
  expect(strangers).toMatchObject([
    { saw: 'HTTP 200, Boa/0.94, wants a login (Basic realm="Printer"), "Office [1m 4000"' },
  ]);
});

slow(
  "sixty addresses: never more than five connections, one per address, five requests each",
  async () => {
    const open = new Map<string, number>();
    const asked = new Map<string, number>();
    const methods = new Set<string>();
    let most = 0;
    let mostOfOne = 0;
    const web = createServer((request, response) => {
      const address = request.socket.localAddress ?? "";
      asked.set(address, (asked.get(address) ?? 0) + 1);
      methods.add(request.method ?? "");
      setTimeout(() => response.writeHead(404).end("<html>not here</html>"), 2);
    });
    web.on("connection", (socket) => {
      const address = socket.localAddress ?? "";
      open.set(address, (open.get(address) ?? 0) + 1);
      most = Math.max(
        most,
        [...open.values()].reduce((sum, n) => sum + n, 0),
      );
      mostOfOne = Math.max(mostOfOne, open.get(address)!);
      socket.on("close", () => open.set(address, open.get(address)! - 1));
    });
    await new Promise<void>((resolve) => web.listen(0, "0.0.0.0", resolve));
    onTestFinished(() => void web.close());
    const { port } = web.address() as AddressInfo;
    const addresses = Array.from({ length: 60 }, (_, at) => `127.9.0.${at + 1}`);

    const began = performance.now();
    const { requests, answering } = await aScan([http(port)], {
      addresses,
      pace: { atOnce: 4, perSecond: 100 },
    });
    // One that is being closed may still be counted beside the four.
    expect(most).toBeLessThanOrEqual(5);
    expect(mostOfOne).toBe(1);
    expect(new Set(asked.values())).toEqual(new Set([5]));
    expect([...methods]).toEqual(["GET"]);
    expect({ requests, answering }).toEqual({ requests: 300, answering: 60 });
    expect(performance.now() - began).toBeGreaterThan(580);
  },
);
