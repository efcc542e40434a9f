import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { SlateAsk } from "../../../machines/stream/slate.contract.ts";
import { info } from "../messages.ts";
import { anApi } from "./an-api.ts";

const told = {
  ...{ picture: "uploaded", widthPx: 640, heightPx: 360, sizeBytes: 5, sha256: "0" },
  ...{ text: "", clock: false, changedAtMs: 1_767_000_000_000, changedBy: "test" },
};

/** A site that answers every question about its slate, and what it was asked. */
async function aStudio(answer: (ask: SlateAsk) => object = () => ({ status: "done", data: told })) {
  const api = await anApi();
  const asked: SlateAsk[] = [];
  api.hears("studio", "info", info());
  api.hears("studio", "availability", "online");
  api.wire.answer = (topic, payload) => {
    if (!topic.endsWith("request/stream/main/slate")) return;
    const { id, args } = JSON.parse(payload) as { id: string; args: unknown };
    const ask = SlateAsk.parse(args);
    asked.push(ask);
    const said = { id, atMs: 0, message: "said", ...answer(ask) };
    setImmediate(() => api.hears("studio", "response/stream/main/slate", said));
  };
  /** The picture itself is the body, which `ask` cannot send. */
  const put = async (type: string, body: Buffer) => {
    const reply = await api.app.inject({
      ...{ method: "PUT", url: "/api/streams/main/slate", payload: body },
      headers: { authorization: `Bearer ${api.key}`, "content-type": type },
    });
    return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() };
  };
  return { ...api, asked, put };
}

test("a picture goes to the site in pieces, whole and in order", async () => {
  const { put, asked } = await aStudio();
  const picture = Buffer.from(Uint8Array.from({ length: 250_000 }, (_, n) => n % 251));
  expect(await put("image/png", picture)).toMatchObject({
    status: 200,
    body: { ref: "studio~main", picture: "uploaded", widthPx: 640, changedBy: "test" },
  });
  const parts = asked.flatMap((ask) => (ask.do === "part" ? [ask] : []));
  expect(parts.map(({ offsetBytes }) => offsetBytes)).toEqual([0, 98_304, 196_608]);
  const whole = Buffer.concat(parts.map(({ data }) => Buffer.from(data, "base64")));
  expect(whole.equals(picture)).toBe(true);
  expect(parts[0]!.sha256).toBe(createHash("sha256").update(picture).digest("hex"));
});

test("what is too large, of another type or empty never reaches the site", async () => {
  const { put, asked } = await aStudio();
  expect(await put("image/png", Buffer.alloc(4 * 1024 * 1024 + 1))).toMatchObject({
    status: 413,
    body: { code: "too_large" },
  });
  expect(await put("image/svg+xml", Buffer.from("<svg/>"))).toMatchObject({
    status: 415,
    body: { code: "not_an_image" },
  });
  expect(await put("image/png", Buffer.alloc(0))).toMatchObject({ status: 400 });
  expect(asked).toEqual([]);
});

test("what the site says of a picture is said, and no piece is sent after it", async () => {
  const { put, asked } = await aStudio(() => ({
    ...{ status: "refused", code: "not_a_picture", message: "it is neither a PNG nor a JPEG" },
  }));
  expect(await put("image/jpeg", Buffer.alloc(300_000))).toMatchObject({
    status: 422,
    body: { code: "not_a_picture", detail: "it is neither a PNG nor a JPEG" },
  });
  expect(asked).toHaveLength(1);
});

test("text and clock are set and given back; who may only look changes nothing", async () => {
  const { ask, asked } = await aStudio();
  const path = "/api/streams/main/slate";
  expect((await ask("GET", path)).status).toBe(200);
  const body = { text: "Back at nine", clock: true };
  expect((await ask("PATCH", path, { body })).status).toBe(200);
  expect((await ask("DELETE", path)).status).toBe(200);
  expect(asked).toEqual([{ do: "tell" }, { do: "set", ...body }, { do: "reset" }]);
  const made = await ask("POST", "/api/keys", { body: { name: "eyes", kind: "ro" } });
  const key = String(made.body["key"]);
  expect((await ask("PATCH", path, { body, key })).status).toBe(403);
  expect((await ask("GET", path, { key })).status).toBe(200);
  expect(asked).toHaveLength(4);
});
