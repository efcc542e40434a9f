/** Who watches now: who is revoked meanwhile is sent away within a second. */
import type { Caller } from "../../auth/caller.ts";
import { isStillIn, type Doors } from "../auth.ts";
import { ApiProblem } from "../problem.ts";

const mostPerCaller = 50;

export type Watcher = { caller: Caller; signal: AbortSignal };
export type Watchers = ReturnType<typeof openWatchers>;

export function openWatchers(doors: Doors) {
  const watching = new Map<Watcher, AbortController>();
  const checking = setInterval(() => {
    for (const [{ caller }, ending] of watching) {
      if (isStillIn(caller, doors)) continue;
      ending.abort(new ApiProblem(401, "unknown_key", "Unknown or expired key"));
    }
  }, 500);
  return {
    /** @throws ApiProblem 429 `too_many_subscriptions` */
    enter: (caller: Caller): Watcher => {
      const own = [...watching.keys()].filter((one) => one.caller.id === caller.id);
      if (own.length >= mostPerCaller) {
        const detail = `more than ${mostPerCaller} watches by one caller`;
        throw new ApiProblem(429, "too_many_subscriptions", detail);
      }
      const ending = new AbortController();
      const watcher = { caller, signal: ending.signal };
      watching.set(watcher, ending);
      return watcher;
    },
    leave: (watcher: Watcher) => void watching.delete(watcher),
    close: () => clearInterval(checking),
  };
}
