import { type ContentLook, type Loudness, pictureWord } from "../../machines/content/look.ts";
import type { Picture } from "../../machines/content/picture.ts";
import { silenceLimitMs } from "./address.ts";
import { burstArguments, type Still, watchArguments } from "./arguments.ts";
import { ffmpegAt, isFed, type Place, wayToPlace } from "./place.ts";
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
/** What a picture shows is told at once when it is something else, but not one after the other, ms. */
const calmMs = 500;
/**
 * What came last is believed for so long, ms: keyframes may be 10 s apart, and a playlist brings
 * them a segment at a time. It is longer than an address may say nothing.
 */
const believedMs = silenceLimitMs + 5_000;
const remembersMs = 60_000;
const backOffMs = { first: 1_000, longest: 20_000 };
/** So often it is looked whether an encoder writes again, ms. */
const awayMs = 1_000;
const quietDbfs = -50;

/**
 * Keeps one ffmpeg looking at a view and tells what it shows. Where nothing can be seen it says
 * so, and tries again, ever more slowly.
 */
export function watchView(p: {
  place: Place;
  measuresLoudness: boolean;
  still?: Still;
  nowMs: () => number;
  tell: (look: ContentLook) => void;
}): View {
  const { place, nowMs } = p;
  const samplers = new Set<Sampler>();
  let recent: Picture[] = [];
  let seen: { word: "black" | "still" | "moving"; atMs: number } | undefined;
  let heard: { pairsDbfs: number[]; loudness: Loudness | undefined; atMs: number } | undefined;
  let movedAtMs = -Infinity;
  let isNew = false;
  let told: { look: ContentLook; atMs: number } | undefined;
  let detail = "it was not looked at yet";
  let closed = false;
  let [startedMs, failures] = [0, 0];
  let retry: NodeJS.Timeout | undefined;
  let current: Sampler | undefined;
  const way = wayToPlace(place);

  async function look(): Promise<void> {
    const [{ env, leads }, isThere] = await Promise.all([way, isFed(place)]);
    if (closed) return;
    if (!isThere) {
      [recent, detail] = [[], "nothing comes"];
      retry = setTimeout(() => void look(), awayMs);
      return;
    }
    startedMs = nowMs();
    recent = [];
    current = run(leads(watchArguments(place, p.measuresLoudness, p.still)), env, {
      picture(picture) {
        failures = 0;
        const word = pictureWord(picture.luma, recent.at(-1)?.luma);
        const atMs = nowMs();
        if (word === "moving") movedAtMs = atMs;
        seen = { word: word === "still" && isRecent(movedAtMs) ? "moving" : word, atMs };
        recent = [...recent.filter((one) => picture.atMs - one.atMs < remembersMs), picture];
        const isNews = told?.look.word !== "seen" || told.look.picture !== seen.word;
        if (isNews && !isRecent(told?.atMs)) tell(whatIsSeen());
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
  const isRecent = (thenMs = -Infinity) => nowMs() - thenMs < calmMs;
  const levelOf = (pair: number) => heard?.pairsDbfs[pair] ?? -Infinity;

  function run(args: readonly string[], env: NodeJS.ProcessEnv, tell: Samples): Sampler {
    const sampler = sample(ffmpegAt(place, args), env, nowMs, tell);
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

  function tellIfDue(): void {
    const look = whatIsSeen();
    const shape = shapeOf(look);
    const isSame = told !== undefined && shape === shapeOf(told.look);
    const isCalm = look.word !== "seen" || shape === "moving true";
    if (isSame && isCalm && nowMs() - told!.atMs < tellEveryMs.atLeast) return;
    tell(look);
  }
  function tell(look: ContentLook): void {
    told = { look, atMs: nowMs() };
    isNew = false;
    p.tell(look);
  }

  /** What comes after a pause may have other times, and would be taken for later than it is. */
  async function forgetWhoIsAway(): Promise<void> {
    const mine = current;
    if (!(await isFed(place))) mine?.kill();
  }
  const telling = setInterval(() => {
    if (!isRecent(told?.atMs)) tellIfDue();
    void forgetWhoIsAway();
  }, tellEveryMs.atMost);
  void look();

  return {
    pictures: () => recent,
    async burst(seconds) {
      const series: Picture[] = [];
      const { env, leads } = await way;
      if (closed) return series;
      const sampler = run(leads(burstArguments(place, seconds)), env, {
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
