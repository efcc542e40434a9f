/** From an id in a path to the one thing it means. */
import { z } from "zod";
import type { Seen } from "../auth/own-sites.ts";
import type { Actor, Site } from "../view.ts";
import { refOf } from "../view.ts";
import { ApiProblem } from "./problem.ts";

/** `<site>~<id>`, or the bare id where only one site has it. */
export const Ref = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}(~[a-z0-9][a-z0-9-]{0,62})?$/,
    "an id, or <site>~<id>: lower-case letters, digits and -",
  )
  .describe("`<site>~<id>`, or the bare id where only one site has it");

/** @throws ApiProblem 404 `unknown_<kind>`, 409 `ambiguous_id` with the candidates */
export function actorBy(view: Pick<Seen, "named">, kind: string, ref: string): Actor {
  const [actor, ...others] = view.named(kind, ref);
  if (!actor) throw new ApiProblem(404, `unknown_${kind}`, `no ${kind} ${ref}`);
  if (others.length > 0) {
    const candidates = [actor, ...others].map(refOf);
    const detail = `${candidates.length} sites have a ${kind} ${ref}`;
    throw new ApiProblem(409, "ambiguous_id", detail, { candidates });
  }
  return actor;
}

/** @throws ApiProblem 404 `unknown_site` */
export function siteBy(view: Pick<Seen, "sites">, id: string): Site {
  const site = view.sites.get(id);
  if (!site) throw new ApiProblem(404, "unknown_site", `no site ${id}`);
  return site;
}
