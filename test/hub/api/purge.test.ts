import { expect, test } from "vitest";
import { info } from "../messages.ts";
import { anApi } from "./an-api.ts";

/** A site whose output answers so when it is asked to purge. */
async function aStudio(answer: object) {
  const api = await anApi();
  const asked: string[] = [];
  api.hears("studio", "info", info({ inventory: [{ kind: "output", id: "web" }] }));
  api.hears("studio", "availability", "online");
  api.hears("studio", "output/web/state", {
    ...{ id: "web", epoch: "e1", seq: 0, session: "s1", atMs: 0, kind: "hls", stream: "main" },
    ...{ state: "sending", sinceMs: 0, because: null, figures: {}, restarts: 0, warnings: [] },
  });
  api.wire.answer = (topic, payload) => {
    if (!topic.endsWith("request/output/web/purge")) return;
    const { id, by } = JSON.parse(payload) as { id: string; by: string };
    asked.push(by);
    setImmediate(() =>
      api.hears("studio", "response/output/web/purge", { id, atMs: 0, ...answer }),
    );
  };
  return { ...api, asked };
}
const path = "/api/outputs/web/purge";

test("what the CDN said of a purge is answered, and who asked is written down", async () => {
  const said = { status: "done", message: "the CDN answered 204", data: { files: 12 } };
  const { ask, asked } = await aStudio(said);
  expect(await ask("POST", path)).toMatchObject({
    status: 200,
    body: { ref: "studio~web", message: "the CDN answered 204", files: 12 },
  });
  expect(asked).toEqual(["test"]);
  const { body } = await ask("GET", "/api/audit");
  expect(JSON.stringify(body)).toContain("output.purged");
  const made = await ask("POST", "/api/keys", { body: { name: "eyes", kind: "ro" } });
  expect((await ask("POST", path, { key: String(made.body["key"]) })).status).toBe(403);
  expect((await ask("POST", "/api/outputs/none/purge")).status).toBe(404);
  expect(asked).toHaveLength(1);
});

test("a CDN that refuses says so", async () => {
  const said = { status: "refused", code: "cdn_refused", message: "the CDN answered 403" };
  const { ask } = await aStudio(said);
  expect(await ask("POST", path)).toMatchObject({
    status: 409,
    body: { code: "cdn_refused", detail: "the CDN answered 403" },
  });
});
