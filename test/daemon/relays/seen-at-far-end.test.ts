import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { parseConfig } from "../../../config/load.ts";
import { siteFormat } from "../../../config/site.ts";
import type { SiteConfig } from "../../../config/site.schema.ts";
import type { EncoderReport, Step } from "../../../daemon/commissioning/report.ts";
import { farEndOf, noteSeen, seenAtFarEnd } from "../../../daemon/commissioning/seen-at-far-end.ts";
import { allVendors, vendors } from "../../../daemon/drivers/index.ts";
import { planOf } from "../../../daemon/plan.ts";
import { fallBackWarnings, withRelays } from "../../../daemon/relays/with-relays.ts";

const far = "rtmp://far.example.org/live";

function aStateDir(): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-seen-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function aReport(encoder: string, outcome: Step["outcome"], address = far): EncoderReport {
  const start: Step = { step: "start", outcome, because: "a test", figures: [], notes: [] };
  return { encoder, driver: "aja-helo", farEnd: farEndOf(address), steps: [start] };
}

test("a box was seen at a far end when it was on air there, until it is tried again in vain", () => {
  const stateDir = aStateDir();
  const isSeen = (address: string) => seenAtFarEnd(stateDir)("a", address);
  expect(isSeen(far)).toBe(false);
  noteSeen(stateDir, [aReport("a", "done"), aReport("b", "failed")]);
  expect(isSeen(far)).toBe(true);
  expect(seenAtFarEnd(stateDir)("b", far)).toBe(false);
  // The way to it is the same for another key there, and another for another port or another host.
  expect(isSeen("rtmp://far.example.org/test")).toBe(true);
  expect(isSeen("rtmp://far.example.org:1936/live")).toBe(false);
  expect(isSeen("rtmps://far.example.org/live")).toBe(false);
  noteSeen(stateDir, [aReport("a", "skipped")]);
  expect(isSeen(far)).toBe(true);
  noteSeen(stateDir, [aReport("a", "done", "srt://other.example.org:9000")]);
  expect(isSeen(far)).toBe(true);
  noteSeen(stateDir, [aReport("a", "failed")]);
  expect(isSeen(far)).toBe(false);
  expect(isSeen("srt://other.example.org:9000")).toBe(true);
});

test("what cannot be read was not seen, and what is kept holds no key", () => {
  const stateDir = aStateDir();
  const file = join(stateDir, "seen-at-far-end.json");
  noteSeen(stateDir, [aReport("a", "done", "rtmp://someone:secret@far.example.org/live")]);
  expect(readFileSync(file, "utf8")).not.toContain("secret");
  for (const text of ["", "{", "[]", '{"a": 1}']) {
    writeFileSync(file, text);
    expect(seenAtFarEnd(stateDir)("a", far)).toBe(false);
  }
});

/** Two boxes that feed a relay, as the daemon lays them out. */
function aRelayedSite(stateDir: string) {
  const schemas = Object.fromEntries(Object.entries(vendors).map(([n, v]) => [n, v.options]));
  const text = stringify({
    ...{ site: "studio", mqtt: { url: "mqtt://127.0.0.1:1" } },
    encoders: ["a", "b"].map((id) => ({
      id,
      driver: "aja-helo",
      source: "camera",
      host: `${id}.example.org`,
    })),
    destinations: [{ id: "far", address: far, streamKey: "credential:k" }],
    streams: [
      {
        ...{ id: "main", destination: "far", encoders: ["a", "b"], path: "relayed" },
        relay: { host: "192.0.2.5" },
      },
    ],
  });
  const { config } = parseConfig("site.yaml", text, siteFormat({ encoders: schemas }));
  const written = { ...config, stateDir } satisfies SiteConfig;
  const laidOut = withRelays(written, vendors, () => "k", { RUNTIME_DIRECTORY: stateDir });
  const plan = planOf(laidOut.config, allVendors, new Set(), laidOut.relays);
  const main = plan.streams.find(({ id }) => id === "main")!;
  const boxes = plan.encoders.filter(({ vendor }) => vendor === "aja-helo");
  return {
    directly: main.relay!.directly,
    ownSelfStart: boxes.map(({ ownSelfStart }) => ownSelfStart),
    warnings: fallBackWarnings(laidOut.relays),
  };
}

test("only who was seen there may go on without the relay, and starts nothing by itself then", () => {
  const stateDir = aStateDir();
  expect(aRelayedSite(stateDir)).toEqual({
    directly: undefined,
    ownSelfStart: [false, false],
    warnings: [
      "main: when its relay cannot be kept up nothing falls back to path direct, and a person is called; `understudy commission --rehearse` has not seen a, b reach its far end",
    ],
  });
  noteSeen(stateDir, [aReport("b", "done")]);
  expect(aRelayedSite(stateDir)).toEqual({
    directly: [{ encoder: "b", output: "stream-1" }],
    ownSelfStart: [false, true],
    warnings: [
      "main: when its relay cannot be kept up only b can publish in its place; `understudy commission --rehearse` has not seen a reach its far end",
    ],
  });
  noteSeen(stateDir, [aReport("a", "done")]);
  expect(aRelayedSite(stateDir)).toMatchObject({
    directly: [{ encoder: "a" }, { encoder: "b" }],
    ...{ ownSelfStart: [true, true], warnings: [] },
  });
});
