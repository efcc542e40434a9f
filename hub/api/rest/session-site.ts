/** Which site is asked for a stream, where whoever asks does not say. */
import { place } from "../../../machines/placement/place.ts";
import type { WantedStream } from "../../../machines/profile/validate.ts";
import type { StreamState } from "../../../machines/stream/stream.contract.ts";
import type { Seen } from "../../auth/own-sites.ts";
import { refOf, type Actor } from "../../view.ts";
import { ApiProblem } from "../problem.ts";
import { siteBy } from "../subject.ts";
import { candidateOf } from "./load-balancer.ts";

/**
 * The only one that is seen, else the one with the best box by what was last told, of those with
 * a free stream. A guess: the site decides.
 * @throws ApiProblem 404 `unknown_site`, 409 `no_session_streams`, 503 `site_offline`
 */
export function siteFor(seen: Seen, asked: string | undefined, wanted: WantedStream): string {
  if (asked !== undefined) return siteBy(seen, asked).site;
  const [only, ...others] = seen.sites.keys();
  if (only !== undefined && others.length === 0) return only;
  const kept = seen.shown("stream").filter((stream) => keptFor(stream) !== undefined);
  if (kept.length === 0) {
    const detail = "no site keeps streams for sessions: see `sessions` in site.yaml";
    throw new ApiProblem(409, "no_session_streams", detail);
  }
  const online = kept.filter(({ site }) => seen.isOnline(site));
  if (online.length === 0) {
    throw new ApiProblem(503, "site_offline", "no site that keeps streams for sessions is online");
  }
  const free = online.filter((stream) => keptFor(stream) === null);
  const among = free.length > 0 ? free : online;
  const boxes = new Set(among.flatMap((stream) => boxesOf(stream)));
  const candidates = seen.shown("encoder").filter((encoder) => boxes.has(refOf(encoder)));
  const { chosen } = place(candidates.map((encoder) => candidateOf(seen, encoder, wanted)));
  return chosen?.split("~")[0] ?? among[0]!.site;
}

const boxesOf = ({ site, state }: Actor) => {
  const encoders = state?.["encoders"];
  return Array.isArray(encoders) ? encoders.map((id) => refOf({ site, id: String(id) })) : [];
};

/** Who has this stream. null: nobody; undefined: it is not kept for sessions. */
export const keptFor = ({ state }: Actor) => state?.["keptFor"] as KeptFor | null | undefined;
type KeptFor = NonNullable<StreamState["keptFor"]>;
