import { DriverError, type PublishTarget } from "../driver.ts";
import { sameAddress, targetAt } from "../shared/address.ts";
import { pause } from "../shared/pause.ts";
import { rtmpPublishersOf, type PublisherSettings } from "./answers.ts";
import {
  liveOf,
  ownPublishers,
  pathOf,
  placeOf,
  readPublishers,
  readSettings,
  streamOutput,
  type Place,
  type Unit,
} from "./unit.ts";

/** Between two looks while the box is stopping. */
const stopLookMs = 250;

export function refuseOtherOutputs({ where }: Unit, output: string): void {
  if (output === streamOutput) return;
  throw new DriverError("notPossible", `${where} has no output ${output} to start or stop`);
}

/**
 * Be publishing to `target`. What the box holds is read from the box, never assumed. Resolves when
 * it took the command (it works asynchronously); that it streams is for the poll to see.
 */
export async function startOutput(
  unit: Unit,
  output: string,
  target: PublishTarget,
  signal: AbortSignal,
): Promise<void> {
  const { api, memory, where, options } = unit;
  refuseOtherOutputs(unit, output);
  memory.accept(where, target);
  const publisher = await publisherFor(unit, target, signal);
  const place = placeOf(options, publisher);
  const publishers = await readPublishers(unit, signal);
  if (!publishers.some(({ id }) => id === publisher))
    throw new DriverError("notPossible", `${where} has no publisher ${place}`);
  const { stream, destination, keyGeneration } = target;
  const run = { stream, destination, keyGeneration, place, seenStreaming: false };
  const isWritten =
    options.publishers !== undefined || holds(await rtmpSettings(unit, place, signal), target);
  const { state } = liveOf(publishers, [publisher], false);
  if (isWritten && state === "streaming") return memory.running(run);

  // Whether a publisher that runs takes a new address is not known, so it is stopped first. Where
  // each destination has its own, all of them are: the programme goes to one place.
  const own = ownPublishers(options);
  if (liveOf(publishers, own, false).state !== "idle") await stopPublishers(unit, own, signal);
  await memory.starting(run);
  if (!isWritten) await writeAddress(unit, place, target, signal);
  unit.wasConnected = false;
  unit.pendingStart.sent();
  await api.command("POST", `${pathOf(place)}/control/start`, undefined, signal);
}

async function publisherFor(
  { api, options, where }: Unit,
  { destination }: PublishTarget,
  signal: AbortSignal,
): Promise<string> {
  if (options.publishers) {
    const publisher = options.publishers[destination];
    if (publisher !== undefined) return publisher;
    throw new DriverError("notPossible", `${where} has no publisher set up for ${destination}`);
  }
  if ((await api.version(signal)) === "v2.0") return options.publisher;
  const why = "its firmware has no API v2.0 to write an address with; configure `publishers`";
  throw new DriverError("notPossible", `${where}: ${why}`);
}

async function rtmpSettings(unit: Unit, place: Place, signal: AbortSignal) {
  const settings = await readSettings(unit, place, signal);
  if (settings.type === "rtmp") return settings;
  throw new DriverError("notPossible", `publisher ${place} of ${unit.where} is not an RTMP one`);
}

type Destination = Pick<PublishTarget, "address" | "streamKey">;

function holds({ url = "", stream }: PublisherSettings, { address, streamKey }: Destination) {
  return sameAddress(url, address) && stream === streamKey;
}

/** Puts address and key into a publisher (documented in the vendor's API), reads them back. */
async function writeAddress(
  unit: Unit,
  place: Place,
  { address, streamKey }: Destination,
  signal: AbortSignal,
): Promise<void> {
  unit.settings.forget();
  const body = { rtmp: { url: address, stream: streamKey } };
  await unit.api.command("PATCH", `${pathOf(place)}/settings`, body, signal);
  const written = await readSettings(unit, place, signal);
  if (place === placeOf(unit.options, unit.options.publisher)) unit.settings.note(written);
  if (holds(written, { address, streamKey })) return;
  throw new DriverError("failed", `${unit.where} did not take the new address of ${place}`);
}

/**
 * Be idle. With `forgetKey` no publisher of the box holds a key of ours afterwards. Where they were
 * set up by hand that cannot be: the publisher is stopped, and the call says `notPossible`.
 */
export async function stopOutput(
  unit: Unit,
  output: string,
  forgetKey: boolean,
  signal: AbortSignal,
): Promise<void> {
  refuseOtherOutputs(unit, output);
  unit.timesTakenOff += 1;
  await stopPublishers(unit, ownPublishers(unit.options), signal);
  await unit.memory.running(undefined);
  if (!forgetKey || (await forgetKeys(unit, signal))) return;
  const why = "its publishers were set up by hand, so the keys stay in the box";
  throw new DriverError("notPossible", `${unit.where} is stopped, but ${why}`);
}

/** @returns whether no publisher holds a key of ours any more, all read back */
export async function forgetKeys(unit: Unit, signal: AbortSignal): Promise<boolean> {
  const { api, options, memory, where } = unit;
  if (options.publishers || (await api.version(signal)) === "legacy") return false;
  const own = placeOf(options, options.publisher);
  const held = await placesWithKeys(unit, signal);
  for (const place of new Set([own, ...held])) {
    const { url, stream } = await rtmpSettings(unit, place, signal);
    if (url !== "" || stream !== "")
      await writeAddress(unit, place, { address: "", streamKey: "" }, signal);
  }
  const left = await placesWithKeys(unit, signal);
  if (left.length > 0)
    throw new DriverError("failed", `${where} still holds a key in publisher ${left.join()}`);
  await memory.keyForgotten();
  return true;
}

/** Publishers of any channel that hold an address and key of ours, or were once given one. */
async function placesWithKeys(unit: Unit, signal: AbortSignal): Promise<Place[]> {
  const { api, where, context, memory } = unit;
  const all = rtmpPublishersOf(await api.read("/channels?publishers=yes", signal));
  if (!all) throw new DriverError("malformed", `${where} gave no proper list of its channels`);
  const places: Place[] = [];
  for (const [channel, publisher] of all) {
    const place = `${channel}/${publisher}`;
    const { type, url = "", stream = "" } = await readSettings(unit, place, signal);
    if (type !== "rtmp" || (url === "" && stream === "")) continue;
    const isKnown = targetAt(url, stream, context.knownTargets()) !== "elsewhere";
    if (isKnown || memory.placesWithKey().includes(place)) places.push(place);
  }
  return places;
}

/** Stops these publishers of the channel and waits until the box says that they are stopped. */
export async function stopPublishers(
  unit: Unit,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { api, where, options, context, pendingStart } = unit;
  const stopAll = async () => {
    for (const id of ids)
      await api.command("POST", `${pathOf(placeOf(options, id))}/control/stop`, undefined, signal);
  };
  await stopAll();
  const giveUpAtMs = context.now() + pendingStart.leftMs() + options.stopWithinMs;
  let stoppedAgain = pendingStart.leftMs() === 0;
  for (;;) {
    const { state } = liveOf(await readPublishers(unit, signal), ids, unit.wasConnected);
    const settled = pendingStart.leftMs() === 0;
    if (state === "idle" && settled) return;
    if (settled && !stoppedAgain) {
      await stopAll();
      stoppedAgain = true;
    }
    if (context.now() >= giveUpAtMs)
      throw new DriverError("failed", `${where} took the stop command and is still ${state}`);
    await pause(where, stopLookMs, signal);
  }
}
