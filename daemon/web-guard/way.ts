import { guardedConnect, placeOf } from "./guarded-connect.ts";
import { openGuardedProxy } from "./guarded-proxy.ts";

/** Nothing of ours: it may hold secrets. */
export const plainWay: NodeJS.ProcessEnv = { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" };

/**
 * The environment of an ffmpeg that opens this address. On the web it gets to the server that is
 * named there, and from it on only to the internet: a playlist or a redirect may name anything.
 */
export async function wayTo(url: string): Promise<NodeJS.ProcessEnv> {
  const to = new URL(url);
  if (!to.protocol.startsWith("http")) return plainWay;
  // What is kept away shows as a picture that does not come.
  const port = await openGuardedProxy(guardedConnect(placeOf(to)), () => undefined);
  return { ...plainWay, http_proxy: `http://127.0.0.1:${port}` };
}
