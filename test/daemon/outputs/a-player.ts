/** hls.js in a real browser, and all that a viewer would have noticed. */
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

const page = `<!doctype html><video id="video" muted autoplay></video><script src="/hls.js"></script>
<script>
  const noticed = (window.noticed = { troubles: [], positions: [] });
  const video = document.getElementById("video");
  const url = new URLSearchParams(location.search).get("list");
  const hls = new Hls({ enableWorker: false });
  let plays = false;
  hls.on(Hls.Events.ERROR, (_, { type, details, fatal }) =>
    noticed.troubles.push(["hls", type, details, fatal].join(" ")));
  for (const name of ["waiting", "stalled", "error"]) {
    video.addEventListener(name, () => plays && noticed.troubles.push(name + " at " + video.currentTime));
  }
  video.addEventListener("playing", () => (plays = true));
  hls.loadSource(url);
  hls.attachMedia(video);
  setInterval(() => plays && noticed.positions.push(video.currentTime), 100);
</script>`;

export async function aPlayer(list: string) {
  const script = createRequire(import.meta.url).resolve("hls.js/dist/hls.min.js");
  const server = createServer((request, response) => {
    const isScript = request.url === "/hls.js";
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
    async close(): Promise<void> {
      await browser.close();
      await new Promise((done) => server.close(done));
    },
  };
}
