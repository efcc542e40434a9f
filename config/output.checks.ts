import { isLoopback } from "./fields.ts";
import { isTakenBy, type Listener } from "./listeners.ts";
import type { Finding } from "./problems.ts";

export type LenientOutput = {
  id?: string | undefined;
  kind?: string | undefined;
  folder?: unknown;
  host?: string | undefined;
  port?: unknown;
  token?: unknown;
  storage?: string | undefined;
};
type Streams = readonly { path?: unknown; outputs: readonly LenientOutput[] }[];
type Listed = { path: (string | number)[]; output: LenientOutput };

/**
 * Outputs have ids and ports of their own on the whole site.
 * @param listeners what else listens
 */
export function outputFindings(
  streams: Streams,
  listeners: readonly Listener[],
  storages: readonly { id?: string | undefined; driver?: unknown }[],
): Finding[] {
  const all = streams.flatMap(({ outputs }, at) =>
    outputs.map((output, place) => ({ path: ["streams", at, "outputs", place], output })),
  );
  return [
    ...streams.flatMap(({ path, outputs }, at) =>
      outputs.length === 0 || path === "relayed"
        ? []
        : [{ path: ["streams", at, "outputs"], what: "need path relayed: the relay feeds them" }],
    ),
    ...all.flatMap((listed, n) => [
      ...taken(listed, all.slice(0, n), "id"),
      ...taken(listed, all.slice(0, n), "port"),
      ...taken(listed, all.slice(0, n), "folder"),
      ...takenByOther(listed, listeners),
      ...openToAll(listed),
      ...recordsNowhere(listed, storages),
    ]),
  ];
}

function taken({ path, output }: Listed, before: Listed[], key: "id" | "port" | "folder") {
  const first = before.find((other) => other.output[key] === output[key]);
  if (output[key] === undefined || !first) return [];
  const what = `${JSON.stringify(output[key])} is already the ${key} of ${nameOf(first.path)}`;
  return [{ path: [...path, key], what }];
}

function takenByOther(
  { path, output: { host = "127.0.0.1", port } }: Listed,
  listeners: readonly Listener[],
): Finding[] {
  if (typeof port !== "number") return [];
  const other = listeners.find((it) => isTakenBy(it, { over: "TCP", host, port }));
  return other ? [{ path: [...path, "port"], what: `${other.name} already listens at it` }] : [];
}

function recordsNowhere(
  { path, output: { kind, storage, folder } }: Listed,
  storages: readonly { id?: string | undefined; driver?: unknown }[],
): Finding[] {
  if (kind !== "recording") return [];
  if ((storage === undefined) === (folder === undefined)) {
    return [{ path, what: "needs either storage or folder: where it records to" }];
  }
  if (storage === undefined) return [];
  const at = [...path, "storage"];
  const found = storages.find(({ id }) => id === storage);
  if (!found) return [{ path: at, what: `there is no storage ${JSON.stringify(storage)}` }];
  if (found.driver === "host-disk") return [];
  return [{ path: at, what: `${storage} is no disk of this host (driver host-disk)` }];
}

/** Without a token only this host may read. */
function openToAll({ path, output: { host = "127.0.0.1", port, token } }: Listed): Finding[] {
  if (port === undefined || token !== undefined || isLoopback(host)) return [];
  const what = `is missing: without one it is read on this host only (host 127.0.0.1), not at ${host}`;
  return [{ path: [...path, "token"], what }];
}

const nameOf = (path: (string | number)[]) =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .slice(1);
