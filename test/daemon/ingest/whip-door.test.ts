import { createHash } from "node:crypto";
import { RTCPeerConnection, useH264, useOPUS, useVP8 } from "werift";
import { expect, onTestFinished, test } from "vitest";
import type { Publisher, Refusal } from "../../../daemon/ingest/door.ts";
import { openWhipDoor } from "../../../daemon/ingest/whip-door.ts";
import { freePort } from "../../fakes/nginx-rtmp.ts";

const key = "open-sesame";

async function aDoor(forSession: string | null = key) {
  const port = await freePort();
  const keySha256 = forSession && createHash("sha256").update(forSession).digest("hex");
  const refusals: string[] = [];
  const publishers: (Publisher | undefined)[] = [];
  const server = await openWhipDoor(
    "stage",
    { kind: "whip", host: "127.0.0.1", port, keySha256 },
    {
      began: (publisher) => publishers.push(publisher),
      packet: () => undefined,
      report: () => undefined,
      ended: () => publishers.push(undefined),
    },
    ({ why }: Refusal) => refusals.push(why),
  );
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const ask = async (
    path: string,
    init: RequestInit & { headers?: Record<string, string> } = {},
  ) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      ...init,
      headers: { Authorization: `Bearer ${key}`, ...init.headers },
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const publish = (body: string) =>
    ask("/whip/stage", { body, headers: { "Content-Type": "application/sdp" } });
  return { ask, publish, refusals, publishers };
}

async function anOffer(picture = useH264()): Promise<string> {
  const peer = new RTCPeerConnection({
    codecs: { video: [picture], audio: [useOPUS()] },
    iceServers: [],
  });
  onTestFinished(() => peer.close());
  peer.addTransceiver("video", { direction: "sendonly" });
  peer.addTransceiver("audio", { direction: "sendonly" });
  await peer.setLocalDescription(await peer.createOffer());
  return peer.localDescription?.sdp ?? "";
}

test("who has the key is answered, is alone, and ends it", async () => {
  const { ask, publish, publishers, refusals } = await aDoor();
  const told = await publish(await anOffer());
  expect(told.status).toBe(201);
  expect(told.headers.get("Content-Type")).toBe("application/sdp");
  expect(told.headers.get("Access-Control-Expose-Headers")).toBe("Location");
  expect(told.text).toMatch(/^a=rtpmap:\d+ h264\/90000/im);
  expect(told.text).toMatch(/^a=candidate:.* 127\.0\.0\.1 \d+ typ host/m);
  expect(told.text.match(/^a=candidate:.*/gm)?.every((line) => line.includes("127.0.0.1"))).toBe(
    true,
  );
  const busy = await publish(await anOffer());
  expect(busy.status).toBe(409);
  expect(busy.text).toMatch(/^has the key, but 127\.0\.0\.1:\d+ publishes already\n$/);
  const location = told.headers.get("Location") ?? "";
  expect((await ask("/whip/stage/another", { method: "DELETE" })).status).toBe(404);
  const stranger = { method: "DELETE", headers: { Authorization: "Bearer open-barley" } };
  expect((await ask(location, stranger)).status).toBe(403);
  expect(publishers).toHaveLength(1);
  expect((await ask(location, { method: "DELETE" })).status).toBe(200);
  expect(publishers).toMatchObject([{ from: expect.any(String) as string }, undefined]);
  expect((await ask(location, { method: "DELETE" })).status).toBe(404);
  expect((await publish(await anOffer())).status).toBe(201);
  expect(refusals).toHaveLength(4);
  expect(refusals.join()).not.toMatch(/open-(sesame|barley)/);
});

const sdp = { "Content-Type": "application/sdp" };
test.each<[string, string, RequestInit & { headers?: Record<string, string> }, number, string]>([
  [
    "without a key",
    "/whip/stage",
    { headers: { ...sdp, Authorization: "" } },
    401,
    "has no key: send Authorization: Bearer KEY",
  ],
  [
    "with a wrong key",
    "/whip/stage",
    { headers: { ...sdp, Authorization: "Bearer open-barley" } },
    403,
    "has a wrong key",
  ],
  ["to another ingest", "/whip/yard", { headers: sdp }, 404, "publish to /whip/stage"],
  ["with a question", "/whip/stage", { method: "GET" }, 405, "asks with GET"],
  ["with candidates", "/whip/stage/a", { method: "PATCH" }, 405, "asks with PATCH"],
  [
    "with something that is no offer",
    "/whip/stage",
    { body: "{}", headers: { "Content-Type": "application/json" } },
    415,
    "sends no offer: the content type must be application/sdp",
  ],
  [
    "with an empty offer",
    "/whip/stage",
    { body: "", headers: sdp },
    422,
    "cannot be taken in: the body is not SDP",
  ],
  [
    "with an endless offer",
    "/whip/stage",
    { body: "v=0\r\n".repeat(20_000), headers: sdp },
    413,
    "sends an offer of more than 64 KiB",
  ],
  [
    "with a picture that nothing describes",
    "/whip/stage",
    { body: "v=0\r\nm=video 9 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n", headers: sdp },
    422,
    "cannot be taken in: ",
  ],
])("who comes %s is told why not, and the door is free", async (_, path, init, status, why) => {
  const { ask, publish, publishers, refusals } = await aDoor();
  const told = await ask(path, init);
  expect(told.status).toBe(status);
  expect(told.text).toContain(why);
  expect(refusals).toEqual([told.text.trimEnd()]);
  expect(publishers.at(-1)).toBeUndefined();
  expect((await publish(await anOffer())).status).toBe(201);
});

test("a picture that is not H.264 is refused, before anything is begun", async () => {
  const { publish, publishers } = await aDoor();
  const told = await publish(await anOffer(useVP8()));
  expect(told).toMatchObject({ status: 422 });
  expect(told.text).toContain("the picture must be H.264, which the offer does not have");
  expect(publishers).toEqual([]);
});

test("a door that is kept for sessions lets nobody in while there is none", async () => {
  const { publish } = await aDoor(null);
  expect(await publish(await anOffer())).toMatchObject({
    status: 403,
    text: "has no session: it is kept for sessions\n",
  });
});

test("a page of another site may ask, as its browser wants to know first", async () => {
  const { ask } = await aDoor();
  const { status, headers } = await ask("/whip/stage", { method: "OPTIONS" });
  expect(status).toBe(204);
  expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect(headers.get("Access-Control-Allow-Headers")).toBe("Authorization, Content-Type");
});
