import type { QualityLook } from "../../machines/content/quality.ts";
import { compareWithSource } from "./compare-with-source.ts";
import type { Subjects } from "./subjects.ts";

const lookForWorkEveryMs = 5_000;
/** What begins goes first. */
const firstAfterMs = 10_000;

/**
 * Compares what is on air with its source, one stream after the other. It decides nothing: what was
 * measured is passed on.
 */
export function watchQuality(p: {
  subjects: readonly Subjects[];
  nowMs: () => number;
  /** Whose pictures go out, or why nobody's can be compared. */
  onAir: (stream: string) => { encoder: string } | { because: string };
  tell: (stream: string, look: QualityLook) => void;
}): { close(): Promise<void> } {
  const closing = new AbortController();
  const { signal } = closing;
  const beganMs = p.nowMs();
  const dueMs = new Map(p.subjects.map(({ stream }) => [stream, beganMs + firstAfterMs]));
  const told = new Map<string, string>();
  let look: Promise<void> | undefined;

  function tell(stream: string, seen: QualityLook): void {
    const word = seen.word === "measured" ? seen.word : seen.because;
    const isNews = word === "measured" || word !== told.get(stream);
    told.set(stream, word);
    if (isNews && !signal.aborted) p.tell(stream, seen);
  }

  function whomToCompare({ stream, of }: Subjects) {
    const seen = p.onAir(stream);
    if ("because" in seen) return seen;
    const subject = of.get(seen.encoder)!;
    return "because" in subject ? subject : { ...seen, ...subject };
  }

  const timer = setInterval(() => {
    if (look) return;
    const dueOf = ({ stream }: Subjects) => dueMs.get(stream)!;
    const inTurn = p.subjects.filter((it) => dueOf(it) <= p.nowMs());
    for (const due of inTurn.sort((a, b) => dueOf(a) - dueOf(b))) {
      const { stream, everyMs, folder } = due;
      const whom = whomToCompare(due);
      if ("because" in whom) {
        tell(stream, { word: "notAvailable", because: whom.because });
        continue;
      }
      const { encoder } = whom;
      look = compareWithSource({ ...whom, folder, signal })
        .then((quality) => {
          if (typeof quality === "string") tell(stream, { word: "notAvailable", because: quality });
          else tell(stream, { word: "measured", encoder, ...quality });
        })
        .finally(() => {
          dueMs.set(stream, p.nowMs() + everyMs);
          look = undefined;
        });
      return;
    }
  }, lookForWorkEveryMs);

  return {
    async close() {
      clearInterval(timer);
      closing.abort();
      await look;
    },
  };
}
