import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { loadSite } from "../../config/site.ts";
import { outputsOf, siteDrivers } from "../../daemon/drivers/options.ts";

type Given = Record<string, unknown>;

/** What a stream of these encoders is started with, and what is said of it. */
function load(encoders: Given[], stream: Given = {}, site: Given = {}, destination: Given = {}) {
  const folder = mkdtempSync(join(tmpdir(), "understudy-path-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [file, key] = [join(folder, "site.yaml"), join(folder, "key")];
  writeFileSync(key, "k\n", { mode: 0o600 });
  const end = (id: string) => ({
    ...{ id, address: "rtmp://far/live", streamKey: `file:${key}`, ...destination },
  });
  const written = {
    ...{ site: "studio", stateDir: folder, mqtt: { url: "mqtt://127.0.0.1:1" } },
    ingests: [{ id: "stage", kind: "testPattern" }],
    encoders,
    destinations: ["far", "other"].map(end),
    streams: [
      { id: "main", destination: "far", encoders: encoders.map(({ id }) => id), ...stream },
    ],
    ...site,
  };
  writeFileSync(file, stringify(written));
  const { config, said } = loadSite(file, siteDrivers, {}, outputsOf);
  return [config.streams.map(({ path }) => path).join(), said];
}

const onStage = (id: string, driver = "ffmpeg") => ({
  ...{ id, driver, input: { kind: "ingest", ingest: "stage" } },
});
const pattern = (id: string) => ({
  id,
  driver: "ffmpeg",
  source: "s",
  input: { kind: "testPattern" },
});
const helo = (id: string) => ({ id, driver: "aja-helo", host: `${id}.example.org`, source: "s" });
const relayed = [
  "relayed",
  ["main goes out through a relay, its encoders are programs; `path: direct` if it shall not"],
];
const direct = (why: string) => [
  "direct",
  [expect.stringContaining(`main goes out direct: ${why}`)],
];

test("programs go through a relay, boxes publish themselves, and the written word wins", () => {
  expect(load([onStage("a"), onStage("b")])).toEqual(relayed);
  expect(load([onStage("a", "gstreamer"), onStage("b")])).toEqual(relayed);
  expect(load([onStage("a", "auto"), onStage("b", "auto")])).toEqual(relayed);
  expect(load([helo("a"), helo("b")])).toEqual(["direct", []]);
  expect(load([{ ...onStage("a"), source: "s" }, helo("b")])).toEqual(["direct", []]);
  expect(load([onStage("a"), onStage("b")], { path: "direct" })).toEqual(["direct", []]);
  const relay = { path: "relayed", relay: { host: "192.0.2.1" } };
  expect(load([helo("a"), helo("b")], relay)).toEqual(["relayed", []]);
});

test("programs that a relay cannot take publish themselves, and it is said why", () => {
  expect(load([pattern("a"), pattern("b")])).toEqual(direct('the input of a is "testPattern"'));
  const pair = [onStage("a"), onStage("b")];
  const slower = { ...onStage("b"), video: { gopSeconds: 4 } };
  expect(load([onStage("a"), slower])).toEqual(direct("b has another video.gopSeconds"));
  expect(load(pair, { failback: "10min" })).toEqual(direct("failback is a time"));
  expect(load(pair, { encoders: ["a", { encoder: "b", level: "cold" }] })).toEqual(
    direct("level is not hot"),
  );
  const spare = { encoders: ["a", { encoder: "b", spare: true }] };
  expect(load(pair, spare)).toEqual(relayed);
  const twice = { takeover: "primaryBackup", backupAddress: "rtmp://far2/live" };
  expect(load(pair, {}, {}, twice)).toEqual(direct("path relayed is not built for two addresses"));
});

test("an encoder of two streams cannot run for both all the time: they go out direct", () => {
  const streams = ["far", "other"].map((destination) => ({
    ...{ id: destination, destination, encoders: ["a", "b"] },
  }));
  expect(load([onStage("a"), onStage("b")], {}, { streams })).toEqual([
    "direct,direct",
    ["far goes out direct: a is for other, too", "other goes out direct: a is for far, too"],
  ]);
});

test("a second stream of GStreamer needs ports of its own for its relay", () => {
  const encoders = ["a", "b"].map((id) => onStage(id, "gstreamer"));
  const streams = (more: Given) =>
    ["far", "other"].map((destination, at) => ({
      ...{ id: destination, destination, encoders: [encoders[at]!.id], ...(at === 1 && more) },
    }));
  expect(load(encoders, {}, { streams: streams({}) })).toEqual([
    "relayed,direct",
    [
      expect.stringContaining("far goes out through a relay"),
      expect.stringContaining(
        "other goes out direct: port leads to TCP 1940, at which streams[0] listens already",
      ),
    ],
  ]);
  expect(load(encoders, {}, { streams: streams({ relay: { port: 1950 } }) })[0]).toBe(
    "relayed,relayed",
  );
});
