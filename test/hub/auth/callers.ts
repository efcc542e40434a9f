/** Everybody who may knock: the four roles, keys of one scope each, and a stranger. */
import type { AccessName } from "../../../hub/auth/permissions.ts";
import type { anApi } from "../api/an-api.ts";
import { aPerson, from, password } from "./people.ts";

const readers = ["admin", "operator", "viewer", "api_client", "read"];
const all = [...readers, "write", "adminKey"];
/** Written down a second time, by hand: who gets in where. */
export const allowed: Record<AccessName, string[]> = {
  open: [...all, "stranger"],
  known: all,
  watch: readers,
  monitor: readers,
  scrape: readers,
  commandStream: ["admin", "operator", "write"],
  commandSite: ["admin", "operator", "write"],
  commandStorage: ["admin", "operator", "write"],
  commandEncoder: ["admin", "operator", "api_client", "write"],
  manageAdBreaks: ["admin", "operator", "api_client", "write"],
  readUsers: ["admin", "operator", "adminKey"],
  manageUsers: ["admin", "adminKey"],
  readSystem: ["admin", "adminKey"],
  manageSystem: ["admin", "adminKey"],
};

/** The secret each comes with; null: none. */
export async function everybody({
  keys,
  sessions,
}: Pick<Awaited<ReturnType<typeof anApi>>, "keys" | "sessions">) {
  const callers: Record<string, string | null> = { stranger: null };
  for (const role of ["admin", "operator", "viewer", "api_client"] as const) {
    const person = await aPerson({ name: `a-${role}`, role });
    await sessions.save(person);
    callers[role] = (await sessions.login(person.name, password, from)).access_token;
  }
  const make = async (scope: "read" | "write" | "admin") =>
    (await keys.make({ kind: "ro", name: scope, scopes: [scope] })).secret;
  callers["read"] = await make("read");
  callers["write"] = await make("write");
  callers["adminKey"] = await make("admin");
  return callers;
}
