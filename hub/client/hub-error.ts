import type { components } from "./schema.ts";

type Problem = components["schemas"]["Problem"];

/** The hub refused, or gave no answer. */
export class HubError extends Error {
  override readonly name = "HubError";
  /** The hub's own word; `unreachable` and `no_answer` where it said nothing. */
  readonly code: string;
  /** 0: no answer came. */
  readonly status: number;
  /** What was asked: `POST /api/streams/main/commands`. */
  readonly place: string;
  /** Which fields of what was sent are wrong. */
  readonly fields: { path: string; message: string }[];
  /** Where an id is ambiguous: the full ids to choose from. */
  readonly candidates: string[];
  /** Under which the hub logged it. */
  readonly requestId: string | undefined;
  /** When to ask again. */
  readonly retryAfterS: number | undefined;

  constructor(
    message: string,
    of: { code: string; status: number; place: string; problem?: Partial<Problem> },
    options: ErrorOptions & { retryAfterS?: number | undefined } = {},
  ) {
    super(message, options);
    const { code, status, place, problem = {} } = of;
    this.code = code;
    this.status = status;
    this.place = place;
    this.fields = problem.errors ?? [];
    this.candidates = problem.candidates ?? [];
    this.requestId = problem.requestId;
    this.retryAfterS = options.retryAfterS;
  }
}

/** The error that an answer other than 2xx stands for; also of a proxy, which knows no problem+json. */
export async function errorOf(response: Response, place: string): Promise<HubError> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  const { status, headers } = response;
  const message = problem.detail ?? `the hub answered ${status} ${response.statusText}`.trim();
  const waitS = Number.parseInt(headers.get("Retry-After") ?? "", 10);
  return new HubError(
    message,
    { code: problem.code ?? `http_${status}`, status, place, problem },
    { retryAfterS: Number.isNaN(waitS) ? undefined : waitS },
  );
}
