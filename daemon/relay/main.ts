/**
 * The relay of one stream: takes the transport streams of its encoders, and is the only one that
 * sends to its destinations. Started with the path of its settings.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { collect } from "./collect.ts";
import { runRelay } from "./relay.ts";
import { RelaySettings } from "./settings.ts";

/** Of two inputs of 6 Mbit/s 30 MB have come together by then. */
const collectEachMs = 20_000;

function fail(why: string): never {
  process.stderr.write(`understudy-relay: ${why}\n`);
  process.exit(1);
}

const [path] = process.argv.slice(2);
if (path === undefined) fail("it is given the path of its settings");
const settings = RelaySettings.safeParse(JSON.parse(readFileSync(path, "utf8")));
if (!settings.success) fail(z.prettifyError(settings.error));
// Nothing has to be brought to an end: what it knows is written with every frame.
process.on("SIGTERM", () => process.exit(0));
runRelay(settings.data, ({ message }) => fail(message));
setInterval(collect, collectEachMs);
