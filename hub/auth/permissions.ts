/** What may be done, and who may do it: one table for REST, sockets and whatever comes. */

export const permissions = [
  "streaming:read",
  "streaming:write",
  "monitoring:read",
  "encoder:control",
  "scte35:manage",
  "users:read",
  "users:write",
  "system:read",
  "system:write",
] as const;
export type Permission = (typeof permissions)[number];
/** A permission, or all that begin with its first word. */
type Grant = Permission | "streaming:*" | "users:*" | "system:*";

/** People, and programs that log in like people. */
export const roles = ["admin", "operator", "viewer", "api_client"] as const;
export type Role = (typeof roles)[number];
const ofRole: Record<Role, readonly Grant[]> = {
  admin: ["streaming:*", "users:*", "system:*"],
  operator: ["streaming:read", "streaming:write", "users:read"],
  viewer: ["streaming:read", "monitoring:read"],
  api_client: ["streaming:read", "encoder:control", "scte35:manage"],
};

/** Keys. */
export const scopes = ["read", "write", "admin"] as const;
export type Scope = (typeof scopes)[number];
const ofScope: Record<Scope, readonly Grant[]> = {
  read: ["streaming:read", "monitoring:read"],
  write: ["streaming:write", "encoder:control", "scte35:manage"],
  admin: ["users:*", "system:*"],
};

/** What a route, or an event of a socket, asks of its caller. */
export type Access = {
  /** One of these is enough; empty: whoever is known. Absent: strangers, too. */
  anyOf?: readonly Permission[];
  /** About the hub or all sites at once: not for a caller who is limited to some. */
  hubWide?: true;
};

/** Every route names its row: `config: { access: "watch" }`. A hub with one that does not will not start. */
export const access = {
  open: {},
  known: { anyOf: [] },
  watch: { anyOf: ["streaming:read"] },
  monitor: { anyOf: ["monitoring:read", "streaming:read"] },
  scrape: { anyOf: ["monitoring:read", "streaming:read"], hubWide: true },
  commandStream: { anyOf: ["streaming:write"] },
  commandSite: { anyOf: ["streaming:write"] },
  commandStorage: { anyOf: ["streaming:write"] },
  commandEncoder: { anyOf: ["encoder:control", "streaming:write"] },
  manageAdBreaks: { anyOf: ["scte35:manage", "streaming:write"] },
  readUsers: { anyOf: ["users:read"], hubWide: true },
  manageUsers: { anyOf: ["users:write"], hubWide: true },
  readSystem: { anyOf: ["system:read"], hubWide: true },
  manageSystem: { anyOf: ["system:write"], hubWide: true },
} as const satisfies Record<string, Access>;
export type AccessName = keyof typeof access;

export const permissionsOfRole = (role: Role) => expand(ofRole[role]);
export const permissionsOfScopes = (held: readonly Scope[]) =>
  expand(held.flatMap((scope) => ofScope[scope]));

function expand(grants: readonly Grant[]): ReadonlySet<Permission> {
  const isGranted = (permission: Permission) =>
    grants.some((grant) =>
      grant.endsWith(":*") ? permission.startsWith(grant.slice(0, -1)) : grant === permission,
    );
  return new Set(permissions.filter(isGranted));
}
