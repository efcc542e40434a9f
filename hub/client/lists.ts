import type { Client } from "openapi-fetch";
import type { paths } from "./schema.ts";

type ListPath = {
  [P in keyof paths]: paths[P] extends {
    get: {
      parameters: { path?: never };
      responses: { 200: { content: { "application/json": { items: unknown[] } } } };
    };
  }
    ? P
    : never;
}[keyof paths];
type Get<N extends ListName> = paths[`/api/${N}`]["get"];
/** `streams`, `encoders`, … */
export type ListName = ListPath extends infer P
  ? P extends `/api/${string}/${string}`
    ? never
    : P extends `/api/${infer Name}`
      ? `/api/${Name}` extends keyof paths
        ? Name
        : never
      : never
  : never;
export type ItemOf<N extends ListName> =
  Get<N>["responses"][200]["content"]["application/json"]["items"][number];
export type QueryOf<N extends ListName> = NonNullable<Get<N>["parameters"]["query"]>;

export type Lists = {
  /** All items, page after page as they are wanted. */
  list<N extends ListName>(
    of: N,
    query?: QueryOf<N>,
    signal?: AbortSignal,
  ): AsyncGenerator<ItemOf<N>, void>;
  /**
   * The first `limit` items (of states: all within it), at once and whenever one has changed, until
   * `signal` aborts. Where nothing changes, asking costs a key nothing of its hour.
   */
  watch<N extends ListName>(
    of: N,
    query: QueryOf<N>,
    signal: AbortSignal,
  ): AsyncGenerator<ItemOf<N>[], void>;
};

/** A page that has changed counts in the key's hour (1,000), one that has not does not. */
const watchEveryMs = { same: 1_000, changed: 4_000 };

export function openLists(api: Client<paths>): Lists {
  // One path stands for all of them: TypeScript cannot follow a path that is put together.
  async function page<N extends ListName>(
    of: N,
    query: object,
    more: { signal?: AbortSignal | undefined; etag?: string } = {},
  ) {
    const { signal, etag } = more;
    const { data, response } = await api.GET(`/api/${of}` as "/api/streams", {
      params: { query },
      ...(etag !== undefined && { headers: { "If-None-Match": etag } }),
      ...(signal && { signal }),
    });
    const content = data as unknown as { items: ItemOf<N>[]; nextCursor?: string | null };
    return { ...content, response };
  }

  return {
    async *list(of, query, signal) {
      let cursor: string | null | undefined;
      do {
        const more = cursor === undefined || cursor === null ? {} : { cursor };
        const { items, nextCursor } = await page(of, { limit: 500, ...query, ...more }, { signal });
        yield* items;
        cursor = nextCursor;
      } while (cursor !== null && cursor !== undefined);
    },
    async *watch(of, query, signal) {
      let etag: string | undefined;
      for (;;) {
        const known = etag === undefined ? {} : { etag };
        const { items, response } = await page(of, { limit: 500, ...query }, { ...known, signal });
        const isSame = response.status === 304;
        if (!isSame) yield items;
        etag = response.headers.get("ETag") ?? undefined;
        await pause(isSame ? watchEveryMs.same : watchEveryMs.changed, signal);
      }
    },
  };
}

/** Rejects with the signal's reason when it aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
