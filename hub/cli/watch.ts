import { HubError, type ItemOf, type ListName, type QueryOf } from "../client/client.ts";
import { clock } from "../web/words.ts";
import type { Cli } from "./cli.ts";
import type { Column } from "./print.ts";

export type Watched<N extends ListName> = {
  of: N;
  query: QueryOf<N>;
  columns: readonly Column<ItemOf<N>>[];
  keyOf: (item: ItemOf<N>) => string;
  isWanted?: (item: ItemOf<N>) => boolean;
  /** The newest comes first in the list: told in the order in which it happened. */
  isHistory?: boolean;
};

const againAfterMs = 2_000;

/** What is there, then a line for each change, until Ctrl-C. A hub that restarts is waited for. */
export async function watch<N extends ListName>(cli: Cli, watched: Watched<N>): Promise<never> {
  const { of, query, columns, keyOf, isWanted = () => true, isHistory = false } = watched;
  const { print, io } = cli;
  const hub = await cli.hub();
  const told = new Map<string, string>();
  let isFirst = true;
  let isAway = false;
  for (;;) {
    try {
      for await (const items of hub.watch(of, query, io.signal)) {
        if (isAway) cli.tell(`${clock(new Date().toISOString())}  the hub is back`);
        isAway = false;
        const wanted = items.filter(isWanted);
        if (isHistory) wanted.reverse();
        const changed = wanted.filter((item) => {
          const cells = JSON.stringify(columns.map(([, cell]) => cell(item)));
          if (told.get(keyOf(item)) === cells) return false;
          told.set(keyOf(item), cells);
          return true;
        });
        if (isFirst && print.shape === "table") await print.list(changed, columns);
        else for (const item of changed) print.line(item, lineOf(item, columns, isHistory));
        isFirst = false;
      }
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (!isAway) cli.tell(`${clock(new Date().toISOString())}  ${error.message}`);
      isAway = true;
      await new Promise((resolve) => setTimeout(resolve, againAfterMs));
      io.signal.throwIfAborted();
    }
  }
}

/** History carries its own time. */
function lineOf<T>(item: T, columns: readonly Column<T>[], isHistory: boolean) {
  const cells = columns.map(([, cell]) => cell(item));
  return isHistory ? cells : [{ at: new Date().toISOString() }, ...cells];
}

const isPassing = (error: unknown): error is HubError =>
  error instanceof HubError && [0, 429, 502, 503, 504].includes(error.status);
