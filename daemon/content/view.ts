import { type ContentLook, type Loudness, pictureWord } from "../../machines/content/look.ts";
import type { Picture } from "../../machines/content/picture.ts";
import { silenceLimitMs } from "./address.ts";
import { burstArguments, watchArguments } from "./arguments.ts";
import { wayTo } from "../web-guard/way.ts";
import { sample, type Sampler, type Samples } from "./sampler.ts";

/** A place where a programme can be seen, under watch. */
export type View = {
  /** The keyframes of the last minute, oldest first. */
  pictures(): readonly Picture[];
  /** Five pictures a second for so long; none when it cannot be seen. */
  burst(seconds: number): Promise<Picture[]>;
  close(): Promise<void>;
};

/** A look is told so often while something changes or is wrong, and while all is well, ms. */
const tellEveryMs = { atMost: 1_000, atLeast: 4_000 };
/**
 * What came last is believed for so long, ms: keyframes may be 10 s apart, and a playlist brings
 * them a segment at a time. It is longer than an address may say nothing.
 */
const believedMs = silenceLimitMs + 5_000;
const remembersMs = 60_000;
const backOffMs = { first: 1_000, longest: 20_000 };
const quietDbfs = -50;

/**
 * Keeps one ffmpeg looking at a view and tells what it shows. Where nothing can be seen it says
 * so, and tries again, ever more slowly.
 */
export function watchView(p: {
  url: string;
  measuresLoudness: boolean;
  nowMs: () => number;
  tell: (look: ContentLook) => void;
}): View {
  const { url, nowMs } = p;
  const samplers = new Set<Sampler>();
  let recent: Picture[] = [];
  let seen: { word: "black" | "still" | "moving"; atMs: number } | undefined;
  let heard: { pairsDbfs: number[]; loudness: Loudness | undefined; atMs: number } | undefined;
  let [moved, isNew] = [false, false];
  let told = { shape: "", atMs: -Infinity };
  let detail = "it was not looked at yet";
  let closed = false;
  let [startedMs, failures] = [0, 0];
  let retry: NodeJS.Timeout | undefined;
  let current: Sampler | undefined;
  const way = wayTo(url);

  async function look(): Promise<void> {
    const env = await way;
    if (closed) return;
    startedMs = nowMs();
    recent = [];
    current = run(watchArguments(url, p.measuresLoudness), env, {
      picture(picture) {
        failures = 0;
        const word = pictureWord(picture.luma, recent.at(-1)?.luma);
        moved ||= word === "moving";
        seen = { word: moved && word === "still" ? "moving" : word, atMs: nowMs() };
        recent = [...recent.filter(({ atMs }) => picture.atMs - atMs < remembersMs), picture];
      },
      sound(channels, loudness) {
        const pairsDbfs = pairsOf(channels);
        heard = {
          // The loudest since the last look was told: a word between two pauses is no silence.
          pairsDbfs: isNew ? pairsDbfs.map((at, i) => Math.max(at, levelOf(i))) : pairsDbfs,
          loudness,
          atMs: nowMs(),
        };
        isNew = true;
      },
    });
    const mine = current;
    void mine.ended.then((why) => {
      samplers.delete(mine);
      if (closed) return;
      detail = why;
      [seen, heard] = [undefined, undefined];
      failures += 1;
      const pauseMs = Math.min(backOffMs.longest, backOffMs.first * 2 ** Math.min(failures - 1, 8));
      retry = setTimeout(() => void look(), pauseMs);
    });
  }
  const levelOf = (pair: number) => heard?.pairsDbfs[pair] ?? -Infinity;

  function run(args: readonly string[], env: NodeJS.ProcessEnv, tell: Samples): Sampler {
    const sampler = sample(args, env, nowMs, tell);
    samplers.add(sampler);
    void sampler.ended.then(() => samplers.delete(sampler));
    return sampler;
  }

  function whatIsSeen(): ContentLook {
    const atMs = nowMs();
    const isBelieved = (of: { atMs: number } | undefined) =>
      of !== undefined && atMs - of.atMs < believedMs;
    if (!isBelieved(seen) && !isBelieved(heard)) {
      // It runs and brings nothing: ask anew.
      if (atMs - startedMs > believedMs) current?.kill();
      return { word: "unreadable", detail };
    }
    return {
      word: "seen",
      picture: isBelieved(seen) ? seen!.word : null,
      pairsDbfs: isBelieved(heard) ? heard!.pairsDbfs : null,
      ...(isBelieved(heard) && heard!.loudness && { loudness: heard!.loudness }),
    };
  }

  const telling = setInterval(() => {
    const look = whatIsSeen();
    const shape = shapeOf(look);
    const sinceMs = nowMs() - told.atMs;
    const isWell = look.word === "seen" && shape === "moving true";
    if (shape === told.shape && sinceMs < tellEveryMs.atLeast && (isWell || look.word !== "seen")) {
      return;
    }
    told = { shape, atMs: nowMs() };
    [moved, isNew] = [false, false];
    p.tell(look);
  }, tellEveryMs.atMost);
  void look();

  return {
    pictures: () => recent,
    async burst(seconds) {
      const series: Picture[] = [];
      const env = await way;
      if (closed) return series;
      const sampler = run(burstArguments(url, seconds), env, {
        picture: (picture) => series.push(picture),
        sound: () => undefined,
      });
      const late = setTimeout(() => sampler.kill(), seconds * 1_000 + believedMs);
      await sampler.ended;
      clearTimeout(late);
      return series;
    },
    async close() {
      closed = true;
      clearInterval(telling);
      clearTimeout(retry);
      const running = [...samplers];
      for (const sampler of running) sampler.kill();
      await Promise.all(running.map(({ ended }) => ended));
    },
  };
}

/** Channels 1 and 2 are the first pair; of each pair the louder. A last one alone is a pair. */
function pairsOf(channelsDbfs: readonly number[]): number[] {
  return Array.from({ length: Math.ceil(channelsDbfs.length / 2) }, (_, pair) =>
    Math.max(...channelsDbfs.slice(2 * pair, 2 * pair + 2)),
  );
}

function shapeOf(look: ContentLook): string {
  if (look.word === "unreadable") return look.word;
  return `${look.picture} ${look.pairsDbfs?.every((level) => level >= quietDbfs) ?? null}`;
}
