/** Who is calling, and whether this caller may do what was asked. */
import {
  access,
  permissions,
  type Access,
  type AccessName,
  type Permission,
} from "./permissions.ts";

export type Caller = {
  /** `key:<id>`, `user:<id>` or `demo`: in the audit log, for budgets and idempotency. */
  id: string;
  /** For people: a key's name, a person's. */
  name: string;
  permissions: ReadonlySet<Permission>;
  /** The sites it sees; null = all. */
  sites: ReadonlySet<string> | null;
  /** Of a person who is logged in, or of a page that was opened with a key. */
  session?: string;
};

/** Who asks, and from where: for the audit log. */
export type Asker = { caller: Caller; address: string; requestId: string };

/** The demo's caller: only where the hub is bound to loopback and was told to be open. */
export const demo: Caller = {
  ...{ id: "demo", name: "demo", sites: null },
  permissions: new Set(permissions),
};

/** @returns why not, for people; undefined = go ahead */
export function refusal(caller: Caller, name: AccessName): string | undefined {
  const { anyOf, hubWide }: Access = access[name];
  if (anyOf && anyOf.length > 0 && !anyOf.some((one) => caller.permissions.has(one))) {
    return `${caller.name} may not do that; needs ${anyOf.join(" or ")}`;
  }
  if (hubWide && caller.sites) return `${caller.name} is limited to some sites; this is about all`;
  return undefined;
}
