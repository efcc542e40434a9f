import { join } from "node:path";
import Database from "better-sqlite3";
import { type Camera, startCamera } from "../fakes/camera.ts";
import { Facility, until } from "../e2e/facility.ts";
import type { Bench } from "./bench.ts";
import { pause } from "./drill.ts";
import { figure, median } from "./figure.ts";

const gopsS = [1, 2];
/** The shortest that can be configured; what it adds is shown beside. */
const after = "1s";
const faults = {
  black: { cap: "black", word: "black" },
  frozen: { cap: "gray", word: "still" },
} as const;

/**
 * How long it takes from the moment a camera gets a lens cap, which is black or shows the same for
 * ever, until the daemon knows it of the encoder that brings it to a relay (`known`), and until it is
 * told when it has lasted for the shortest time that can be configured (`told`).
 */
export const look: Bench = {
  name: "look",
  about: "how soon a black or frozen picture of one input of a relay is known",
  async run({ quick, kills: times = quick ? 2 : 15, figure: tell, say }) {
    for (const gopS of gopsS) {
      const pair = await watchedPair(gopS);
      try {
        for (const [fault, { cap, word }] of Object.entries(faults)) {
          const all: Seen[] = [];
          for (let at = 0; at < times; at++) {
            all.push(await pair.strike(fault, cap, word));
            say(`GOP ${gopS} s, ${fault}: known after ${all.at(-1)!.knownMs} ms`);
          }
          const known = all.map(({ knownMs }) => knownMs);
          const told = all.map(({ toldMs }) => toldMs);
          const id = `look.gop${gopS}.${fault}`;
          tell(figure({ id: `${id}.known.p50`, unit: "ms", value: median(known) }));
          tell(
            figure({
              ...{ id: `${id}.known.max`, unit: "ms", value: Math.max(...known) },
              goal: { atMost: 2_000 * gopS + 500 },
            }),
          );
          tell(figure({ id: `${id}.told.p50`, unit: "ms", value: median(told) }));
        }
      } finally {
        await pair.close();
      }
    }
  },
};

type Seen = { knownMs: number; toldMs: number };

/** Two software encoders with a camera each, and a relay that sends one of them. */
async function watchedPair(gopS: number) {
  const cameras = await Promise.all([1, 2].map(() => startCamera({ readers: 1 })));
  const reads = ({ urls }: Camera) => ({
    driver: "ffmpeg" as const,
    config: {
      input: { kind: "udp", url: urls[0] },
      video: {
        ...{ width: 320, height: 180, framesPerSecond: 15, bitrate: "400kbps" },
        ...{ gopSeconds: gopS, preset: "ultrafast", threads: 1 },
      },
    },
  });
  const facility = await Facility.build({
    encoders: { a: reads(cameras[0]!), b: reads(cameras[1]!) },
    stream: {
      ...{ path: "relayed", relay: { mode: "delay-line" } },
      content: { black: { after }, frozen: { after } },
    },
  });
  const close = async () => {
    await facility.close();
    for (const camera of cameras) await camera.close();
  };
  const untilShown = (word: string, sinceMs: number) =>
    until(`a shows a ${word} picture`, () => shownAtMs(facility, word, sinceMs), 60_000);
  try {
    facility.startDaemon();
    await facility.untilOnAir("main-relay");
    await untilShown("moving", 0);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async strike(fault: string, cap: "black" | "gray", word: string): Promise<Seen> {
      cameras[0]!.cap(cap);
      // At any moment of a GOP, and when all of it moves again.
      await pause(6_000 + Math.random() * 1_000 * gopS);
      const sinceMs = Date.now();
      cameras[0]!.cover(true);
      const knownMs = (await untilShown(word, sinceMs)) - sinceMs;
      const toldMs =
        (await until("it is told", () => toldAtMs(facility, fault, sinceMs))) - sinceMs;
      const coveredUntilMs = Date.now();
      cameras[0]!.cover(false);
      await untilShown("moving", coveredUntilMs);
      return { knownMs, toldMs };
    },
    close,
  };
}

const shownAtMs = (facility: Facility, word: string, sinceMs: number) =>
  firstOf(
    facility,
    "select wall_ms from input where actor = 'stream:main' and wall_ms >= ? " +
      "and body ->> 'view' = 'a' and body ->> '$.look.picture' = ? order by id limit 1",
    [sinceMs, word],
  );
const toldAtMs = (facility: Facility, fault: string, sinceMs: number) =>
  firstOf(
    facility,
    "select at_ms from event where at_ms >= ? and body ->> 'type' = 'stream.content' " +
      "and body ->> '$.data.fault' = ? and body ->> '$.data.isOver' = 0 order by seq limit 1",
    [sinceMs, fault],
  );

/** By what the daemon has written into its journal, with the time of it. */
function firstOf(facility: Facility, sql: string, values: unknown[]): number | undefined {
  const db = new Database(join(facility.stateDir, "site.db"), { readonly: true });
  try {
    return db
      .prepare<unknown[], number>(sql)
      .pluck()
      .get(...values);
  } finally {
    db.close();
  }
}
