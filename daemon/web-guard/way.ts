import { guardedConnect, placeOf } from "./guarded-connect.ts";
import { openGuardedRtsp } from "./guarded-rtsp.ts";
import { openGuardedProxy } from "./guarded-proxy.ts";

/** How an ffmpeg gets to an address: its environment, and its arguments as they have to be. */
export type Way = { env: NodeJS.ProcessEnv; leads: (args: readonly string[]) => readonly string[] };

/** Nothing of ours: it may hold secrets. */
export const plainWay: Way = {
  env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
  leads: (args) => args,
};

/**
 * The way of an ffmpeg that opens this address. It gets to the server that is named there, and from
 * it on only to the internet: a playlist or a redirect may name anything.
 */
export async function wayTo(url: string): Promise<Way> {
  const to = new URL(url);
  // What is kept away shows as a picture that does not come.
  const keptAway = () => undefined;
  if (to.protocol === "rtsp:") {
    const by = await openGuardedRtsp(to.href, keptAway);
    return { ...plainWay, leads: (args) => args.map((arg) => (arg === to.href ? by : arg)) };
  }
  if (!to.protocol.startsWith("http")) return plainWay;
  const port = await openGuardedProxy(guardedConnect(placeOf(to)), keptAway);
  return { ...plainWay, env: { ...plainWay.env, http_proxy: `http://127.0.0.1:${port}` } };
}
