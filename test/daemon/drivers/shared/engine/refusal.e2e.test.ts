/** What the last words of real programs say of why they were not let in; never guessed. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startFarEnd } from "../../../../fakes/rtmp-far-end/far-end.ts";
import { small } from "../../gstreamer/an-engine.ts";
import { aSite, generous, key, output } from "./a-site.ts";
import { until } from "./until.ts";

type Site = Awaited<ReturnType<typeof aSite>>;

/** How a start ended: told in one reading, with what the program said. */
async function ends(site: Site, opened = site.open()) {
  const { driver, seen } = await opened;
  return async (address = site.farEnd.rtmpUrl) => {
    const from = seen.length;
    await driver.startOutput(output, { ...site.target(), address }, generous());
    const end = await until("its end is told", () => seen.slice(from).find(({ exit }) => exit));
    expect(end).toMatchObject({ state: "idle", exit: { signal: null } });
    const said = end.reading.alarms?.join() ?? "";
    expect(said).toContain(" ended: ");
    expect(said).not.toContain(key);
    return end.refusal;
  };
}

test.each(["ffmpeg", "gstreamer"])(
  "%s that the far end does not let in is refused, and nobody who finds no far end is",
  async (vendor) => {
    const site = await aSite(vendor, small);
    const endAt = await ends(site);
    site.farEnd.block(key, true);
    expect(await endAt()).toBe("refused");
    for (const address of ["rtmp://127.0.0.1:9/live", "rtmp://nowhere.invalid/live"]) {
      expect([address, await endAt(address)]).toEqual([address, undefined]);
    }
  },
);

test.each(["ffmpeg", "gstreamer"])(
  "%s that a far end hangs up on, without a word, may have been refused",
  async (vendor) => {
    const site = await aSite(vendor, small);
    const far = Number(/:(\d+)\//.exec(site.farEnd.rtmpUrl)?.[1]);
    const door = createServer((caller) => {
      const behind = connect(far, "127.0.0.1");
      for (const socket of [caller, behind]) socket.on("error", () => socket.destroy());
      behind.pipe(caller);
      caller.on("data", (bytes) => {
        if (bytes.includes("publish")) caller.end(() => behind.destroy());
        else behind.write(bytes);
      });
    });
    door.listen(0, "127.0.0.1");
    await once(door, "listening");
    onTestFinished(() => void door.close());
    const { port } = door.address() as AddressInfo;
    const endAt = await ends(site);
    expect(await endAt(`rtmp://127.0.0.1:${port}/live`)).toBe("maybeRefused");
    door.close();
    expect(await endAt(`rtmp://127.0.0.1:${port}/live`)).toBe(undefined);
  },
);

test("what the server of the input refuses says nothing of the far end", async () => {
  const site = await aSite("ffmpeg", small);
  const source = await startFarEnd();
  onTestFinished(() => source.close());
  for (const url of [source.rtmpUrl, site.farEnd.rtmpUrl]) {
    const input = { kind: "rtmp", url, streamKey: "nothing" };
    const opened = await site.open("ffmpeg", { ...small, input });
    expect(await (await ends(site, Promise.resolve(opened)))()).toBe(undefined);
    await opened.driver.close();
  }
});

test("an SRT far end that wants a passphrase refuses, one that is not there does not", async () => {
  const site = await aSite("ffmpeg", small);
  const free = createSocket("udp4").bind(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address();
  free.close();
  const address = `srt://127.0.0.1:${port}`;
  const endAt = await ends(site);
  expect(await endAt(address)).toBe(undefined);
  const listener = spawn("ffmpeg", [
    ...["-nostdin", "-loglevel", "quiet", "-f", "mpegts"],
    ...["-i", `${address}?mode=listener&passphrase=0123456789abc`, "-f", "null", "-"],
  ]);
  onTestFinished(() => void listener.kill("SIGKILL"));
  // Until it listens there is nobody.
  await expect.poll(() => endAt(address), { timeout: 60_000 }).toBe("refused");
});
