/** How a command ends whose hub refused. */
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { nearest } from "../../config/nearest.ts";
import { HubError, type HubClient } from "../client/client.ts";
import { isKnownKind, known, type Known } from "./known.ts";

/** Whatever else is a conflict with how things stand there: refused. */
const byCode: Partial<Record<string, number>> = {
  ...{ malformed: exitCode.usage, ambiguous_id: exitCode.usage, unknown_verb: exitCode.usage },
  ...{ weak_password: exitCode.usage, forbidden_address: exitCode.usage },
  ...{ site_offline: exitCode.unreachable, broker_away: exitCode.unreachable },
  ...{ unreachable: exitCode.unreachable, no_answer: exitCode.unreachable },
};
const byStatus: Partial<Record<number, number>> = {
  ...{ 401: exitCode.auth, 403: exitCode.auth, 404: exitCode.notFound },
  ...{ 409: exitCode.refused, 412: exitCode.refused, 422: exitCode.refused },
};

export function codeOf({ code, status }: HubError): number {
  return byCode[code] ?? byStatus[status] ?? exitCode.failed;
}

/** With what to do about it, where that can be known. */
export async function endingOf(
  error: HubError,
  { hub, url, hasKey }: { hub: HubClient; url: string; hasKey: boolean },
): Promise<Ending> {
  const { code, status, message, candidates, retryAfterS } = error;
  const said = code === "malformed" || status === 0 ? message : `${message} (${code})`;
  const more =
    status === 0
      ? `is the hub at ${url}? Say --hub, or set UNDERSTUDY_HUB`
      : status === 401 && !hasKey
        ? "no key was given: UNDERSTUDY_API_KEY, or --key-file FILE, or keyFile in ~/.config/understudy/cli.yaml"
        : candidates.length > 0
          ? `which one: ${candidates.join(", ")}`
          : status === 404
            ? await didYouMean(error, hub)
            : retryAfterS !== undefined
              ? `try again in ${retryAfterS} s`
              : undefined;
  return new Ending(codeOf(error), [said, ...(more === undefined ? [] : [more])].join("\n"));
}

async function didYouMean({ code, place }: HubError, hub: HubClient): Promise<string | undefined> {
  const kind = code.replace(/^unknown_/, "");
  if (!isKnownKind(kind)) return undefined;
  const asked = decodeURIComponent(place.split("/")[3] ?? "");
  const found: Known[] = [];
  try {
    for await (const one of known(hub, kind)) found.push(one);
  } catch (cause) {
    if (cause instanceof HubError) return undefined;
    throw cause;
  }
  const near = nearest(
    asked,
    found.flatMap(({ id, ref }) => [id, ...(ref === undefined ? [] : [ref])]),
  );
  if (near !== undefined) return `did you mean ${near}?`;
  const ids = found.slice(0, 20).map(({ id }) => id);
  return ids.length === 0 ? "there are none" : `there are: ${ids.join(", ")}`;
}
