/** An ingest that takes from an nginx with the RTMP module: a real one, and real publishers. */
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../e2e/facility.ts";
import { freePort, startNginxRtmp } from "../../fakes/nginx-rtmp.ts";
import { Publisher } from "../../fakes/publisher.ts";
import { anIngest } from "./an-ingest.ts";

const streamKey = "open-sesame";
const picture = { codec: "h264", widthPx: 320, heightPx: 180 };

async function aSite({
  asksUs = true,
  key = streamKey,
}: { asksUs?: boolean; key?: string | null } = {}) {
  const authorise = { host: "127.0.0.1", port: await freePort() };
  const asked = `http://127.0.0.1:${authorise.port}/`;
  const nginx = await startNginxRtmp(asksUs ? { onPublish: asked, onPublishDone: asked } : {});
  onTestFinished(() => nginx.close().catch(() => undefined));
  const { hostname: host, port } = new URL(nginx.rtmpUrl.replace("rtmp", "http"));
  const ingest = await anIngest({
    ...{ kind: "nginx-rtmp", host, port: Number(port), app: "live", streamKey: key },
    ...(asksUs && { authorise }),
  });
  return { nginx, ingest, url: `${nginx.rtmpUrl}/${streamKey}`, asked };
}

test("nginx lets in whom we let in; each publisher is read anew, at its own speed", async () => {
  const { ingest, url, nginx } = await aSite();
  await ingest.untilState("waiting");
  const stranger = Publisher.rtmp(`${nginx.rtmpUrl}/open-barley`);
  await until("it is sent away", () => stranger.isOver);
  const { refused } = await ingest.untilState("waiting", (it) => it.refused.count > 0);
  expect(refused.last).toMatchObject({ from: "127.0.0.1", why: "has a wrong stream key" });

  const first = Publisher.rtmp(url);
  const status = await ingest.untilState("receiving", ({ video, audio }) => !!video && !!audio);
  expect(status).toMatchObject({ video: picture, publisher: { from: "127.0.0.1" }, epochs: 1 });
  const seen = await ingest.hear(45);
  expect(seen).toMatchObject({ video: "h264", audio: "aac" });
  expect(seen.worstStepS).toBeLessThan(0.2);

  const second = Publisher.rtmp(url);
  await until("there is one already", () => second.isOver);
  expect(ingest.status().refused.last!.why).toMatch(/has the key, but 127.0.0.1 publishes already/);
  expect(ingest.status()).toMatchObject({ state: "receiving", epochs: 1 });

  await first.end();
  const left = await ingest.untilState("waiting");
  expect(left.why).toBe("the publisher left");
  Publisher.rtmp(url);
  await ingest.untilState("receiving", ({ epochs }) => epochs === 2);
  expect((await ingest.hear(30)).worstStepS).toBeLessThan(0.2);
}, 120_000);

test("without being asked it takes whoever has the key; an nginx that is away is failing", async () => {
  const { ingest, url, nginx } = await aSite({ asksUs: false });
  await ingest.untilState("waiting");
  const publisher = Publisher.rtmp(url);
  await ingest.untilState("receiving", ({ video }) => !!video);
  expect(ingest.status().publisher).toBe(null);
  await publisher.end();
  await ingest.untilState("waiting", ({ why }) => why === "nothing came for 2 s");
  await nginx.close();
  const { why } = await ingest.untilState("failing");
  expect(why).toMatch(/Connection refused|Cannot open connection/);
  expect(why).not.toMatch(streamKey);
}, 120_000);

test("kept for sessions it lets nobody in while there is none; what is no question is no yes", async () => {
  const { ingest, url, asked } = await aSite({ key: null });
  const publisher = Publisher.rtmp(url);
  await until("it is sent away", () => publisher.isOver);
  await ingest.untilState("waiting", ({ refused }) =>
    /has no session/.test(refused.last?.why ?? ""),
  );
  const says = async (body: string) => (await fetch(asked, { method: "POST", body })).status;
  expect(await says("")).toBe(403);
  expect(await says(`call=publish&app=live&name=${streamKey}`)).toBe(403);
  expect(await says("x".repeat(100_000)).catch(() => 400)).toBe(400);
}, 60_000);
