import { XMLParser } from "fast-xml-parser";
import { z } from "zod";

const Text = z.string();
const Client = z.object({
  address: Text.optional(),
  flashver: Text.optional(),
  publishing: Text.optional(),
});
const Stream = z.object({
  name: Text,
  bytes_in: z.string().regex(/^\d+$/),
  publishing: Text.optional(),
  client: z.array(Client).default([]),
});
/** An empty element reads as "". */
const emptyOr = <T extends z.ZodType>(schema: T) => z.union([z.literal(""), schema]);
const Application = z.object({
  name: Text,
  live: emptyOr(z.object({ stream: z.array(Stream).default([]) })).optional(),
});
const Document = z.object({
  rtmp: z.object({
    nginx_rtmp_version: Text,
    pid: z.string().regex(/^\d+$/),
    server: z.array(emptyOr(z.object({ application: z.array(Application).default([]) }))),
  }),
});

const lists = new Set(["server", "application", "stream", "client"]);

/** What one nginx-rtmp worker tells about one RTMP application. */
export type NginxRtmpStatistics = {
  /** Of the worker that answered: each counts only its own streams. */
  workerPid: string;
  /** Undefined: no such application. */
  streams: z.infer<typeof Stream>[] | undefined;
};

/**
 * Reads the page of `rtmp_stat`. Undefined when it is something else. Entities are not expanded
 * and a document type is refused, so the page cannot grow in memory.
 */
export function readStatistics(xml: string, app: string): NginxRtmpStatistics | undefined {
  if (xml.includes("<!DOCTYPE")) return undefined;
  const document = Document.safeParse(parseXml(xml));
  if (!document.success) return undefined;
  const { pid, server } = document.data.rtmp;
  const applications = server
    .flatMap((one) => (one === "" ? [] : one.application))
    .filter((application) => unescape(application.name) === app);
  return {
    workerPid: pid,
    streams:
      applications.length === 0
        ? undefined
        : applications.flatMap(({ live }) =>
            live === undefined || live === "" ? [] : live.stream,
          ),
  };
}

function parseXml(xml: string): unknown {
  const parser = new XMLParser({
    processEntities: false,
    parseTagValue: false,
    ignoreAttributes: true,
    isArray: (name) => lists.has(name),
  });
  try {
    // `true`: a page that breaks off half way is not well-formed, and says nothing.
    return parser.parse(xml, true);
  } catch (cause) {
    return { malformed: String(cause) };
  }
}

const entities: Record<string, string> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&#39;": "'",
  "&amp;": "&",
};
/** The five characters nginx escapes, and nothing else. */
export function unescape(text: string): string {
  return text.replace(/&(?:lt|gt|quot|apos|amp|#39);/g, (entity) => entities[entity] ?? entity);
}
