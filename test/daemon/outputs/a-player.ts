/** hls.js, or dash.js for an MPD, in a real browser, and all that a viewer would have noticed. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export type Noticed = {
  /** What hls.js or the browser called an error, or a wait. */
  troubles: string[];
  /** Where the picture was each time it was looked at, s. */
  positions: number[];
};

const dashJs = "dashjs";
const page = `<!doctype html><video id="video" muted autoplay></video><script src="/player.js"></script>
<script>
  const noticed = (window.noticed = { troubles: [], positions: [] });
  const video = document.getElementById("video");
  const url = new URLSearchParams(location.search).get("list");
  let plays = false;
  for (const name of ["waiting", "stalled", "error"]) {
    video.addEventListener(name, () => plays && noticed.troubles.push(name + " at " + video.currentTime));
  }
  video.addEventListener("playing", () => (plays = true));
  const heights = (window.heights = new Set());
  video.addEventListener("resize", () => heights.add(video.videoHeight));
  if (window.dashjs) {
    const player = (window.player = dashjs.MediaPlayer().create());
    for (const name of ["ERROR", "PLAYBACK_ERROR"]) {
      player.on(dashjs.MediaPlayer.events[name], ({ error }) =>
        noticed.troubles.push(["dash", error?.code, error?.message].join(" ")));
    }
    player.initialize(video, url, true);
  } else {
    const hls = (window.player = new Hls({ enableWorker: false }));
    hls.on(Hls.Events.ERROR, (_, { type, details, fatal }) =>
      noticed.troubles.push(["hls", type, details, fatal].join(" ")));
    hls.loadSource(url);
    hls.attachMedia(video);
  }
  setInterval(() => plays && noticed.positions.push(video.currentTime), 100);
</script>`;

export async function aPlayer(list: string) {
  const player = list.endsWith(".mpd") ? dashJs : "hls.js/dist/hls.min.js";
  const script = createRequire(import.meta.url).resolve(player);
  const server = createServer((request, response) => {
    const isScript = request.url === "/player.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? readFileSync(script) : page);
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  });
  const tab = await browser.newPage();
  const { port } = server.address() as AddressInfo;
  await tab.goto(`http://127.0.0.1:${port}/?list=${encodeURIComponent(list)}`);
  return {
    noticed: () => tab.evaluate(() => (globalThis as unknown as { noticed: Noticed }).noticed),
    /** Of all pictures that were shown, px. */
    heights: () =>
      tab.evaluate(() => [...(globalThis as unknown as { heights: Set<number> }).heights]),
    async close(): Promise<void> {
      await browser.close();
      await new Promise((done) => server.close(done));
    },
  };
}
