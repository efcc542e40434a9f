/** What is usual without a relay: one ffmpeg at a time pushes to the far end. */
import { type ChildProcess, spawn } from "node:child_process";
import { startSharedSource } from "../e2e/shared-source.ts";
import { until } from "../e2e/facility.ts";
import { startFarEnd } from "../fakes/rtmp-far-end/far-end.ts";
import { monoMs, pause } from "./drill.ts";
import { type Gap, gapAround } from "./gaps.ts";
import { fps, picturesAt } from "./relayed-drill.ts";

/** `restart`: a loop starts the same again, with short probing; `backup`: another, as ffmpeg comes. */
type Way = "restart" | "backup";
const shortProbing = ["-fflags", "nobuffer", "-probesize", "500000", "-analyzeduration", "500000"];
const steadyMs = 3_000;

/** The one that pushes is killed so many times, each time in a facility of its own. */
export async function coldGaps(
  count: number,
  say: (line: string) => void,
): Promise<Record<Way, Gap[]>> {
  const gaps: Record<Way, Gap[]> = { restart: [], backup: [] };
  for (const way of ["restart", "backup"] as const) {
    for (let at = 0; at < count; at++) {
      gaps[way].push(await coldGap(way));
      say(`cold ${way}: ${Math.round(gaps[way].at(-1)!.longestMs)} ms without a picture`);
    }
  }
  return gaps;
}

async function coldGap(way: Way): Promise<Gap> {
  const source = await startSharedSource(2, fps);
  const farEnd = await startFarEnd({ behaviour: "acceptBoth" });
  const cameMs = picturesAt(farEnd);
  const running = new Set<ChildProcess>();
  const push = (reader: number, probing: string[]) => {
    // prettier-ignore
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "ffmpeg", "-hide_banner", "-loglevel", "fatal",
      "-nostdin", ...probing, "-f", "mpegts", "-i", `${source.url(reader)}?fifo_size=50000&overrun_nonfatal=1`,
      "-map", "0:v:0", "-map", "0:a:0", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
      "-threads", "1", "-b:v", "400k", "-g", String(fps), "-c:a", "copy", "-f", "flv", `${farEnd.rtmpUrl}/cold`],
      { stdio: "ignore" });
    running.add(child);
    child.once("exit", () => running.delete(child));
    return child;
  };
  const cameFor = (fromMs: number) => () =>
    cameMs.length > 0 && cameMs.at(-1)! - cameMs.find((atMs) => atMs > fromMs)! > steadyMs;
  try {
    const first = push(0, shortProbing);
    await until("pictures come", cameFor(0), 60_000);
    await pause(Math.random() * 1_000);
    const struckMs = monoMs();
    first.once("exit", () => (way === "restart" ? push(0, shortProbing) : push(1, [])));
    first.kill("SIGKILL");
    await until("pictures come again", cameFor(struckMs + 200), 60_000);
    return gapAround(cameMs, struckMs, monoMs() - struckMs);
  } finally {
    for (const child of running) child.kill("SIGKILL");
    await until("they are gone", () => running.size === 0);
    await farEnd.close();
    await source.close();
  }
}
