import { openFilesNow } from "./processes.ts";
import { parseTcpLine, readTcpTable, type TcpSocket, type TcpTable } from "./sockets.ts";

/** One look at a table serves all engines that ask within this time, ms. */
const sharedForMs = { silent: 50, moving: 200 };
/**
 * A read walks all buckets of the kernel's table, 5 ms for an empty one: the one that no socket of
 * an engine stands in is read only so often.
 */
const unusedForMs = 5_000;
/**
 * The descriptors of an engine that moves are listed anew as often as that, ms: at once where its
 * sockets change, less and less where they stay, and soon where somebody has opened a connection to
 * a port that it has one to.
 */
const listedForMs = { least: 1_000, most: 10_000 };

/** `/proc/net/tcp` up to the inode, which names the owner. */
const line = /^ *\d+: \S+ \S+:([0-9A-F]{4})(?: \S+){4} +\d+ +\d+ (\d+)/;

export type Lines = {
  /** Of the sockets that some process owns; only those that are asked for are parsed. */
  byInode: ReadonlyMap<string, string>;
  /** Remote port → when a connection to it was first seen, while that tells anything. */
  openedAtMs: ReadonlyMap<number, number>;
};
const noLines: Lines = { byInode: new Map(), openedAtMs: new Map() };

/** @param before the same table some time ago */
export function linesOf(text: string, before: Lines, nowMs: number): Lines {
  const byInode = new Map<string, string>();
  const recent = [...before.openedAtMs].filter(([, atMs]) => nowMs - atMs < listedForMs.most);
  const openedAtMs = new Map(recent);
  for (const found of text.split("\n")) {
    const [, port, inode] = line.exec(found) ?? [];
    if (port === undefined || inode === undefined || inode === "0") continue;
    byInode.set(inode, found);
    if (!before.byInode.has(inode)) openedAtMs.set(parseInt(port, 16), nowMs);
  }
  return { byInode, openedAtMs };
}

class SharedTable {
  readonly #table: TcpTable;
  #last = noLines;
  #reading: { atMs: number; lines: Promise<Lines> } | undefined;

  constructor(table: TcpTable) {
    this.#table = table;
  }

  lines(nowMs: number, maxAgeMs: number): Promise<Lines> {
    if (!this.#reading || nowMs - this.#reading.atMs > maxAgeMs) {
      const lines = readTcpTable(this.#table).then(
        (text) => (this.#last = linesOf(text, this.#last, nowMs)),
      );
      this.#reading = { atMs: nowMs, lines };
    }
    return this.#reading.lines;
  }
}
const shared = { tcp: new SharedTable("tcp"), tcp6: new SharedTable("tcp6") };

/** The TCP sockets of one process, looked at again and again. */
export class OwnedSockets {
  #pid: number | undefined;
  #inodes: readonly string[] = [];
  #remotePorts: readonly number[] = [];
  #uses: Record<TcpTable, boolean> = { tcp: true, tcp6: true };
  #listedAtMs = -Infinity;
  #changedAtMs = -Infinity;

  /** At most 50 ms old for an engine that is silent, 200 ms for one that moves. */
  async look(pid: number, silent: boolean): Promise<TcpSocket[]> {
    const nowMs = performance.now();
    const maxAgeMs = sharedForMs[silent ? "silent" : "moving"];
    const linesIn = (table: TcpTable) =>
      shared[table].lines(nowMs, silent || this.#uses[table] ? maxAgeMs : unusedForMs);
    const tables = await Promise.all([linesIn("tcp"), linesIn("tcp6")]);
    const lineOf = (inode: string) =>
      tables[0].byInode.get(inode) ?? tables[1].byInode.get(inode) ?? "";

    const isListed = () => {
      const forMs = nowMs - this.#listedAtMs;
      const unchangedMs = this.#listedAtMs - this.#changedAtMs;
      return (
        forMs < listedForMs.least ||
        (forMs < Math.min(unchangedMs, listedForMs.most) && !this.#mayHaveConnected(tables))
      );
    };
    const isKnown =
      !silent &&
      this.#pid === pid &&
      this.#inodes.length > 0 &&
      isListed() &&
      this.#inodes.every((inode) => lineOf(inode) !== "");
    if (!isKnown) this.#list(pid, tables, nowMs);
    const sockets = this.#inodes.flatMap((inode) => parseTcpLine(lineOf(inode)) ?? []);
    if (!isKnown) this.#remotePorts = sockets.map(({ remotePort }) => remotePort);
    return sockets;
  }

  #list(pid: number, tables: readonly [Lines, Lines], nowMs: number): void {
    const [tcp, tcp6] = tables;
    const files = openFilesNow(pid);
    const inodes = files
      .map((file) => /^socket:\[(\d+)\]$/.exec(file)?.[1])
      .filter((inode) => inode !== undefined)
      .filter((inode) => tcp.byInode.has(inode) || tcp6.byInode.has(inode));
    if (this.#pid !== pid || inodes.join() !== this.#inodes.join()) this.#changedAtMs = nowMs;
    this.#pid = pid;
    this.#inodes = inodes;
    this.#listedAtMs = nowMs;
    const mayUse = ({ byInode }: Lines) =>
      inodes.length === 0 || inodes.some((inode) => byInode.has(inode));
    this.#uses = { tcp: mayUse(tcp), tcp6: mayUse(tcp6) };
  }

  #mayHaveConnected(tables: readonly Lines[]): boolean {
    return this.#remotePorts.some((port) =>
      tables.some(({ openedAtMs }) => (openedAtMs.get(port) ?? 0) >= this.#listedAtMs),
    );
  }
}
