import { createSocket, type Socket } from "node:dgram";
import type { MediaClock } from "../../machines/stream/relay/media-clock.ts";
import { monotonicMs } from "../clock.ts";
import { h264StreamType, type Ticks, ticksPerMs } from "../relay/frame.ts";
import { unroll } from "../relay/ts/clock-33.ts";
import { Demux } from "../relay/ts/demux.ts";
import type { Group } from "./group.ts";

/** A look is over after so many pictures, or when they do not come. */
const enough = { pictures: 8, ms: 2_000 };
/** What moved by more between two looks has jumped. */
const jumpMs = 200;

/**
 * How the times of what is passed on stand to the clock of this host. The group is heard for some
 * pictures now and then: to read all of it would cost as much as to pass it on.
 */
export class GroupClock {
  readonly #group: Group;
  #socket: Socket | undefined;
  /** null: not known. */
  clock: MediaClock | null = null;

  constructor(group: Group) {
    this.#group = group;
  }

  /** It is one of those who hear the group. */
  get isLooking(): boolean {
    return this.#socket !== undefined;
  }

  look(): void {
    if (this.#socket) return;
    const { address, port } = this.#group;
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    this.#socket = socket;
    const beganMs = monotonicMs();
    let [sumMs, count] = [0, 0];
    const end = () => {
      clearTimeout(limit);
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      socket.close();
      if (count > 0) this.#saw(sumMs / count, beganMs);
    };
    const limit = setTimeout(end, enough.ms);
    const demux = new Demux(
      pictureTimes((pts, atMs) => {
        sumMs += atMs - pts / ticksPerMs;
        count++;
      }),
    );
    socket.on("message", (bytes) => {
      demux.feed(bytes);
      if (count >= enough.pictures) end();
    });
    // Without it the times are not known, which is no trouble of the programme.
    socket.on("error", end);
    socket.bind({ address, port }, () => {
      try {
        socket.addMembership(address, "127.0.0.1");
      } catch {
        end();
      }
    });
  }

  #saw(aheadMs: number, beganMs: number): void {
    const before = this.clock;
    const isSame = before && Math.abs(before.aheadMs - aheadMs) <= jumpMs;
    const fromMs = isSame ? before.fromMs : beganMs;
    this.clock = { aheadMs, fromMs, untilMs: monotonicMs() };
  }

  /** Something else is passed on from now on. */
  forget(): void {
    this.clock = null;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }
}

/** @param passed with the time of each picture, and when its first bytes came, CLOCK_MONOTONIC, ms */
export function pictureTimes(passed: (pts: Ticks, atMs: number) => void) {
  let video = -1;
  let beganMs: number | undefined;
  let last: Ticks | undefined;
  return {
    streams(streams: readonly { streamType: number }[]) {
      video = streams.findIndex(({ streamType }) => streamType === h264StreamType);
    },
    /** It is over where the next one begins. */
    unit(index: number, { pts }: { pts: number }) {
      if (index !== video) return;
      last = unroll(pts, last);
      if (beganMs !== undefined) passed(last, beganMs);
      beganMs = monotonicMs();
    },
  };
}
