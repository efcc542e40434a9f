import { openFiles } from "./processes.ts";
import { parseTcpLine, tcpTables, type TcpSocket } from "./sockets.ts";

/** One look at the tables serves all engines that ask within this time, ms. */
const sharedForMs = { silent: 50, moving: 200 };
/** The descriptors of an engine that moves are listed anew so often, ms: that is half of a look. */
const listedForMs = 1_000;

/** `/proc/net/tcp` up to the inode, which names the owner. */
const line = /^ *\d+:(?: \S+){6} +\d+ +\d+ (\d+)/;

let shared: { atMs: number; byInode: Promise<ReadonlyMap<string, string>> } | undefined;

/** Lines of the sockets that some process owns; only those that are asked for are parsed. */
function linesByInode(nowMs: number, maxAgeMs: number): Promise<ReadonlyMap<string, string>> {
  if (!shared || nowMs - shared.atMs > maxAgeMs) {
    shared = { atMs: nowMs, byInode: tcpTables().then(byInode) };
  }
  return shared.byInode;
}

export function byInode(tables: readonly string[]): ReadonlyMap<string, string> {
  const lines = tables.flatMap((table) => table.split("\n"));
  return new Map(
    lines.flatMap((text) => {
      const inode = line.exec(text)?.[1];
      return inode === undefined || inode === "0" ? [] : [[inode, text] as const];
    }),
  );
}

/** The TCP sockets of one process, looked at again and again. */
export class OwnedSockets {
  #pid: number | undefined;
  #inodes: readonly string[] = [];
  #listedAtMs = -Infinity;

  /** At most 50 ms old for an engine that is silent, 200 ms for one that moves. */
  async look(pid: number, silent: boolean): Promise<TcpSocket[]> {
    const nowMs = performance.now();
    const lines = await linesByInode(nowMs, sharedForMs[silent ? "silent" : "moving"]);
    const isKnown =
      !silent &&
      this.#pid === pid &&
      nowMs - this.#listedAtMs < listedForMs &&
      this.#inodes.length > 0 &&
      this.#inodes.every((inode) => lines.has(inode));
    if (!isKnown) {
      const inodes = (await openFiles(pid)).map((file) => /^socket:\[(\d+)\]$/.exec(file)?.[1]);
      this.#inodes = inodes.filter((inode) => inode !== undefined && lines.has(inode)) as string[];
      this.#pid = pid;
      this.#listedAtMs = nowMs;
    }
    return this.#inodes.flatMap((inode) => parseTcpLine(lines.get(inode) ?? "") ?? []);
  }
}
