/** Which way a stream goes where its `path` is left out. */
import type { Finding } from "./problems.ts";
import { relayedFindings, relayPortFindings } from "./relayed.ts";

type OfRelay = Omit<Parameters<typeof relayedFindings>[0], "path">;
type Stream = OfRelay["stream"] & { id?: string | undefined };

/**
 * Through a relay, where all its encoders are programs and that is possible.
 * @param p.before the streams above it, with their paths
 * @returns `said`: for people, where they might have thought otherwise
 */
export function defaultPath(
  p: Omit<OfRelay, "stream"> & {
    stream: Stream;
    before: readonly Stream[];
    after: readonly Stream[];
    ingests: Parameters<typeof relayPortFindings>[0]["ingests"];
  },
): { path: "direct" | "relayed"; said?: string } {
  const { stream, encoders, isBox, feedsRelay } = p;
  const drivers = stream.encoders.map(
    ({ encoder }) => encoders.find(({ id }) => id !== undefined && id === encoder)?.driver,
  );
  const isProgram = (driver: string | undefined) =>
    driver !== undefined && isBox?.(driver) === false;
  if (!feedsRelay || drivers.length === 0 || !drivers.every(isProgram)) return { path: "direct" };
  const asRelayed = { ...stream, path: "relayed" };
  const { setUpByHand } = p;
  const streams = [...p.before, asRelayed];
  const ofAll = { ingests: p.ingests, encoders, feedsRelay, setUpByHand, streams };
  const why = [
    ...relayedFindings({ ...p, path: [], stream: asRelayed }).map(sentence),
    ...relayPortFindings(ofAll)
      .filter(({ path: [, at] }) => at === p.before.length)
      .map(sentence),
    ...sharedWith([...p.before, ...p.after], stream),
  ][0];
  const named = stream.id ?? "a stream";
  if (why !== undefined) return { path: "direct", said: `${named} goes out direct: ${why}` };
  const said = `${named} goes out through a relay, its encoders are programs; \`path: direct\` if it shall not`;
  return { path: "relayed", said };
}

/** On path relayed every encoder but a spare runs all the time. */
function sharedWith(others: readonly Stream[], { encoders }: Stream): string[] {
  return others.flatMap((other) => {
    const shared = other.encoders.find(({ encoder, spare }) =>
      encoders.some((own) => own.encoder === encoder && !(spare === true && own.spare === true)),
    );
    return shared ? [`${shared.encoder} is for ${other.id ?? "another stream"}, too`] : [];
  });
}

function sentence({ path, what }: Finding): string {
  const key = path.at(-1);
  return typeof key === "string" ? `${key} ${what}` : what;
}
