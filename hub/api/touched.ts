/** From what changed to what a reader must be told about. */
import type { Changes } from "../feed.ts";
import type { Actor, View } from "../view.ts";

/** Every actor a reader must be told about: changed itself, or its site, or its encoder. */
export function touchedBy(changes: Changes, view: View): Actor[] {
  const touched = new Set([...changes.actors, ...changes.telemetry]);
  const homes = new Set(Array.from(touched, ({ home }) => home));
  for (const { actors } of homes) {
    for (const stream of actors.values()) {
      if (stream.kind !== "stream" || typeof stream.held?.encoder !== "string") continue;
      const encoder = actors.get(`encoder/${stream.held.encoder}`);
      if (encoder && touched.has(encoder)) touched.add(stream);
    }
  }
  for (const site of changes.sites) {
    for (const actor of view.sites.get(site)?.actors.values() ?? []) touched.add(actor);
  }
  return [...touched];
}
