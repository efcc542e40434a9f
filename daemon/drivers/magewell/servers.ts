import { DriverError, type PublishTarget } from "../driver.ts";
import { sameAddress, targetAt } from "../shared/address.ts";
import type { ServerEntry } from "./answers.ts";
import { entryOf, noKey, nowhere, ownServers } from "./sessions.ts";
import { readSettings, type Unit } from "./unit.ts";
import { servesOthers, typeRtmp } from "./words.ts";

type Destination = Pick<PublishTarget, "address" | "streamKey">;

/** The entry that a start shall use, or why there is none. */
export function entryFor(
  { options, where }: Unit,
  servers: ServerEntry[],
  { destination }: Pick<PublishTarget, "destination">,
): ServerEntry {
  const id = options.servers ? options.servers[destination] : options.server;
  if (id === undefined)
    throw new DriverError("notPossible", `${where} has no server entry set up for ${destination}`);
  const entry = servers.find((candidate) => candidate.id === id);
  if (!entry) throw new DriverError("notPossible", `${where} has no server entry ${id}`);
  if (!options.servers && entry.type !== typeRtmp)
    throw new DriverError("notPossible", `server entry ${id} of ${where} is not an RTMP one`);
  return entry;
}

export function holds({ url, key }: ServerEntry, { address, streamKey }: Destination): boolean {
  return url !== undefined && sameAddress(url, address) && key === streamKey;
}

/** Ids of our own entries, and of all others that hold a key of ours for this address. */
export function serversAtStake(
  { options, context }: Unit,
  servers: ServerEntry[],
  address?: string,
): number[] {
  const known = context
    .knownTargets()
    .filter((target) => address === undefined || sameAddress(target.address, address));
  const holders = servers.filter(
    ({ url, key }) =>
      url !== undefined && key !== undefined && targetAt(url, key, known) !== "elsewhere",
  );
  return [...new Set([...ownServers(options), ...holders.map(({ id }) => id)])];
}

/** Puts address and key into an entry (`set-server`, documented for Ultra Encode), reads them back. */
export async function writeServer(
  unit: Unit,
  entry: ServerEntry,
  { address, streamKey }: Destination,
  signal: AbortSignal,
): Promise<void> {
  const { usapi, settings, where } = unit;
  const isAuthorised = entry["is-auth"] === true;
  await usapi.command(
    "set-server",
    {
      id: entry.id,
      type: typeRtmp,
      name: entry.name || `Understudy ${entry.id}`,
      "stream-index": entry["stream-index"] ?? 0,
      url: address,
      key: streamKey,
      "is-auth": isAuthorised ? 1 : 0,
      ...(isAuthorised && { user: entry.user ?? "", passwd: entry.passwd ?? "" }),
      ...(entry["net-mode"] !== undefined && { "net-mode": entry["net-mode"] }),
    },
    signal,
  );
  settings.forget();
  const now = await readSettings(unit, signal);
  settings.note(now);
  const written = entryOf(now, entry.id);
  if (written && holds(written, { address, streamKey })) return;
  throw new DriverError("failed", `${where} did not take the new address of entry ${entry.id}`);
}

/** Puts "nowhere" in the place of address and key, reads it back. */
export async function forgetServer(unit: Unit, entry: ServerEntry, signal: AbortSignal) {
  await writeServer(unit, entry, { address: nowhere, streamKey: noKey(entry.id) }, signal);
}

/**
 * Switches exactly this entry on: every other that pushes somewhere is switched off, because
 * `start-live` starts whatever is on. Those that serve others, and those the site names, stay.
 */
export async function switchOnOnly(unit: Unit, id: number, signal: AbortSignal): Promise<void> {
  const { options } = unit;
  const { servers } = await readSettings(unit, signal);
  for (const other of servers) {
    const stays = servesOthers.has(other.type) || options.leaveServers.includes(other.id);
    if (other.id !== id && other["is-use"] && !stays) await switchServer(unit, other.id, 0, signal);
  }
  await switchServer(unit, id, 1, signal);
  const now = await readSettings(unit, signal);
  unit.settings.note(now);
  if (entryOf(now, id)?.["is-use"] === true) return;
  throw new DriverError("failed", `${unit.where} did not switch server entry ${id} on`);
}

export function switchServer({ usapi }: Unit, id: number, isUse: 0 | 1, signal: AbortSignal) {
  return usapi.command("enable-server", { id, "is-use": isUse }, signal);
}
