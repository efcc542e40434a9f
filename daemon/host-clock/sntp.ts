import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";
import { question, readAnswer, type SntpAnswer } from "./sntp-packet.ts";

export type TimeServer = { host: string; port: number };
export type SntpOutcome = SntpAnswer | { kind: "failed"; why: string };
export type Clocks = { wallMs: () => number; monoMs: () => number };

type Lookup = (host: string) => Promise<{ address: string; family: number }>;

/**
 * Asks time servers, one question each.
 * @param timeoutMs for the answer, and for the look-up of the name before it
 */
export function openSntp(
  clocks: Clocks,
  { lookup = systemLookup, timeoutMs = 3_000 }: { lookup?: Lookup; timeoutMs?: number } = {},
) {
  /**
   * A look-up that hangs holds one of the few threads that all file work of this process shares,
   * and cannot be given up: there is never a second one.
   */
  let lookingUp = false;

  async function addressOf(host: string): Promise<string | undefined> {
    if (isIP(host) !== 0) return host;
    if (lookingUp) return undefined;
    lookingUp = true;
    const found = lookup(host).finally(() => (lookingUp = false));
    return Promise.race([
      found.then(
        ({ address }) => address,
        () => undefined,
      ),
      new Promise<undefined>((resolve) => {
        setTimeout(() => resolve(undefined), timeoutMs).unref();
      }),
    ]);
  }

  return {
    /** Never rejects; takes at most twice `timeoutMs`. */
    async ask({ host, port }: TimeServer, signal: AbortSignal): Promise<SntpOutcome> {
      const address = await addressOf(host);
      if (address === undefined) return { kind: "failed", why: "its name is not found" };
      if (signal.aborted) return { kind: "failed", why: "given up" };
      return exchange({ host: address, port }, clocks, timeoutMs, signal);
    },
  };
}

function exchange(
  { host, port }: TimeServer,
  { wallMs, monoMs }: Clocks,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<SntpOutcome> {
  return new Promise((resolve) => {
    const cookie = randomBytes(8);
    // Connected: the kernel drops what others send.
    const socket = createSocket(isIP(host) === 6 ? "udp6" : "udp4");
    const end = (outcome: SntpOutcome) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners("message");
      socket.close();
      resolve(outcome);
    };
    const onAbort = () => end({ kind: "failed", why: "given up" });
    const timer = setTimeout(() => end({ kind: "failed", why: "no answer" }), timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", ({ message }) => end({ kind: "failed", why: message }));
    socket.connect(port, host, () => {
      // In this order: held up between the two, the trip looks longer and nothing is misjudged.
      const sentAtMs = monoMs();
      const sentMs = wallMs();
      socket.on("message", (packet) => {
        // By the monotonic clock: one that is set meanwhile must not look like a long trip.
        const receivedMs = sentMs + (monoMs() - sentAtMs);
        const answer = readAnswer(packet, cookie, { sentMs, receivedMs });
        // A forged packet must not keep the right one from being heard.
        if (answer.kind !== "malformed") end(answer);
      });
      socket.send(question(cookie));
    });
  });
}
