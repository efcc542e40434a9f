import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Faults of a link, in toxiproxy's words. All may be changed at any time, also under way. */
export type LinkFaults = {
  /** Each way, ms, on top of what the network takes. */
  latencyMs: number;
  /** Added at random up to this, ms. Order is kept. */
  jitterMs: number;
  /** Each way and connection. Undefined = unlimited. */
  bytesPerSecond: number | undefined;
  /** Nothing gets through and nobody is told: a cable pulled behind a switch. */
  blackhole: boolean;
  /** Hand the bytes on in pieces of at most this size. Undefined = as they come. */
  sliceBytes: number | undefined;
};

export interface FaultProxy {
  /** Connect here instead. */
  readonly port: number;
  /** Connections open now. */
  readonly connections: number;
  /** Connections ever accepted. */
  readonly accepted: number;
  /** Payload handed on so far, both ways. */
  readonly bytes: number;
  /** Change some faults; the others stay. */
  set(faults: Partial<LinkFaults>): void;
  /** Refuse connections and reset those that are open; `false` lets the link come up again. */
  down(down: boolean): Promise<void>;
  /** Reset (RST) what is open now; new connections are welcome. Answers how many. */
  resetPeers(): number;
  /** No faults, and the link up. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

const noFaults: LinkFaults = {
  latencyMs: 0,
  jitterMs: 0,
  bytesPerSecond: undefined,
  blackhole: false,
  sliceBytes: undefined,
};

/** A TCP link to `target` that can be made bad. Bytes are never changed, only late or lost. */
export async function startFaultProxy(target: { host: string; port: number }): Promise<FaultProxy> {
  const faults: LinkFaults = { ...noFaults };
  const links = new Set<Link>();
  const counts = { accepted: 0, bytes: 0 };
  const changed = new Set<() => void>();

  /** Resolves when the faults are changed, or the link is gone. */
  const change = (link: Link) =>
    new Promise<void>((resolve) => {
      const done = () => {
        changed.delete(done);
        link.wake.delete(done);
        resolve();
      };
      changed.add(done);
      link.wake.add(done);
    });

  /** One way of one connection: what was read waits here until its time has come. */
  async function carry(link: Link, from: Socket, to: Socket): Promise<void> {
    const queue: { data: Buffer; dueMs: number }[] = [];
    let ended = false;
    let arrived = () => {};
    let lastDueMs = 0;
    from.on("data", (data: Buffer) => {
      // Random lateness must not let bytes overtake each other.
      const lateMs = faults.latencyMs + Math.random() * faults.jitterMs;
      lastDueMs = Math.max(lastDueMs, performance.now() + lateMs);
      queue.push({ data, dueMs: lastDueMs });
      if (queuedBytes(queue) > maxQueuedBytes) from.pause();
      arrived();
    });
    from.on("end", () => {
      ended = true;
      arrived();
    });
    link.wake.add(() => arrived());

    while (!link.gone) {
      const next = queue[0];
      if (!next) {
        if (ended) break;
        await new Promise<void>((resolve) => (arrived = resolve));
      } else if (faults.blackhole) {
        from.pause(); // so the sender's kernel sees an unanswering far end, too
        await change(link);
        if (!faults.blackhole) from.resume();
      } else if (next.dueMs > performance.now()) {
        await delay(next.dueMs - performance.now());
      } else {
        const size = pieceSize(next.data.length);
        if (faults.bytesPerSecond === 0) await change(link);
        else if (faults.bytesPerSecond !== undefined) {
          await delay((size * 1_000) / faults.bytesPerSecond);
        }
        if (link.gone || faults.blackhole || faults.bytesPerSecond === 0) continue;
        await handOn(to, next.data.subarray(0, size));
        counts.bytes += size;
        if (size < next.data.length) next.data = next.data.subarray(size);
        else queue.shift();
        if (from.isPaused() && queuedBytes(queue) < maxQueuedBytes) from.resume();
      }
    }
    if (!link.gone) to.end();
  }

  function pieceSize(length: number): number {
    const slice = faults.sliceBytes ?? length;
    // A slow link hands on a twentieth of a second at a time, not 64 KiB after a long silence.
    const share = Math.ceil((faults.bytesPerSecond ?? Number.POSITIVE_INFINITY) / 20);
    return Math.max(1, Math.min(length, slice, share));
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    counts.accepted++;
    const far = connect({ ...target, allowHalfOpen: true });
    const link: Link = { near, far, gone: false, wake: new Set() };
    links.add(link);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      const drop = () => dropLink(link);
      // A reset on one side is handed on as a reset to the other.
      socket.on("error", drop);
      socket.on("close", () => {
        if (near.closed && far.closed) drop();
      });
    }
    void carry(link, near, far);
    void carry(link, far, near);
  });

  function dropLink(link: Link): void {
    if (!links.delete(link)) return;
    link.gone = true;
    for (const wake of [...link.wake]) wake();
    for (const socket of [link.near, link.far]) {
      if (!socket.destroyed) socket.resetAndDestroy();
    }
  }
  function dropAll(): number {
    const open = [...links];
    open.forEach(dropLink);
    return open.length;
  }

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  const setFaults = (some: Partial<LinkFaults>) => {
    Object.assign(faults, some);
    for (const wake of [...changed]) wake();
  };
  const down = async (isDown: boolean) => {
    if (!isDown && !server.listening) await listen(port);
    if (!isDown) return;
    const closed = server.listening
      ? new Promise<void>((resolve) => server.close(() => resolve()))
      : Promise.resolve();
    dropAll();
    await closed;
  };
  return {
    port,
    get connections() {
      return links.size;
    },
    get accepted() {
      return counts.accepted;
    },
    get bytes() {
      return counts.bytes;
    },
    set: setFaults,
    down,
    resetPeers: dropAll,
    heal: async () => {
      setFaults(noFaults);
      await down(false);
    },
    close: () => down(true),
  };
}

type Link = { near: Socket; far: Socket; gone: boolean; wake: Set<() => void> };

/** A latent link holds what is on its way; beyond this the sender has to wait. */
const maxQueuedBytes = 4 * 1024 * 1024;

function queuedBytes(queue: { data: Buffer }[]): number {
  return queue.reduce((sum, { data }) => sum + data.length, 0);
}

/** Writes, and waits while the receiver does not take it: its back-pressure is the sender's. */
async function handOn(to: Socket, data: Buffer): Promise<void> {
  if (to.destroyed || !to.writable || to.write(data)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      to.off("drain", done);
      to.off("close", done);
      resolve();
    };
    to.on("drain", done);
    to.on("close", done);
  });
}
