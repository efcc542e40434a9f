/** From what changed to what a reader must be told about. */
import type { Changes } from "../feed.ts";
import type { Actor, View } from "../view.ts";

/** Every actor a reader must be told about: changed itself, or its site, or its encoder. */
export function touchedBy(changes: Changes, view: View): Actor[] {
  const touched = new Set<Actor>();
  const encoders = new Map<string, Set<string>>();
  for (const key of [...changes.actors, ...changes.telemetry]) {
    const actor = view.find(key);
    if (actor) touched.add(actor);
    if (key.kind !== "encoder") continue;
    const held = encoders.get(key.site);
    if (held) held.add(key.id);
    else encoders.set(key.site, new Set([key.id]));
  }
  for (const [site, ids] of encoders) {
    for (const other of view.sites.get(site)?.actors.values() ?? []) {
      if (other.kind !== "stream" || !other.state) continue;
      if (ids.has(other.state["encoder"] as string)) touched.add(other);
    }
  }
  for (const site of changes.sites) {
    for (const actor of view.sites.get(site)?.actors.values() ?? []) touched.add(actor);
  }
  return [...touched];
}
