/** How the machine of an output is seen from outside. */
import type { SnapshotFrom } from "xstate";
import type { Figure, Published } from "../published.ts";
import type { OutputFigures, OutputState, OutputWord } from "./output.contract.ts";
import type { outputMachine } from "./output.machine.ts";

export type OutputSnapshot = SnapshotFrom<typeof outputMachine>;

export function outputWord({ value }: OutputSnapshot): OutputWord {
  switch (value) {
    case "untold":
      return "unknown";
    case "begun":
    case "resting":
      return "starting";
    default:
      return value;
  }
}

export function outputState(
  snapshot: OutputSnapshot,
  p: { published: Published; sinceMs: (word: string) => number },
): OutputState {
  const { plan, because, restarts, reading, conformity } = snapshot.context;
  const state = outputWord(snapshot);
  const why = because === null ? "" : `: ${because}`;
  const seen = state !== "unknown" && reading?.conformity ? conformity : null;
  return {
    ...p.published,
    ...(plan.name !== undefined && { name: plan.name }),
    ...{ kind: plan.kind, stream: plan.stream, state, sinceMs: p.sinceMs(state), because },
    figures: state === "unknown" ? {} : figuresOf(snapshot),
    conformity: seen,
    restarts,
    warnings: [
      ...(snapshot.value === "untold" ? ["it runs, but does not tell how it goes"] : []),
      ...(state === "failing" ? [`what comes cannot go out${why}`] : []),
      ...(seen?.word === "faulty" ? [`players may not get what it writes: ${seen.why}`] : []),
      ...(snapshot.value === "resting" ? [`its process ended, and is started again${why}`] : []),
    ],
  };
}

function figuresOf({ context: { reading, readAt } }: OutputSnapshot): OutputFigures {
  if (!reading || !readAt) return {};
  const { bitrateBps, bytes, pictures, quietMs, segments, readers, droppedPictures } = reading;
  const all = { bitrateBps, bytes, pictures, quietMs, segments, readers, droppedPictures };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]): [string, Figure][] =>
      value === null ? [] : [[name, { value, atMs: readAt.wallMs, source: "output" }]],
    ),
  );
}
