/** What a stream that is kept for sessions cannot be at the same time. */
import type { Finding } from "./problems.ts";

export function sessionFindings(p: {
  path: Finding["path"];
  stream: { sessions?: unknown; events?: unknown };
  takeover: string | undefined;
}): Finding[] {
  if (p.stream.sessions !== true) return [];
  return [
    ...(p.stream.events === undefined
      ? []
      : [{ path: p.path, what: "is true, and events say when it is on air: only one can" }]),
    ...(p.takeover === "primaryBackup"
      ? [{ path: p.path, what: "is true, but takeover primaryBackup needs two boxes at once" }]
      : []),
  ];
}
