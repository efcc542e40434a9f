import { createHash } from "node:crypto";

/** Where the encoders of this host hear one ingest: a multicast group that never leaves loopback. */
export type Group = { address: string; port: number };

/** UDP port of all groups; a reader is bound to its group, so they do not hear each other. */
const port = 5_500;

/**
 * From the site and the id alone, so that a process that outlived the daemon is heard where it
 * speaks. Two daemons on one host have state directories of their own, and so other groups.
 */
export function groupOf({ site, stateDir }: Site, ingest: string): Group {
  const digest = createHash("sha256").update([stateDir, site, ingest].join("\0")).digest();
  const [second = 0, third = 0, last = 0] = digest;
  // 239.0 to 239.191: nothing that is assigned, such as 239.255.255.250, is among them.
  return { address: `239.${second % 192}.${third}.${(last % 254) + 1}`, port };
}

type Site = { site: string; stateDir: string };
