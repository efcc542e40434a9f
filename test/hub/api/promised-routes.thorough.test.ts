import { expect, test } from "vitest";
import { encoder, info, storage, stream } from "../messages.ts";
import { anApi, withAStudio } from "./an-api.ts";

/**
 * The paths of the documents that this hub was promised by, as they are written there. `both`: with
 * and without /api; the others as they stand. 501: a later version answers.
 */
const both: [method: string, path: string, status?: 501][] = [
  ["POST", "/streams/init"],
  ["GET", "/streams/{}/health"],
  ["PUT", "/streams/{}/config"],
  ["DELETE", "/streams/{}"],
  ["GET", "/monitoring/status"],
  ["GET", "/monitoring/alerts", 501],
  ["GET", "/monitoring/metrics"],
  ["GET", "/monitoring/load-balancer"],
  ["GET", "/monitoring/encoders/{}/metrics"],
  ["GET", "/monitoring/streams/health"],
  ["GET", "/monitoring/streams/config/{}"],
  ["GET", "/monitoring/thermal/status"],
  ["GET", "/monitoring/thermal/{}/temperature"],
  ["POST", "/monitoring/thermal/{}/cooldown"],
  ["GET", "/encoders/{}/metrics"],
  ["GET", "/encoders/{}/status"],
  ["GET", "/encoders/system/status"],
  ["GET", "/encoders/{}/control"],
  ["POST", "/encoders/{}/control"],
  ["GET", "/health/encoder/{}"],
  ["GET", "/health/detailed"],
  ["POST", "/upload", 501],
  ["GET", "/status/{}", 501],
  ["GET", "/video/{}/{}", 501],
  ["GET", "/jobs", 501],
];
const bare: typeof both = [
  ["POST", "/jobs", 501],
  ["GET", "/jobs/{}", 501],
  ["GET", "/nodes", 501],
  ["POST", "/nodes/register", 501],
  ["GET", "/health"],
  ["GET", "/metrics"],
];
const promised = [
  ...both,
  ...both.map(([method, path, ...status]): (typeof both)[number] => [
    method,
    `/api${path}`,
    ...status,
  ]),
  ...bare,
];

const blank = (url: string) => url.replace(/:\w+|\{\w+\}/g, "{}");

test("every promised path is served and documented", async () => {
  const { app, ask } = await anApi();
  await app.ready();
  const served = new Set(app.routeTable.map(({ method, url }) => `${method} ${blank(url)}`));
  const { paths } = (await ask("GET", "/openapi.json")).body as { paths: Record<string, object> };
  const documented = new Set(
    Object.entries(paths).flatMap(([url, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${blank(url)}`),
    ),
  );
  for (const [method, path] of promised) {
    expect(served).toContain(`${method} ${path}`);
    expect(documented).toContain(`${method} ${path}`);
  }
});

test("what comes later says so, whatever is sent to it", async () => {
  const { app, secret } = await anApi();
  const later = promised.filter(([, , status]) => status === 501);
  expect(later.length).toBeGreaterThan(10);
  for (const [method, path] of later) {
    const reply = await app.inject({
      method: method as "GET",
      url: path.replaceAll("{}", "x"),
      headers: { authorization: `Bearer ${secret}`, "content-type": "video/mp4" },
      ...(method === "POST" && { payload: "not json" }),
    });
    expect([path, reply.statusCode]).toEqual([path, 501]);
    expect(reply.headers["content-type"]).toContain("application/problem+json");
    expect(reply.json()).toMatchObject({ code: "not_implemented", status: 501 });
  }
});

test("all spellings of a path give equal answers", async () => {
  const { app, ask } = await withAStudio();
  const metrics = ["/encoders/helo-a/metrics", "/monitoring/encoders/helo-a/metrics"];
  const twins = [
    metrics,
    ...both
      .filter(([method, , status]) => method === "GET" && status !== 501)
      .map(([, path]) => [path.replace(/(streams)\/\{\}/, "$1/main").replaceAll("{}", "helo-a")]),
  ];
  await app.ready();
  const alike = (body: Record<string, unknown>) => ({ ...body, at: null, hub: null });
  for (const paths of twins) {
    const spellings = paths.flatMap((path) => [path, `/api${path}`]);
    const answers = [];
    for (const url of spellings) answers.push(await ask("GET", url));
    for (const answer of answers) {
      expect([spellings[0], answer.status]).toEqual([spellings[0], 200]);
      expect(alike(answer.body)).toEqual(alike(answers[0]?.body ?? {}));
    }
  }
});

test("an encoder's figures come in the units that scripts read; unmeasured ones are null and named", async () => {
  const { app, ask, hears, secret } = await withAStudio();
  const figure = (value: number) => ({ value, atMs: 1, source: "device" });
  const figures = {
    cpuUsageRatio: figure(0.425),
    temperatureC: figure(61.5),
    clientCount: figure(3),
  };
  const outputs = [{ ...output("stream-1"), state: "streaming" as const }, output("stream-2")];
  const connection = { breaker: "closed", healthScore: 92, failedRatio: 0.05 } as const;
  hears("studio", "encoder/helo-a/state", encoder({ figures, outputs, connection }));
  const { body } = await ask("GET", "/api/encoders/helo-a/metrics");
  expect(body).toMatchObject({
    ...{ encoder_id: "helo-a", site_id: "studio", ref: "studio~helo-a", stale: false },
    ...{ cpu_usage: 42.5, temperature: 61.5, error_rate: 5, active_encoding_sessions: 1 },
    ...{ memory_usage: null, fan_speed: null, bitrate: null, client_count: 3 },
  });
  const scraped = await app.inject({
    url: "/metrics",
    headers: { authorization: `Bearer ${secret}` },
  });
  const labels = 'site="studio",encoder="helo-a"';
  expect(scraped.body).toContain(`understudy_encoder_active_sessions{${labels}} 1`);
  expect(body["not_available"]).toEqual(
    expect.arrayContaining(["memory_usage", "fan_speed", "bitrate"]),
  );
  const health = await ask("GET", "/health/encoder/helo-a");
  expect(health.body["encoder"]).toMatchObject({
    ...{ status: "healthy", because: [] },
    device_status: { cpu_usage: 42.5, temperature: 61.5, link: "reachable" },
    connection_health: { health_score: 92, error_rate: 5 },
  });
});

test("an encoder is critical, worse or not known, with the reason", async () => {
  const { ask, hears } = await withAStudio();
  const health = async () => (await ask("GET", "/health/encoder/helo-a")).body["encoder"];
  hears("studio", "encoder/helo-a/state", encoder({ input: "lost" }));
  expect(await health()).toMatchObject({ status: "warning", because: ["its input is lost"] });
  hears("studio", "encoder/helo-a/state", encoder({ link: "unreachable" }));
  expect(await health()).toMatchObject({ status: "critical" });
  hears("studio", "encoder/helo-a/state", encoder({ link: "unknown" }));
  expect(await health()).toMatchObject({ status: "unknown" });
  hears("studio", "encoder/helo-a/state", encoder({ link: "unreachable" }));
  hears("studio", "availability", "offline");
  expect(await health()).toMatchObject({ status: "unknown", stale: true });
});

test("a stream's health keeps apart what was commanded, reported and observed", async () => {
  const { ask, hears } = await anApi();
  const inventory = [
    { kind: "encoder", id: "helo-a" },
    { kind: "stream", id: "main" },
    { kind: "destination", id: "far-end" },
    { kind: "storage", id: "helo-a" },
  ];
  hears("studio", "info", info({ inventory }));
  hears("studio", "availability", "online");
  hears("studio", "storage/helo-a/state", storage());
  const outputs = [{ ...output("stream-1"), state: "streaming" as const }];
  hears("studio", "encoder/helo-a/state", encoder({ outputs }));
  hears("studio", "stream/main/state", stream());
  const one = await ask("GET", "/api/streams/main/health");
  expect(one.body).toMatchObject({
    ...{ stream_id: "main", encoder_id: "helo-a", status: "healthy", bitrate: 4_000_000 },
    ...{ commanded: "streaming", reported: "streaming", observed: "unknown", cpu_usage: null },
  });
  const headers = { "if-none-match": String(one.headers["etag"]) };
  expect((await ask("GET", "/api/streams/main/health", { headers })).status).toBe(304);
  hears("studio", "stream/main/state", stream({ carriage: "offAir", carrier: "needsHuman" }));
  const all = await ask("GET", "/api/monitoring/streams/health");
  expect(all.body["streams"]).toMatchObject([{ stream_id: "main", status: "critical" }]);
  const status = await ask("GET", "/monitoring/status");
  expect(status.body).toMatchObject({
    ...{ status: "critical", sites: { total: 1, online: 1 } },
    encoders: { total: 1, healthy: 1 },
    streams: { total: 1, critical: 1, on_air: 0 },
  });
  const system = await ask("GET", "/api/encoders/system/status");
  expect(system.body).toMatchObject({ items: [{ encoder_id: "helo-a", status: "healthy" }] });
  const metrics = await ask("GET", "/api/encoders/helo-a/metrics");
  expect(metrics.body["storage_health"]).toBe("nearlyFull");
});

test("what streams an encoder serves, and how it is set, has its path", async () => {
  const { ask, hears } = await withAStudio();
  const settings = { sizeOf: "input" as const, videoBitrateBps: 5_000_000 };
  hears("studio", "encoder/helo-a/state", encoder({ settings }));
  const { body } = await ask("GET", "/monitoring/streams/config/studio~helo-a");
  expect(body).toMatchObject({
    settings: { resolution: "input", bitrate: 5_000_000, fps: null },
    streams: [{ stream_id: "main", role: "primary", is_carrier: true, destination_id: "far-end" }],
  });
});

test("an id that two sites have is asked back on every path", async () => {
  const { ask, hears } = await withAStudio();
  hears("chapel", "info", info({ site: "chapel" }));
  for (const path of [
    "/encoders/helo-a/metrics",
    "/health/encoder/helo-a",
    "/monitoring/streams/config/helo-a",
    "/streams/main/health",
  ]) {
    const answer = await ask("GET", `/api${path}`);
    expect([path, answer.status, answer.body["code"]]).toEqual([path, 409, "ambiguous_id"]);
    expect(answer.body["candidates"]).toHaveLength(2);
  }
});

function output(id: string) {
  const still = { progress: "frozen", sendQueue: "draining", sinceMs: 1 } as const;
  return { id, state: "idle" as const, ...still };
}
