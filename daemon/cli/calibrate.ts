import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { relayModeOf } from "../../config/relayed.ts";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { vendors } from "../drivers/index.ts";
import { writeLatencies } from "../relay/latencies.ts";
import { RelaySettings } from "../relay/settings.ts";
import { latenciesFile, relaysFolder } from "../relays/with-relays.ts";
import { laterMs, listenTo } from "../relays/measure-latency.ts";
import { flagsOf, type Io, numberFlag } from "./io.ts";
import { readSite } from "./site-file.ts";

const usage = `understudy calibrate: how much later one encoder of a relayed stream is than the other

  understudy calibrate --config site.yaml --stream main

Listens to what the encoders bring to the relay and compares how loud it is. The relay goes by what was
found from then on: a switch between those that are not equally fast loses and repeats nothing. It
needs sound with pauses, such as a voice. Nothing on air is touched; the daemon may run.

  --config FILE   site configuration             (/etc/understudy/site.yaml)
  --stream ID     only this one
  --seconds N     how long to listen, 5 to 120   (20)
`;
const flags = {
  config: { type: "string", default: "/etc/understudy/site.yaml" },
  stream: { type: "string" },
  seconds: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** @returns 0 when all were measured, 1 when one could not be */
export async function calibrate(args: string[], io: Io): Promise<number> {
  const { values } = flagsOf(args, flags, usage);
  if (values.help) {
    io.out(usage);
    return exitCode.done;
  }
  const seconds = numberFlag("seconds", values.seconds, { least: 5, most: 120, usual: 20 });
  const { config } = readSite(values.config, io.env);
  const pushes = (id: string) =>
    vendors[config.encoders.find((box) => box.id === id)?.driver ?? ""]?.feedsRelay === "push";
  const held = config.streams.filter(({ path, relay, encoders }) => {
    const somePush = encoders.some(({ encoder }) => pushes(encoder));
    return path === "relayed" && relayModeOf(relay.mode, somePush) !== "gop-atomic";
  });
  const chosen = held.filter(({ id }) => values.stream === undefined || id === values.stream);
  if (chosen.length === 0) {
    const known = held.map(({ id }) => id).join(", ") || "none";
    throw new Ending(
      exitCode.notFound,
      `no such stream whose encoders differ; there are: ${known}`,
    );
  }
  let failed = 0;
  for (const { id } of chosen) {
    try {
      const found = await measured(join(relaysFolder(config.stateDir), id), seconds, io);
      io.out(`${id}: ${found}\n`);
    } catch (error) {
      if (io.signal.aborted) return exitCode.interrupted;
      failed++;
      io.tell(`${id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failed > 0 ? exitCode.failed : exitCode.done;
}

async function measured(folder: string, seconds: number, { signal, tell }: Io): Promise<string> {
  let settings: RelaySettings;
  try {
    settings = RelaySettings.parse(JSON.parse(readFileSync(join(folder, "settings.json"), "utf8")));
  } catch {
    throw new Error("its relay has not run yet");
  }
  const { inputs } = settings;
  tell(`listening to ${inputs.map(({ id }) => id).join(" and ")} for ${seconds} s`);
  const [first, ...others] = await listenTo(inputs, seconds * 1_000, signal);
  const later = [first!, ...others].map((heard) => ({
    id: heard.id,
    ms: heard === first ? 0 : laterMs(first!, heard),
  }));
  const earliest = Math.min(...later.map(({ ms }) => ms));
  const latencies = Object.fromEntries(later.map(({ id, ms }) => [id, Math.round(ms - earliest)]));
  writeLatencies(settings.latenciesPath ?? latenciesFile(dirname(settings.controlPath)), latencies);
  return Object.entries(latencies)
    .map(([id, ms]) => `${id} ${ms === 0 ? "is the earliest" : `is ${ms} ms later`}`)
    .join(", ");
}
