import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Aedes } from "aedes";
import { afterEach, expect, test } from "vitest";
import { Facility, kill, until } from "./facility.ts";

let facility: Facility | undefined;
let closeBroker: (() => Promise<void>) | undefined;
afterEach(async () => {
  await facility?.close();
  await closeBroker?.();
});

/** Every packet that any client publishes, as one text. */
async function aListeningBroker(): Promise<{ url: string; said: () => string }> {
  const broker = await Aedes.createBroker();
  const heard: string[] = [];
  broker.on("publish", ({ topic, payload }) => void heard.push(`${topic} ${payload.toString()}`));
  const server = createServer(broker.handle);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closeBroker = async () => {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    server.close();
  };
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    said: () => heard.join("\n"),
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Fails at once: nobody listens there. */
const nobody = "127.0.0.1:9";
const pulls = {
  "by-srt": { kind: "srt", url: `srt://${nobody}`, passphrase: "file:CANARY" },
  "by-rtmp": {
    ...{ kind: "rtmp", url: `rtmp://${nobody}/live`, streamKey: "file:CANARY" },
    ...{ username: "me", password: "file:CANARY" },
  },
};

test("what an input is opened with shows nowhere, however the program ends", async () => {
  const broker = await aListeningBroker();
  const folder = mkdtempSync(join(tmpdir(), "understudy-canary-"));
  const canary = "canary-of-the-input-4711";
  writeFileSync(join(folder, "secret"), canary, { mode: 0o600 });
  const inputs = JSON.parse(
    JSON.stringify(pulls).replaceAll("CANARY", join(folder, "secret")),
  ) as typeof pulls;
  const boxes = Object.entries(inputs).map(
    ([id, input]) => [id, { driver: "ffmpeg" as const, config: { input } }] as const,
  );
  const site = await Facility.build({
    mqttUrl: broker.url,
    encoders: { ...Object.fromEntries(boxes), soft: { driver: "ffmpeg" } },
    stream: { autoStart: true },
  });
  facility = site;
  try {
    site.startDaemon();
    await site.untilOnAir("soft");
    for (const id of Object.keys(pulls)) {
      await until(`why ${id} ended`, () =>
        new RegExp(`encoder/${id}/state .*ffmpeg ended: [^"]*127.0.0.1:9`).test(broker.said()),
      );
    }
    await site.endDaemon();
    expect(broker.said()).not.toContain(canary);
    expect(site.log).not.toContain(canary);
    for (const file of filesBelow(site.stateDir)) {
      expect(readFileSync(file, "latin1").includes(canary), file).toBe(false);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 180_000);

test("the stream key shows in no log, no file of the daemon and no message, whatever fails", async () => {
  const broker = await aListeningBroker();
  const site = await Facility.build({
    mqttUrl: broker.url,
    encoders: { "helo-a": { driver: "aja-helo" }, "soft-b": { driver: "ffmpeg" } },
    stream: { autoStart: true },
  });
  facility = site;
  site.startDaemon();
  await site.untilOnAir("helo-a");
  site.helos["helo-a"]?.faults.refuseKey();
  await site.untilOnAir("soft-b");
  site.farEnd.block(site.streamKey(), true);
  kill(site.enginePid("soft-b"));
  await site.untilTold("stream.startFailed");
  await site.endDaemon();

  const key = site.streamKey();
  expect(broker.said()).toContain("stream.takingOver");
  expect(broker.said()).not.toContain(key);
  expect(site.log).toContain("stream.takingOver");
  expect(site.log).not.toContain(key);
  const files = filesBelow(site.stateDir).filter((file) => statSync(file).isFile());
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    expect(readFileSync(file, "latin1").includes(key), file).toBe(false);
  }
}, 180_000);
