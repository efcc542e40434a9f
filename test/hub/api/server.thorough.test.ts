import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  EncoderItem,
  IncidentItem,
  SiteItem,
  StorageItem,
  StreamItem,
} from "../../../hub/api/items.ts";
import { encoder, event, incident, info, storage, stream } from "../messages.ts";
import { anApi, itemsIn, withAStudio } from "./an-api.ts";

test("a hub whose store takes nothing is not ready, and works all the same", async () => {
  const { ask, hears, ingest, store } = await withAStudio();
  await ingest.flush();
  const word = async (path: string) => {
    const { status, body } = await ask("GET", path, { key: null });
    return [status, body];
  };
  expect(await word("/health/ready")).toEqual([200, { status: "ok" }]);
  const commit = store.commit.bind(store);
  store.commit = () => Promise.reject(new Error("the disk is full"));
  hears("studio", "event", event(1));
  await ingest.flush();
  expect(await word("/health/ready")).toEqual([503, { status: "degraded" }]);
  expect(await word("/health")).toEqual([200, { status: "degraded" }]);
  store.commit = commit;
  await ingest.flush();
  expect(await word("/health/ready")).toEqual([200, { status: "ok" }]);
});

test("a database that fails three times in a row is left alone, and read; a command still tries", async () => {
  const clock = { nowMs: 1_767_607_200_000 };
  const { app, ask, held, hears, ingest, guard, secret } = await withAStudio({
    now: () => clock.nowMs,
  });
  await ingest.flush();
  const whole = { ...held };
  let tries = 0;
  const full = () => {
    tries += 1;
    return Promise.reject(new Error("database or disk is full"));
  };
  Object.assign(held, { commit: full, addCommand: full, saveCursor: full, addKey: full });
  hears("studio", "event", event(1));
  for (let i = 0; i < 9; i++) await ingest.flush();
  expect([tries, ingest.counts.failedCommits]).toEqual([3, 3]);
  expect((await ask("GET", "/health/ready", { key: null })).status).toBe(503);
  const detailed = () => ask("GET", "/health/detailed");
  expect((await detailed()).body).toMatchObject({ store: "failing", storeBreaker: "open" });
  const metrics = await app.inject({
    ...{ method: "GET", url: "/metrics", headers: { authorization: `Bearer ${secret}` } },
  });
  expect(metrics.body).toContain('understudy_store_breaker_state{state="open"} 1');
  expect((await ask("GET", "/api/streams/main")).status).toBe(200);
  expect((await ask("GET", "/api/events")).status).toBe(200);
  const key = await ask("POST", "/api/keys", { body: { name: "new", kind: "ro" } });
  expect([key.status, key.body["code"], tries]).toEqual([500, "store_failing", 3]);
  expect((await ask("POST", "/api/streams/main/commands", { body: { verb: "stop" } })).status).toBe(
    500,
  );
  expect(tries).toBe(4);

  clock.nowMs += 10_000;
  Object.assign(held, whole);
  guard.tend();
  await ingest.flush();
  await expect.poll(guard.word).toBe("closed");
  expect((await detailed()).body).toMatchObject({ store: "ok", storeBreaker: "closed" });
  expect((await ask("GET", "/health/ready", { key: null })).status).toBe(200);
});

test("nothing but /health, our public key and a login answers a stranger, and it says one word", async () => {
  const { app, ask } = await anApi();
  await app.ready();
  const health = await ask("GET", "/health", { key: null });
  expect(health.body).toEqual({ status: "ok" });
  const document = (await ask("GET", "/openapi.json")).body;
  const paths = Object.keys(document["paths"] as object).map((p) => p.replace(/\{\w+\}/g, "x"));
  expect(paths.length).toBeGreaterThan(20);
  // What checks our tokens needs our public key; a login by name is asked for by POST.
  const logins = ["/auth/oidc", "/auth/oidc/x/login", "/auth/oidc/x/callback"];
  const everybodys = ["/.well-known/jwks.json", ...logins];
  const open = new Set([
    "/health",
    "/health/ready",
    ...everybodys.flatMap((path) => [path, `/api${path}`]),
  ]);
  const others = ["/openapi.json", "/docs", "/metrics", "/", "/nothing/here"];
  for (const url of [...paths, ...others].filter((p) => !open.has(p))) {
    const answer = await ask("GET", url, { key: null });
    expect([url, answer.status, answer.body["message"]]).toEqual([
      ...[url, 401, "Missing Authorization header"],
    ]);
    expect(answer.headers["www-authenticate"]).toBe('Bearer realm="understudy"');
  }
});

test("a wrong method is told which there are; a path that is nothing is told so", async () => {
  const { ask } = await withAStudio();
  for (const url of ["/api/streams/main/commands", "/streams/main/commands?x=1"]) {
    const answer = await ask("PUT", url, { body: {} });
    expect([answer.status, answer.body["code"]]).toEqual([405, "method_not_allowed"]);
    expect(answer.headers["allow"]).toBe("POST");
  }
  const nothing = await ask("GET", "/api/streams/main/command");
  expect([nothing.status, nothing.body["code"]]).toEqual([404, "unknown_path"]);
});

test("a key is taken as Bearer, as X-API-Key and as a browser's password; a wrong one is not", async () => {
  const { ask, secret, keys } = await anApi();
  const basic = `Basic ${Buffer.from(`me:${secret}`).toString("base64")}`;
  const good = [
    { authorization: `Bearer ${secret}` },
    { "x-api-key": secret },
    { authorization: basic },
  ];
  for (const headers of good) {
    expect((await ask("GET", "/api/sites", { key: null, headers })).status).toBe(200);
  }
  const site = (await keys.mint("site", "studio", "studio")).secret;
  const old = (await keys.mint("adm", "old", undefined, -1)).secret;
  for (const key of [`${secret}x`, "us_adm_nonsense", site, old, ""]) {
    const answer = await ask("GET", "/api/sites", { key });
    expect(answer.status).toBe(401);
  }
});

test("a read key reads, an operator commands, only an admin makes keys", async () => {
  const { ask, keys } = await withAStudio();
  const ro = (await keys.mint("ro", "wall")).secret;
  const op = (await keys.mint("op", "night shift")).secret;
  const body = { verb: "stop" };
  expect((await ask("GET", "/api/streams", { key: ro })).status).toBe(200);
  const refused = await ask("POST", "/api/streams/main/commands", { key: ro, body });
  expect([refused.status, refused.body["code"]]).toEqual([403, "not_allowed"]);
  expect((await ask("POST", "/api/streams/main/commands", { key: op, body })).status).toBe(202);
  expect((await ask("GET", "/api/keys", { key: op })).status).toBe(403);
  const made = await ask("POST", "/api/keys", { body: { name: "x", kind: "ro" } });
  expect(made.body["key"]).toMatch(/^us_ro_[0-9A-Za-z]{36}$/);
  expect(JSON.stringify((await ask("GET", "/api/keys")).body)).not.toContain("sha256");
});

test("sites, encoders and streams come as documented, with ISO times, with and without /api", async () => {
  const { ask } = await withAStudio();
  const wanted: [string, z.ZodType][] = [
    ["/sites", SiteItem],
    ["/encoders", EncoderItem],
    ["/streams", StreamItem],
  ];
  for (const [path, schema] of wanted) {
    const answer = await ask("GET", `/api${path}`);
    expect(itemsIn(answer)).toHaveLength(1);
    expect(schema.safeParse(itemsIn(answer)[0]).error).toBeUndefined();
    expect(JSON.stringify(answer.body)).not.toMatch(/"(at|\w+At|since)Ms"/);
    expect((await ask("GET", path)).body).toEqual(answer.body);
  }
  const main = await ask("GET", "/api/streams/studio~main/health");
  expect(main.body).toMatchObject({
    ...{ ref: "studio~main", carriage: "onAir", stale: false, online: true },
    since: "2026-01-05T10:00:00.000Z",
  });
});

test("storage comes with the age of each figure, and metrics only of what is read now", async () => {
  const { app, ask, hears, secret } = await anApi();
  hears("studio", "availability", "online");
  hears("studio", "info", info({ inventory: [{ kind: "storage", id: "helo-a" }] }));
  hears("studio", "storage/helo-a/state", storage());
  const [item] = itemsIn(await ask("GET", "/api/storage"));
  expect(StorageItem.safeParse(item).error).toBeUndefined();
  expect((await ask("GET", "/api/storage/helo-a")).body).toEqual(item);
  expect(item).toMatchObject({
    ref: "studio~helo-a",
    state: "nearlyFull",
    media: [
      {
        ...{ id: "sd", since: "2026-01-05T10:00:00.000Z" },
        figures: { freeRatio: { value: 0.125, at: "2026-01-05T10:00:00.000Z" } },
      },
      { id: "usb" },
    ],
  });
  const labels = 'site="studio",storage="helo-a",medium="sd"';
  const headers = { authorization: `Bearer ${secret}` };
  const scraped = async () => (await app.inject({ method: "GET", url: "/metrics", headers })).body;
  const text = await scraped();
  expect(text).toContain(`understudy_storage_free_ratio{${labels}} 0.125`);
  expect(text).toContain(`understudy_storage_seconds_to_full{${labels}} 725`);
  expect(text).toContain(`understudy_storage_state{${labels},state="nearlyFull"} 1`);
  expect(text).not.toContain('free_ratio{site="studio",storage="helo-a",medium="usb"}');
  hears("studio", "availability", "offline");
  expect(await scraped()).not.toContain("understudy_storage_free_ratio{");
});

test("a bare id works while it is unique; then the candidates are named", async () => {
  const { ask, hears } = await withAStudio();
  expect((await ask("GET", "/api/encoders/helo-a/status")).status).toBe(200);
  hears("chapel", "info", info({ site: "chapel" }));
  const answer = await ask("GET", "/api/encoders/helo-a");
  expect(answer.status).toBe(409);
  expect(answer.body).toMatchObject({
    code: "ambiguous_id",
    candidates: ["chapel~helo-a", "studio~helo-a"],
  });
  expect((await ask("GET", "/api/encoders/studio~helo-a")).status).toBe(200);
  const unknown = await ask("GET", "/api/encoders/nobody");
  expect([unknown.status, unknown.body["code"]]).toEqual([404, "unknown_encoder"]);
  expect((await ask("GET", "/api/encoders/No%20Body")).body["code"]).toBe("malformed");
});

test("lists come in pages that join up, and 304 while nothing changes", async () => {
  const { ask, hears } = await anApi();
  const ids = Array.from({ length: 7 }, (_, i) => `enc-${i}`);
  hears("studio", "info", info({ inventory: ids.map((id) => ({ kind: "encoder", id })) }));
  const seen: unknown[] = [];
  let cursor = "";
  do {
    const page = await ask("GET", `/api/encoders?limit=3${cursor}`);
    seen.push(...itemsIn(page).map((item) => item["id"]));
    const next = page.body["nextCursor"];
    cursor = typeof next === "string" ? `&cursor=${next}` : "";
    if (cursor !== "") expect(page.headers["link"]).toContain('rel="next"');
  } while (cursor !== "");
  expect(seen).toEqual(ids);
  const { etag } = (await ask("GET", "/api/encoders")).headers;
  const headers = { "if-none-match": String(etag) };
  expect((await ask("GET", "/api/encoders", { headers })).status).toBe(304);
  hears("studio", "availability", "online");
  expect((await ask("GET", "/api/encoders", { headers })).status).toBe(200);
  expect((await ask("GET", "/api/encoders?cursor=%21%21")).status).toBe(400);
});

test("a site is online, offline, or not known because the hub itself is cut off", async () => {
  const { ask, hears, ingest } = await withAStudio();
  const shown = async () => itemsIn(await ask("GET", "/api/sites"))[0];
  expect(await shown()).toMatchObject({ online: true, stale: false });
  hears("studio", "availability", "offline");
  expect(await shown()).toMatchObject({ online: false, stale: true });
  ingest.linkDown();
  expect(await shown()).toMatchObject({ online: null, stale: true });
});

test("incidents and events are listed newest first, page by page", async () => {
  const { ask, hears, ingest } = await withAStudio();
  for (let seq = 1; seq <= 5; seq++) {
    const one = incident({ id: `inc-${seq}`, openedAtMs: 1_000 * seq });
    hears("studio", "event", event(seq, { data: { incident: one } }));
  }
  await ingest.flush();
  const first = await ask("GET", "/api/incidents?stream=studio~main&limit=3");
  expect(itemsIn(first).map((i) => i["id"])).toEqual(["inc-5", "inc-4", "inc-3"]);
  expect(IncidentItem.safeParse(itemsIn(first)[0]).error).toBeUndefined();
  const rest = await ask(
    "GET",
    `/api/incidents?limit=3&cursor=${String(first.body["nextCursor"])}`,
  );
  expect(itemsIn(rest).map((i) => i["id"])).toEqual(["inc-2", "inc-1"]);
  const one = await ask("GET", "/api/incidents/studio~inc-2");
  expect(one.body).toMatchObject({
    ref: "studio~inc-2",
    offAirMs: 1_800,
    openedAt: "1970-01-01T00:00:02.000Z",
  });
  expect((await ask("GET", "/api/incidents/inc-9")).body["code"]).toBe("unknown_incident");
  const events = await ask("GET", "/api/events?site=studio&subject=main&limit=2");
  expect(itemsIn(events).map((e) => e["seq"])).toEqual([5, 4]);
});

test("a command is asked of the site, and who waits sees the site's own words", async () => {
  const { ask, wire, hears, said } = await withAStudio();
  wire.answer = (topic, payload) => {
    if (!topic.includes("/request/")) return;
    const { id } = JSON.parse(payload) as { id: string };
    const answer = {
      id,
      status: "refused",
      code: "not_possible",
      message: "no understudy",
      atMs: 5,
    };
    setImmediate(() => hears("studio", "response/stream/main/failover", answer));
  };
  const body = { verb: "failover", args: { to: "helo-b" }, ttlMs: 5_000 };
  const headers = { prefer: "wait=10" };
  const answer = await ask("POST", "/api/streams/main/commands", { body, headers });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    ...{ status: "refused", code: "not_possible", message: "no understudy", by: "test" },
  });
  const location = String(answer.headers["location"]);
  expect((await ask("GET", location)).body).toEqual(answer.body);
  expect(said.find(({ topic }) => topic.includes("request"))?.topic).toBe(
    "understudy/v1/studio/request/stream/main/failover",
  );
});

test("another site cannot answer for the one that was asked", async () => {
  const { ask, hears } = await withAStudio();
  const asked = await ask("POST", "/api/streams/main/commands", { body: { verb: "stop" } });
  const id = String(asked.body["id"]);
  const answer = { id, status: "done", message: "stopped", atMs: 5 };
  hears("chapel", "response/stream/main/stop", answer);
  hears("studio", "response/stream/main/stop", { ...answer, status: "accepted" });
  const status = async () => (await ask("GET", `/api/commands/${id}`)).body["status"];
  await expect.poll(status).toBe("accepted");
});

test("a repeated Idempotency-Key asks once; with another body it is refused", async () => {
  const { ask, said } = await withAStudio();
  const headers = { "idempotency-key": "k1" };
  const post = (verb: string) =>
    ask("POST", "/api/streams/main/commands", { headers, body: { verb } });
  const first = await post("failover");
  const again = await post("failover");
  expect(again.body["id"]).toBe(first.body["id"]);
  expect(said.filter(({ topic }) => topic.includes("request"))).toHaveLength(1);
  expect((await post("stop")).status).toBe(422);
});

test("a command is refused with a code when it cannot be asked", async () => {
  const { ask, hears } = await withAStudio();
  const post = async (url: string, body: object) => {
    const answer = await ask("POST", url, { body });
    return [answer.status, answer.body["code"]];
  };
  expect(await post("/api/streams/main/commands", { verb: "dance" })).toEqual([
    400,
    "unknown_verb",
  ]);
  expect(await post("/api/streams/main/commands", {})).toEqual([400, "malformed"]);
  expect(await post("/api/streams/main/commands", { verb: "stop", x: 1 })).toEqual([
    400,
    "malformed",
  ]);
  expect(await post("/api/streams/none/commands", { verb: "stop" })).toEqual([
    404,
    "unknown_stream",
  ]);
  expect(await post("/encoders/helo-a/control", { verb: "maintenance" })).toEqual([202, null]);
  expect(await post("/api/sites/studio/commands", { verb: "off-air" })).toEqual([202, null]);
  hears("studio", "availability", "offline");
  expect(await post("/api/streams/main/commands", { verb: "stop" })).toEqual([503, "site_offline"]);
});

test("a page of another origin cannot use a browser's stored login", async () => {
  const { ask } = await withAStudio();
  const body = { verb: "stop" };
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "http://evil.example" }]) {
    const answer = await ask("POST", "/api/streams/main/commands", { body, headers });
    expect([answer.status, answer.body["code"]]).toEqual([403, "foreign_origin"]);
  }
});

test("the open demo answers only under a loopback name", async () => {
  const { ask } = await anApi({ demoOpen: true });
  const open = (host: string) => ask("GET", "/api/sites", { key: null, headers: { host } });
  expect((await open("localhost:8080")).status).toBe(200);
  expect((await open("rebound.example:8080")).status).toBe(401);
});

test("too many requests of one address are told to wait", async () => {
  const { ask } = await anApi({ requests: 3 });
  const answers = [1, 2, 3, 4].map(() => ask("GET", "/health", { key: null }));
  const last = (await Promise.all(answers)).at(-1);
  expect([last?.status, last?.body["code"]]).toEqual([429, "too_many_requests"]);
  expect(last?.headers["retry-after"]).toBeDefined();
});

test("metrics pass promtool; what is unknown or of a site that is away is absent", async () => {
  const { app, hears, secret, ingest } = await withAStudio();
  hears("studio", "event", event(1, { data: { incident: incident() } }));
  await ingest.flush();
  const scrape = async () => {
    const headers = { authorization: `Bearer ${secret}` };
    return (await app.inject({ method: "GET", url: "/metrics", headers })).body;
  };
  const { inventory } = info();
  hears("studio", "info", info({ inventory: [...inventory, { kind: "destination", id: "far" }] }));
  hears("studio", "destination/far/state", {
    ...{ id: "far", epoch: "e1", seq: 0, session: "s1", atMs: 1, state: "unknown", stalled: false },
    ...{ by: null, source: null, observedAtMs: null, sinceMs: 1, takeover: "exclusive" },
    breaker: "open",
  });
  const figure = (value: number) => ({ value, atMs: 1_790_000_000_000, source: "preview" });
  const view = { of: "helo-a", picture: "seen", sound: "heard", faults: [] };
  const figures = { shortTermLufs: figure(-22.5), integratedLufs: figure(-23) };
  const quality = {
    ...{ encoder: "helo-a", because: null, lowBeganAtMs: null },
    figures: { ssim: figure(0.97), psnrDb: figure(41.5) },
  };
  const content = { views: [{ ...view, figures }], comparison: null, quality };
  const measured = {
    ...{ bitrateBps: figure(4e6), avDriftMs: figure(-25), continuityErrors: figure(2) },
    latencyMs: figure(260),
  };
  const relay = {
    ...{ health: "running", selected: "helo-a", sinceMs: 1, reason: "start", generation: 1 },
    ...{
      switches: 0,
      missingMs: 0,
      figures: { latencyMs: figure(1_430) },
      inputs: [{ encoder: "helo-a", brings: true, figures: measured }],
    },
  };
  hears("studio", "stream/main/state", { ...stream(), content, relay });
  const pool = { socketsOpen: 2, socketsBusy: 1, requestsWaiting: 3 };
  hears("studio", "telemetry", { atMs: 1_790_000_000_000, encoders: { "helo-a": pool } });
  await expect
    .poll(scrape)
    .toContain('understudy_failovers_total{site="studio",reason="processExited"} 1');
  const text = await scrape();
  execFileSync("promtool", ["check", "metrics"], { input: text, stdio: ["pipe", "pipe", "pipe"] });
  expect(text).toContain('understudy_site_up{site="studio"} 1');
  expect(text).toContain(
    'understudy_encoder_temperature_celsius{site="studio",encoder="helo-a"} 61.5',
  );
  expect(text).toContain(
    'understudy_stream_bitrate_bytes_per_second{site="studio",stream="main"} 500000',
  );
  const input = 'site="studio",stream="main",encoder="helo-a"}';
  expect(text).toContain(`relay_input_bitrate_bytes_per_second{${input} 500000`);
  expect(text).toContain(`relay_input_av_drift_seconds{${input} -0.025`);
  expect(text).toContain(`relay_input_continuity_errors{${input} 2`);
  expect(text).toContain(`relay_input_latency_seconds{${input} 0.26`);
  expect(text).toContain('understudy_relay_latency_seconds{site="studio",stream="main"} 1.43');
  expect(text).not.toContain(`relay_input_bitrate_spread_ratio{${input}`);
  const loudness = 'understudy_stream_loudness_lufs{site="studio",stream="main",view="helo-a"';
  expect(text).toContain(`${loudness},window="short-term"} -22.5`);
  expect(text).toContain(`${loudness},window="integrated"} -23`);
  const onAir = '{site="studio",stream="main",encoder="helo-a"}';
  expect(text).toContain(`understudy_stream_ssim_ratio${onAir} 0.97`);
  expect(text).toContain(`understudy_stream_psnr_db${onAir} 41.5`);
  for (const line of [
    'breaker_state{site="studio",encoder="helo-a",state="closed"} 1',
    'breaker_state{site="studio",encoder="helo-a",state="open"} 0',
    'detection_seconds{site="studio",encoder="helo-a",state="silent"} 11.5',
    'detection_seconds{site="studio",encoder="helo-a",state="unreachable"} 30.5',
    'connection_health_score{site="studio",encoder="helo-a"} 92',
    'request_pressure_score{site="studio",encoder="helo-a"} 40',
    'connection_sockets{site="studio",encoder="helo-a",state="busy"} 1',
    'connection_sockets{site="studio",encoder="helo-a",state="idle"} 1',
    'requests_waiting{site="studio",encoder="helo-a"} 3',
  ]) {
    expect(text).toContain(`understudy_encoder_${line}`);
  }
  expect(text).toContain(
    'understudy_destination_breaker_state{site="studio",destination="far",state="open"} 1',
  );
  expect(text).toMatch(/understudy_failover_duration_seconds_sum\{site="studio"\} 1\.8/);
  expect(text).not.toMatch(/understudy_encoder_cpu_usage_ratio\{/);
  hears("studio", "availability", "offline");
  const away = await scrape();
  expect(away).toContain('understudy_site_up{site="studio"} 0');
  expect(away).not.toMatch(/understudy_(encoder|stream|relay)_\w+\{/);
});

test("the OpenAPI document is 3.1 and lists every route that is served", async () => {
  const { app, ask } = await anApi();
  await app.ready();
  const document = (await ask("GET", "/openapi.json")).body;
  expect(document["openapi"]).toBe("3.1.0");
  const listed = Object.keys(document["paths"] as object);
  for (const path of ["/sites", "/encoders/{id}", "/streams/{id}/commands", "/incidents/{id}"]) {
    expect(listed).toContain(path);
    expect(listed).toContain(`/api${path}`);
  }
  expect(JSON.stringify(document)).toContain("#/components/schemas/Problem");
});

test("how hot a box is, and a wish to cool it, have the paths that scripts know", async () => {
  const { ask, hears, said } = await withAStudio();
  const figures = { temperatureC: { value: 61, atMs: 1_790_000_000_000, source: "device" } };
  hears("studio", "encoder/helo-a/state", { ...encoder(), thermal: "normal", figures });
  const one = await ask("GET", "/api/monitoring/thermal/helo-a/temperature");
  expect(one.body).toMatchObject({
    ...{ encoder: "helo-a", site: "studio", thermal: "normal", temperatureC: 61 },
    ...{ source: "device", stale: false, requestPressure: 40 },
  });
  const all = await ask("GET", "/monitoring/thermal/status");
  expect(all.body["encoders"]).toEqual([one.body]);
  const cooled = await ask("POST", "/api/monitoring/thermal/helo-a/cooldown");
  expect(cooled.status).toBe(202);
  expect(said.at(-1)?.topic).toBe("understudy/v1/studio/request/encoder/helo-a/cooldown");
  expect((await ask("POST", "/api/monitoring/thermal/nobody/cooldown")).status).toBe(404);
});

test("what a command asked for comes with its answer", async () => {
  const { ask, hears } = await withAStudio();
  const asked = await ask("POST", "/api/encoders/helo-a/control", { body: { verb: "list-clips" } });
  const id = String(asked.body["id"]);
  const data = { clips: [{ name: "clip_1.mov" }], count: 1 };
  const answer = { id, status: "done", message: "helo-a has 1 clips", atMs: 5, data };
  hears("studio", "response/encoder/helo-a/list-clips", answer);
  await expect
    .poll(async () => (await ask("GET", `/api/commands/${id}`)).body["data"])
    .toEqual(data);
});
