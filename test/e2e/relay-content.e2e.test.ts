/** What the encoders of a relayed stream bring is looked at, and nobody has to configure where. */
import { expect } from "vitest";
import { type Camera, startCamera } from "../fakes/camera.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { carriers, incidents } from "./off-air.ts";
import { long } from "../setup/slow.ts";

const { facility: aFacility, keep } = closedAfterEach();

async function cameras(...programmes: (string | undefined)[]): Promise<Camera[]> {
  const started = programmes.map((programme) =>
    startCamera({ readers: 1, ...(programme !== undefined && { programme }) }),
  );
  return (await Promise.all(started)).map((camera) => keep(camera));
}

const software = ({ urls }: Camera) => ({
  driver: "ffmpeg" as const,
  config: { input: { kind: "udp", url: urls[0] } },
});

const timings = {
  ...{ streamStartMs: 200, streamStopMs: 200, recoverMs: 1_000, unreachableMs: 2_000 },
  ...{ sendStallMs: 3_000, bootMs: 2_000, initialiseMs: 500, powerUpActionMs: 500 },
  rebootMs: 3_000,
};
const box = ({ urls }: Camera, originS: number) => ({
  driver: "aja-helo" as const,
  ...{ timings, polling: { normal: "1s" } },
  picture: { gopS: 1, feed: { url: urls[0]!, originS } },
});

const told = (facility: Facility, view: string) =>
  facility.untilTold("stream.content", ({ data }) => data["view"] === view, 60_000);
const compared = (facility: Facility, word: string) =>
  facility.untilTold("stream.compared", ({ data }) => data["word"] === word, 120_000);
const selected = (facility: Facility) => facility.told("stream.relay").at(-1)?.data["selected"];

long(
  "an input that goes black is told, the other shows the same, and both have pictures for people",
  { timeout: 240_000 },
  async () => {
    const hub = keep(await Hub.start());
    const [one, two] = await cameras(undefined, undefined);
    const facility = await aFacility({
      encoders: { a: software(one!), b: software(two!) },
      stream: {
        // Two cameras have clocks of their own.
        ...{ path: "relayed", relay: { mode: "delay-line" } },
        content: { black: { do: "act", after: "2s" } },
      },
      mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
    });
    facility.startDaemon();
    await facility.untilOnAir("main-relay");
    const { message } = await compared(facility, "same");
    expect(message).toMatch(/^main: (a and b|b and a) show the same programme/);

    type Item = { kind: string; id: string; available: boolean };
    const pictures = await until("a picture of each", async () => {
      const items = (await hub.get("/api/thumbnails"))["items"] as Item[];
      const shown = items.filter(({ available }) => available).map(({ id }) => id);
      return ["a", "b"].every((id) => shown.includes(id)) && items;
    });
    expect(pictures.map(({ kind }) => kind)).toEqual(["encoder", "encoder"]);
    const jpeg = await fetch(`${hub.url}/api/encoders/a/thumbnail`);
    expect(jpeg.headers.get("content-type")).toBe("image/jpeg");

    const from = selected(facility) as "a" | "b";
    const to = from === "a" ? "b" : "a";
    const camera = { a: one!, b: two! };
    camera[from].cover(true);
    const black = await told(facility, from);
    expect(black.message).toBe(`main, of ${from}: the picture is black, for 2 s now`);
    const incident = await until("it is left for the other one", () =>
      incidents(facility).find(({ cause }) => cause === "shows-black"),
    );
    expect(incident).toMatchObject({ from, to, outcome: "tookOver" });
    expect(selected(facility)).toBe(to);
    const { content } = (await hub.get("/api/streams/main")) as {
      content: { views: { of: string; faults: { fault: string }[] }[] };
    };
    const faults = content.views.map(({ of, faults: all }) => [of, all.map(({ fault }) => fault)]);
    expect(Object.fromEntries(faults)).toEqual({ [from]: ["black"], [to]: [] });

    // Now both are: it is the programme that is black.
    camera[to].cover(true);
    await told(facility, to);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(selected(facility)).toBe(to);
    expect(carriers(facility)).toHaveLength(1);
    // What feeds the relay tells nothing of it beside.
    expect(facility.told("stream.content").map(({ subject }) => subject.id)).toEqual([
      "main",
      "main",
    ]);
  },
);

long(
  "two boxes with GOPs and times of their own are seen, too, and told apart from another programme",
  { timeout: 240_000 },
  async () => {
    const [one, two] = await cameras(undefined, "mandelbrot=size=320x180:rate=15");
    const facility = await aFacility({
      encoders: { a: box(one!, 0), b: box(two!, 95_400) },
      stream: {
        ...{ path: "relayed", relay: { host: "127.0.0.1", port: await freePort() } },
        content: { black: { do: "act", after: "1s" } },
      },
    });
    facility.startDaemon();
    await facility.untilOnAir("main-relay");
    const { message } = await compared(facility, "different");
    expect(message).toMatch(/: (a|b) does not take over for a black, frozen or silent picture$/);
    const from = selected(facility) as "a" | "b";
    ({ a: one!, b: two! })[from].cover(true);
    await told(facility, from);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(incidents(facility).filter(({ cause }) => cause === "shows-black")).toEqual([]);
  },
);
