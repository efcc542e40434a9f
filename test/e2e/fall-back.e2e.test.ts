/** A relay that dies again and again: boxes that were seen at the far end go on without it. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { Facility, kill, until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { incidents } from "./off-air.ts";

let facility: Facility;
let hub: Hub;
afterEach(async () => {
  await facility.close();
  await hub.close();
});

/** Two boxes that are simulated and really encode take a while on a host that is busy. */
const patienceMs = 150_000;
const program = new URL("../../dist/understudy.js", import.meta.url).pathname;

async function commission(...args: string[]): Promise<number | null> {
  const all = ["commission", "--config", facility.configFile, "--quiet", ...args];
  const child = spawn(process.execPath, [program, ...all], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(said);
  return code;
}

/** Two boxes that push to the relay of this host. */
async function aRelayedPair(): Promise<void> {
  hub = await Hub.start();
  const timings = {
    ...{ streamStartMs: 200, streamStopMs: 200, recoverMs: 1_000, unreachableMs: 2_000 },
    ...{ sendStallMs: 3_000, bootMs: 2_000, initialiseMs: 500, powerUpActionMs: 500 },
    rebootMs: 3_000,
  };
  const helo = { driver: "aja-helo" as const, timings, polling: { normal: "1s" } };
  facility = await Facility.build({
    encoders: { a: { ...helo, picture: { gopS: 1 } }, b: { ...helo, picture: { gopS: 1 } } },
    stream: { path: "relayed", relay: { host: "127.0.0.1", port: await freePort() } },
    encoder: { requestTimeout: "10s" },
    destination: { deviceRetryPeriod: "1s" },
    farEnd: { behaviour: "refuseSecond" },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
}

function relayPid(): number | undefined {
  const file = join(facility.stateDir, "relays/main/engines/relay/pid");
  try {
    return Number(readFileSync(file, "utf8").split(" ")[1]);
  } catch {
    return undefined; // it is being started
  }
}

/** From now on no relay lives for long. @returns ends it */
function keepKillingRelay(): () => void {
  const relays = join(facility.stateDir, "relays/main");
  const killing = setInterval(() => {
    const pid = relayPid();
    if (pid === undefined || Number.isNaN(pid)) return;
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(relays)) kill(pid);
    } catch {
      // gone already
    }
  }, 50);
  onTestFinished(() => clearInterval(killing));
  return () => clearInterval(killing);
}

test("commissioned boxes go on without a relay that keeps dying, and a person returns them to it", async () => {
  await aRelayedPair();
  await commission("--rehearse", "--confirm", "far");
  facility.startDaemon();
  await facility.untilTold("stream.onAir", undefined, patienceMs);
  expect(facility.log).not.toContain("when its relay cannot be kept up");

  const stopKilling = keepKillingRelay();
  const fell = await facility.untilTold("stream.fellBack", undefined, patienceMs);
  expect(fell.message).toContain("it goes on on path direct with a or b");
  const carrier = await until(
    "a box is on air itself",
    () => {
      const who = facility.onAir();
      return who === "a" || who === "b" ? who : undefined;
    },
    patienceMs,
  );
  const incident = await until(
    "its incident is over",
    () =>
      incidents(facility).find(
        ({ cause, outcome }) => cause === "relayDown" && outcome === "tookOver",
      ),
    patienceMs,
  );
  expect(incident).toMatchObject({ to: carrier, certificate: { encoder: "main-relay" } });
  expect(incident.offAirMs).toBeGreaterThan(0);
  stopKilling();
  await until("the hub shows the path", async () => {
    const { path, relay } = await hub.get("/api/streams/main");
    const { health, fellBack } = (relay ?? {}) as { health?: string; fellBack?: object | null };
    return path === "direct" && health === "off" && fellBack != null;
  });

  const { id, status } = await hub.command("streams/main", "return");
  // The hub's answer does not wait for as long as a busy host may take.
  expect(status).toMatch(/^(accepted|done)$/);
  await facility.untilTold("command.done", ({ data }) => data["command"] === id, patienceMs);
  await facility.untilOnAir("main-relay");
  expect(facility.overlapMs()).toBe(0);
}, 600_000);
