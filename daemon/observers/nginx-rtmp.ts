import type { FarEndSight } from "../../machines/destination/sight.ts";
import { publisherMark } from "../../machines/publisher-mark.ts";
import { askHttp, reasonOf } from "./http-ask.ts";
import { readStatistics, unescape } from "./nginx-rtmp-statistics.ts";
import { lookLimitsMs, unseen, type FarEndObserver, type ObserverContext } from "./observer.ts";

export type NginxRtmpOptions = {
  kind: "nginx-rtmp";
  /** The page of `rtmp_stat all`. */
  statisticsUrl: string;
  /** RTMP application the key belongs to, for example `live`. */
  app: string;
  /** Base of `rtmp_control all`, for example `http://ingest:8080/control`. */
  controlUrl?: string;
  /**
   * POSTed to with `app`, `name`, `addr` and `flashver` of the publisher to be kept out. nginx-rtmp
   * cannot block by itself; this is the operator's own `on_publish` authoriser. 2xx = blocked.
   */
  blockUrl?: string;
  /** HTTP Basic authentication, for all three addresses. */
  username?: string;
  /** The password itself, not a reference. A secret. */
  password?: string;
};

const limits = { limitMs: lookLimitsMs["nginx-rtmp"], maxBytes: 4 * 1024 * 1024 };
/**
 * After `nginx -s reload` the old worker goes on serving its publishers and the new one knows
 * nothing of them. So a worker we have not met before proves no absence for this long, and of
 * several workers (their answers alternate) none ever does.
 */
const workerSettleMs = 30_000;

/** Looks at nginx-rtmp's statistics. Needs `worker_processes 1`, or `quiet` is never said. */
export function openNginxRtmp(options: NginxRtmpOptions, context: ObserverContext): FarEndObserver {
  let worker: { pid: string; sinceMs: number } | undefined;
  let publisher = { addr: "", flashver: "" };
  const ask = { ...limits, headers: authorization(options) };

  function workerSettled(pid: string): boolean {
    // The first one ever met is believed: the operator was told to run one worker.
    worker ??= { pid, sinceMs: Number.NEGATIVE_INFINITY };
    if (worker.pid !== pid) worker = { pid, sinceMs: context.now() };
    return context.now() - worker.sinceMs >= workerSettleMs;
  }

  function sightOf(xml: string): FarEndSight {
    const statistics = readStatistics(xml, options.app);
    if (!statistics) return unseen("the statistics page is not nginx-rtmp's");
    const settled = workerSettled(statistics.workerPid);
    if (!statistics.streams) return unseen(`the server has no application ${options.app}`);

    const key = context.streamKey();
    const stream = statistics.streams.find(
      (one) => unescape(one.name) === key && one.publishing !== undefined,
    );
    if (!stream) {
      return settled
        ? { word: "quiet" }
        : unseen("another nginx worker answered than before: its silence proves nothing yet");
    }
    const publishers = stream.client.filter((client) => client.publishing !== undefined);
    const [first] = publishers;
    const addr = unescape(first?.address ?? "");
    const flashver = unescape(first?.flashver ?? "");
    publisher = { addr, flashver };
    const mark = publisherMark.parse(flashver);
    return {
      word: "publishing",
      by: mark ? publisherMark.format(mark.encoder, mark.keyGeneration) : addr === "" ? null : addr,
      bytes: Number(stream.bytes_in),
      publishers: publishers.length === 0 ? null : publishers.length,
    };
  }

  async function observe(signal: AbortSignal): Promise<FarEndSight> {
    try {
      const { status, body } = await askHttp(options.statisticsUrl, ask, signal);
      return status === 200 ? sightOf(body) : unseen(`the statistics page answered ${status}`);
    } catch (cause) {
      return unseen(`the statistics page ${reasonOf(cause)}`);
    }
  }

  /** True on any 2xx. Says nothing else: the address holds the key. */
  async function done(url: string, fields: Record<string, string>, signal: AbortSignal) {
    const posted = new URLSearchParams({ app: options.app, name: context.streamKey(), ...fields });
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const headers = { ...ask.headers, ...type };
    const body = posted.toString();
    const reply = await askHttp(url, { ...ask, method: "POST", headers, body }, signal).catch(
      () => undefined,
    );
    return reply !== undefined && reply.status >= 200 && reply.status < 300;
  }

  async function drop(controlUrl: string, signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ app: options.app, name: context.streamKey() });
    const url = `${controlUrl.replace(/\/$/, "")}/drop/publisher?${query.toString()}`;
    // Whether it worked is seen in the statistics, so a failure here needs no words.
    await askHttp(url, ask, signal).catch(() => undefined);
  }

  const { controlUrl, blockUrl } = options;
  return {
    name: `nginx-rtmp at ${new URL(options.statisticsUrl).host}`,
    provesAbsence: true,
    lookLimitMs: lookLimitsMs["nginx-rtmp"],
    observe,
    ...(controlUrl !== undefined && {
      kickAndBlock: async (signal: AbortSignal) => {
        const before = await observe(signal);
        if (before.word !== "publishing") return false;
        const blocked = blockUrl !== undefined && (await done(blockUrl, publisher, signal));
        await drop(controlUrl, signal);
        return blocked && (await observe(signal)).word === "quiet";
      },
    }),
    close: async () => undefined,
  };
}

function authorization({ username, password }: NginxRtmpOptions): Record<string, string> {
  if (username === undefined) return {};
  const credentials = Buffer.from(`${username}:${password ?? ""}`).toString("base64");
  return { authorization: `Basic ${credentials}` };
}
