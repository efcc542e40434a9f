import { expect, test } from "vitest";
import { withAStudio } from "./an-api.ts";

const noon = Date.parse("2026-09-21T12:00:00Z");
const path = "/api/encoders/helo-a/connection/history";
const counts = { requests: 60, failed: 1, resets: 0 };
const point = { healthScore: 80, latencyMs: 31, ...counts, temperatureC: 71.5 };

async function aStudio(answer: (asked: Record<string, unknown>) => object | undefined) {
  const studio = await withAStudio({ now: () => noon });
  const questions: { topic: string; args: unknown }[] = [];
  studio.wire.answer = (topic, payload) => {
    const asked = JSON.parse(payload) as Record<string, unknown>;
    if (!topic.includes("/request/")) return;
    questions.push({ topic, args: asked["args"] });
    const said = answer(asked);
    if (!said) return;
    const response = { id: asked["id"], atMs: noon, ...said };
    studio.hears("studio", "response/encoder/helo-a/connection-history", response);
  };
  return { ...studio, questions };
}

test("the history of a connection is asked of its site, and nothing is kept of the question", async () => {
  const { ask, questions } = await aStudio(() => ({
    ...{ status: "done", message: "1 points", data: { points: [{ atMs: noon, ...point }] } },
  }));
  const { status, body } = await ask("GET", path);
  expect(status).toBe(200);
  expect(body).toEqual({
    ...{ ref: "studio~helo-a", from: "2026-09-20T12:00:00.000Z", to: "2026-09-21T12:00:00.000Z" },
    ...{ step: 300, points: [{ at: "2026-09-21T12:00:00.000Z", ...point }] },
  });
  expect(questions).toEqual([
    {
      topic: "understudy/v1/studio/request/encoder/helo-a/connection-history",
      args: { fromMs: noon - 86_400_000, toMs: noon, stepMs: 300_000 },
    },
  ]);
  const { body: audit } = await ask("GET", "/api/audit?type=command.asked");
  expect(audit["items"]).toEqual([]);
  await ask("GET", `${path.slice(4)}?from=2026-09-21T11:00:00Z&to=2026-09-21T11:30:00Z&step=60`);
  expect(questions[1]?.args).toEqual({
    ...{ fromMs: noon - 3_600_000, toMs: noon - 1_800_000, stepMs: 60_000 },
  });
});

test("a site that keeps no heat yet is heard all the same", async () => {
  const { temperatureC: _, ...older } = point;
  const { ask } = await aStudio(() => ({
    ...{ status: "done", message: "1 points", data: { points: [{ atMs: noon, ...older }] } },
  }));
  const { body } = await ask("GET", path);
  expect(body["points"]).toMatchObject([{ ...older, temperatureC: null }]);
});

test.each([
  ["step=45", "step"],
  ["step=30&from=2026-09-14T12:00:00Z", "step"],
  ["from=2026-09-22T12:00:00Z", "from"],
  ["from=yesterday", "from"],
])("?%s is no question", async (query, place) => {
  const { ask, questions } = await aStudio(() => undefined);
  const { status, body } = await ask("GET", `${path}?${query}`);
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain(place);
  expect(questions).toEqual([]);
});

test("a site that refuses, speaks nonsense or is away is told of as such", async () => {
  const answers = [
    { status: "refused", code: "unknown_verb", message: "a encoder has no connection-history" },
    { status: "done", message: "?", data: { points: [{ atMs: "noon" }] } },
  ];
  const { ask, hears } = await aStudio(() => answers.shift());
  expect(await ask("GET", path)).toMatchObject({ status: 409, body: { code: "unknown_verb" } });
  expect(await ask("GET", path)).toMatchObject({ status: 504, body: { code: "site_unclear" } });
  expect((await ask("GET", "/api/encoders/nobody/connection/history")).status).toBe(404);
  hears("studio", "availability", "offline");
  expect(await ask("GET", path)).toMatchObject({ status: 503, body: { code: "site_offline" } });
});
