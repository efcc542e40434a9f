/** From what changed to what a reader must be told about. */
import type { Changes } from "../feed.ts";
import type { Actor, View } from "../view.ts";

/** Every actor a reader must be told about: changed itself, or its site, or its encoder. */
export function touchedBy(changes: Changes, view: View): Actor[] {
  const touched = new Set<Actor>();
  for (const key of [...changes.actors, ...changes.telemetry]) {
    const actor = view.find(key);
    if (actor) touched.add(actor);
    if (key.kind !== "encoder") continue;
    for (const other of view.sites.get(key.site)?.actors.values() ?? []) {
      if (other.kind === "stream" && other.state?.["encoder"] === key.id) touched.add(other);
    }
  }
  for (const site of changes.sites) {
    for (const actor of view.sites.get(site)?.actors.values() ?? []) touched.add(actor);
  }
  return [...touched];
}
