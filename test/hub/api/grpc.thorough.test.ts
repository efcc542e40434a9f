import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import * as grpcJs from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { CommandArgs } from "../../../machines/command/command.contract.ts";
import { DestinationState } from "../../../machines/destination/destination.contract.ts";
import { EncoderState } from "../../../machines/encoder/encoder.contract.ts";
import { StorageState } from "../../../machines/storage/storage.contract.ts";
import { Incident, StreamState } from "../../../machines/stream/stream.contract.ts";
import { CommandItem } from "../../../hub/api/asking.ts";
import { Health } from "../../../hub/api/grpc/gen/grpc/health/v1/health_pb.js";
import * as proto from "../../../hub/api/grpc/gen/understudy/v1/hub_pb.js";
import { rpcAccess } from "../../../hub/api/grpc/guard.ts";
import { openGrpc } from "../../../hub/api/grpc/listener.ts";
import { SiteItem } from "../../../hub/api/items.ts";
import { capitals, objectShape, type ObjectShape, type Shape } from "../../../hub/api/shape.ts";
import { verbsOf } from "../../../hub/commands.ts";
import { checkHubOptions, defaultHubOptions, type GrpcOptions } from "../../../hub/options.ts";
import { allowed, everybody } from "../auth/callers.ts";
import { encoder, event, incident, info, stream } from "../messages.ts";
import { anApi } from "./an-api.ts";
import { rpcClient, type RpcRefusal } from "./rpc-client.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Over = Parameters<typeof anApi>[0];
async function twoSites(over: Over = {}, options: Partial<GrpcOptions> = {}) {
  const api = await anApi(over);
  for (const site of ["studio", "chapel"]) {
    api.hears(site, "info", info({ site }));
    api.hears(site, "availability", "online");
    api.hears(site, "encoder/helo-a/state", encoder());
    api.hears(site, "stream/main/state", stream());
    const one = incident({ id: `inc-${site}`, openedAtMs: 1_000 });
    api.hears(site, "event", event(1, { data: { incident: one } }));
  }
  await api.ingest.flush();
  const healthy = { yes: true };
  const listener = await openGrpc(
    { host: "127.0.0.1", port: 0, ...options },
    { ...api.forSurfaces, healthy: () => healthy.yes },
  );
  closers.push(() => listener.close());
  const client = rpcClient(listener.url, { key: api.secret });
  closers.push(() => client.close());
  return { ...api, url: listener.url, client, healthy };
}
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error as RpcRefusal,
  );

// A field that is missing goes into the proto with the next number that is free: `npm run schemas`.
test("the messages say what the contracts say: nothing is missing, nothing is more", () => {
  const named = ["id", "localId", "site"];
  // Beside the contract's: what the hub adds to every item.
  const item = [...named, "online", "stale", "receivedAt"];
  const pairs: [DescMessage, ObjectShape, more: string[]][] = [
    [proto.SiteSchema, objectShape(SiteItem), []],
    [proto.EncoderSchema, objectShape(EncoderState), [...item, "live"]],
    [proto.StreamSchema, objectShape(StreamState), item],
    [proto.DestinationSchema, objectShape(DestinationState), item],
    [proto.StorageSchema, objectShape(StorageState), item],
    [proto.IncidentSchema, objectShape(Incident), named],
    [proto.CommandSchema, objectShape(CommandItem), []],
    [proto.CommandArgsSchema, objectShape(CommandArgs), []],
  ];
  let fields = 0;
  for (const [desc, shape, more] of pairs) compare(desc, shape, more);
  expect(fields).toBeGreaterThan(200);
  for (const [desc, kind] of [
    [proto.EncoderVerbSchema, "encoder"],
    [proto.StreamVerbSchema, "stream"],
    [proto.StorageVerbSchema, "storage"],
    [proto.SiteVerbSchema, "site"],
  ] as const) {
    expect(desc.values.map(({ localName }) => localName)).toEqual([
      ...["UNSPECIFIED", ...verbsOf(kind).map(capitals)],
    ]);
  }

  function compare(desc: DescMessage, shape: ObjectShape, more: string[] = []): void {
    const known = Object.keys(shape.fields);
    const there = desc.fields.map(({ jsonName }) => jsonName);
    expect([desc.name, there.filter((name) => !more.includes(name)).sort()]).toEqual([
      ...[desc.name, known.filter((name) => !more.includes(name)).sort()],
    ]);
    for (const field of desc.fields) {
      const own = shape.fields[field.jsonName]?.shape;
      if (own) compareField(`${desc.name}.${field.name}`, field, own);
    }
  }
  function compareField(place: string, field: DescField, shape: Shape): void {
    fields += 1;
    if (shape.is === "list") {
      expect([place, field.fieldKind]).toEqual([place, "list"]);
      return compareField(place, field, shape.of);
    }
    if (shape.is === "object") {
      return compare(field.message!, shape, field.message === proto.IncidentSchema ? named : []);
    }
    if (shape.is === "words") {
      const words = field.enum?.values.map(({ localName }) => localName).slice(1);
      return expect([place, words]).toEqual([place, shape.words.map(capitals)]);
    }
    const is = field.message?.typeName ?? (field.scalar && ScalarType[field.scalar]);
    const wanted = {
      ...{ text: "STRING", number: "DOUBLE", truth: "BOOL" },
      ...{ moment: "google.protobuf.Timestamp", any: "google.protobuf.Value" },
      integer: shape.is === "integer" && shape.fits32 ? "INT32" : "INT64",
    };
    expect([place, is]).toEqual([place, wanted[shape.is]]);
    // Not set and 0 are not the same.
    if (field.scalar && field.fieldKind === "scalar" && !["id", "site"].includes(field.name)) {
      expect([place, field.presence]).toEqual([place, 1]);
    }
  }
});

test("a client reads what REST shows: words, moments, figures, and nothing for what is not known", async () => {
  const { client } = await twoSites();
  const one = await client.call("getEncoder", { id: "studio~helo-a" });
  expect(one).toMatchObject({
    ...{ id: "studio~helo-a", localId: "helo-a", site: "studio", online: true },
    ...{ link: "ENCODER_LINK_REACHABLE", thermal: "ENCODER_THERMAL_NORMAL", thermalStep: 0 },
    figures: { temperatureC: { value: 61.5, at: "2026-01-05T10:00:00Z", source: "device" } },
  });
  expect(one).not.toHaveProperty("power");
  expect(one["figures"]).not.toHaveProperty("cpuUsageRatio");
  const first = await client.call("listStreams", { pageSize: 1 });
  expect(first).toMatchObject({ streams: [{ id: "chapel~main", encoder: "helo-a" }] });
  const { nextPageToken: pageToken } = first;
  const second = await client.call("listStreams", { pageSize: 1, pageToken });
  expect(second).toMatchObject({ streams: [{ id: "studio~main" }] });
  expect(second).not.toHaveProperty("nextPageToken");
  expect(await client.call("listIncidents", { site: "studio" })).toMatchObject({
    incidents: [
      { id: "studio~inc-studio", outcome: "INCIDENT_OUTCOME_TOOK_OVER", offAirMs: 1_800 },
    ],
  });
  expect(await client.call("getSite", { id: "studio" })).toMatchObject({ encoders: "1" });
});

test("a command asks the site once per key, says so in the audit log, and shows its answer", async () => {
  const { client, said, ask, hears } = await twoSites();
  const wish = { id: "studio~main", verb: "STREAM_VERB_STOP", idempotencyKey: "one" };
  const first = await client.call("commandStream", wish);
  expect(first).toMatchObject({ status: "COMMAND_STATUS_SENT", verb: "stop", subject: "main" });
  expect(await client.call("commandStream", wish)).toEqual(first);
  expect(said.filter(({ topic }) => topic.includes("/request/"))).toHaveLength(1);
  expect(
    await refusal(client.call("commandStream", { ...wish, verb: "STREAM_VERB_START" })),
  ).toMatchObject({ status: "INVALID_ARGUMENT", code: "idempotency_key_reused" });
  const log = await ask("GET", "/api/audit?type=command.asked");
  expect(log.body["items"]).toHaveLength(1);
  const { id } = first;
  const waited = client.call("commandStream", { ...wish, waitS: 20 });
  hears("studio", "response/stream/main/stop", {
    ...{ id, status: "refused", code: "not_possible", message: "nothing to stop", atMs: 1 },
  });
  const refused = { status: "COMMAND_STATUS_REFUSED", code: "not_possible" };
  expect(await waited).toMatchObject(refused);
  expect(await client.call("getCommand", { id })).toMatchObject(refused);
});

test("errors have their status, our code, a sentence and the place", async () => {
  const { client, hears } = await twoSites();
  expect(await refusal(client.call("getStream", { id: "main" }))).toMatchObject({
    ...{ status: "FAILED_PRECONDITION", code: "ambiguous_id" },
  });
  expect(await refusal(client.call("getStream", { id: "no one" }))).toMatchObject({
    ...{ status: "INVALID_ARGUMENT", code: "malformed", place: ["id"] },
  });
  const freeze = { id: "studio", verb: "SITE_VERB_OVERRIDE_FREEZE", args: { why: "x" } };
  expect(await refusal(client.call("commandSite", freeze))).toMatchObject({
    ...{ status: "INVALID_ARGUMENT", code: "malformed", place: ["args.why"] },
  });
  expect(await refusal(client.call("commandStream", { id: "studio~main" }))).toMatchObject({
    ...{ status: "INVALID_ARGUMENT", code: "unknown_verb" },
  });
  hears("studio", "availability", "offline");
  const stop = { id: "studio~main", verb: "STREAM_VERB_STOP" };
  const away = await refusal(client.call("commandStream", stop));
  expect(away).toMatchObject({ status: "UNAVAILABLE", code: "site_offline" });
  expect(away?.message).toContain("site studio is not online");
});

test("every call lets in exactly the roles and keys that the table names", async () => {
  const api = await twoSites();
  const callers = await everybody(api);
  let cells = 0;
  for (const method of proto.HubService.methods) {
    const wanted = allowed[rpcAccess[method.localName as keyof typeof rpcAccess]];
    for (const [who, key] of Object.entries(callers)) {
      const isStream = method.methodKind === "server_streaming";
      const open = isStream
        ? api.client.follow(method.localName, { id: "nobody" }, { key }).ended
        : refusal(api.client.call(method.localName, { id: "nobody" }, { key }));
      const code = (await open)?.code;
      const isIn = code !== "missing_authorization" && code !== "not_allowed";
      expect([who, method.name, code, isIn]).toEqual([
        who,
        method.name,
        code,
        wanted.includes(who),
      ]);
      cells += 1;
    }
  }
  expect(cells).toBe(proto.HubService.methods.length * 8);
});

test("a foreign site's id looks exactly like an unknown one, and is in no list and no watch", async () => {
  const { client, keys, hears } = await twoSites();
  const scopes: ("read" | "write")[] = ["read", "write"];
  const { secret: key } = await keys.make({ kind: "op", name: "own", scopes, sites: ["studio"] });
  const told = async (method: string, request: object, id: string) => {
    const text = JSON.stringify(request).replaceAll("ID", id);
    const answer = await refusal(client.call(method, JSON.parse(text) as object, { key }));
    return JSON.stringify({ ...answer, why: answer?.message }).replaceAll(id, "<id>");
  };
  for (const [method, request] of [
    ["getSite", { id: "ID" }],
    ["getStream", { id: "ID~main" }],
    ["getEncoder", { id: "ID~helo-a" }],
    ["getIncident", { id: "ID~inc-ID" }],
    ["commandStream", { id: "ID~main", verb: "STREAM_VERB_STOP" }],
    ["commandSite", { id: "ID", verb: "SITE_VERB_OFF_AIR" }],
  ] as const) {
    expect(await told(method, request, "chapel")).toBe(await told(method, request, "nowher"));
  }
  for (const method of ["listSites", "listEncoders", "listStreams", "listIncidents"]) {
    const answer = JSON.stringify(await client.call(method, {}, { key }));
    expect(answer).toContain("studio");
    expect(answer).not.toContain("chapel");
  }
  const { heard, cancel } = client.follow("watch", {}, { key });
  await expect.poll(() => JSON.stringify(heard)).toContain("studio~main");
  hears("chapel", "stream/main/state", stream({ carriage: "offAir" }));
  hears("studio", "stream/main/state", stream({ carriage: "offAir" }));
  await expect.poll(() => JSON.stringify(heard)).toContain("STREAM_CARRIAGE_OFF_AIR");
  cancel();
  expect(JSON.stringify(heard)).not.toContain("chapel");
});

test("a watch ends with its deadline, and within a second when its key is revoked", async () => {
  const { client, keys } = await twoSites();
  const timed = client.follow("watch", { kinds: ["KIND_STREAM"] }, { deadlineMs: 500 });
  expect((await timed.ended).status).toBe("DEADLINE_EXCEEDED");
  const { row, secret: key } = await keys.mint("ro", "wall");
  const watch = client.follow("watch", {}, { key });
  await expect.poll(() => watch.heard.length).toBeGreaterThan(2);
  await keys.revoke(row.id);
  const startMs = performance.now();
  expect(await watch.ended).toMatchObject({ status: "UNAUTHENTICATED", code: "unknown_key" });
  expect(performance.now() - startMs).toBeLessThan(5 * 1_000);
  const stop = { id: "studio~main", verb: "STREAM_VERB_STOP", waitS: 30 };
  // The site does not answer: the command is told as it is before the caller gives up.
  expect(await client.call("commandStream", stop, { deadlineMs: 3_000 })).toMatchObject({
    status: "COMMAND_STATUS_SENT",
  });
});

test("a key's hour is one for REST and gRPC, with a reserve for commands", async () => {
  const { client, ask } = await twoSites({ keyPerHour: 2, commandReserve: 1 });
  expect((await ask("GET", "/api/sites")).status).toBe(200);
  await client.call("listSites");
  const over = { status: "RESOURCE_EXHAUSTED", code: "too_many_requests" };
  expect(await refusal(client.call("listSites"))).toMatchObject(over);
  const stop = { id: "studio~main", verb: "STREAM_VERB_STOP" };
  expect(await refusal(client.call("commandStream", stop))).toBeUndefined();
  expect(await refusal(client.call("commandStream", stop))).toMatchObject(over);
});

test("the health service answers strangers by service, and tells when that changes", async () => {
  const { url, healthy } = await twoSites();
  const client = rpcClient(url, { service: Health, key: null });
  closers.push(() => client.close());
  for (const service of ["", "understudy.v1.HubService"]) {
    expect(await client.call("check", { service })).toEqual({ status: "SERVING" });
  }
  expect((await refusal(client.call("check", { service: "other" })))?.status).toBe("NOT_FOUND");
  const { heard, cancel } = client.follow("watch", { service: "" });
  await expect.poll(() => heard).toEqual([{ status: "SERVING" }]);
  healthy.yes = false;
  await expect.poll(() => heard).toEqual([{ status: "SERVING" }, { status: "NOT_SERVING" }]);
  cancel();
});

test("with a client authority only who has a certificate of it may connect, and a key as well", async () => {
  const pem = mkdtempSync(join(tmpdir(), "understudy-tls-"));
  closers.push(() => rmSync(pem, { recursive: true }));
  const at = (name: string) => join(pem, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...curve,
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
    "-subj",
    "/CN=ca",
  );
  writeFileSync(at("san"), "subjectAltName=IP:127.0.0.1");
  for (const name of ["hub", "client"]) {
    openssl(
      "req",
      ...curve,
      "-keyout",
      at(`${name}.key`),
      "-out",
      at(`${name}.csr`),
      "-subj",
      `/CN=${name}`,
    );
    openssl(
      ...["x509", "-req", "-in", at(`${name}.csr`), "-CA", at("ca.pem"), "-CAkey", at("ca.key")],
      ...["-CAcreateserial", "-extfile", at("san"), "-out", at(`${name}.pem`)],
    );
  }
  const { url, secret } = await twoSites(
    {},
    { tls: { certificate: at("hub.pem"), key: at("hub.key"), clientCa: at("ca.pem") } },
  );
  const read = (name: string) => readFileSync(at(name));
  const withCertificate = grpcJs.credentials.createSsl(
    ...([read("ca.pem"), read("client.key"), read("client.pem")] as const),
  );
  const clientOf = (credentials: grpcJs.ChannelCredentials, key: string | null) => {
    const client = rpcClient(url, { credentials, key });
    closers.push(() => client.close());
    return client;
  };
  const known = clientOf(withCertificate, secret);
  expect(await known.call("getSite", { id: "studio" })).toMatchObject({ id: "studio" });
  const keyless = clientOf(withCertificate, null);
  expect((await refusal(keyless.call("listSites")))?.code).toBe("missing_authorization");
  const stranger = clientOf(grpcJs.credentials.createSsl(read("ca.pem")), secret);
  expect((await refusal(stranger.call("listSites", {}, { deadlineMs: 5_000 })))?.status).toMatch(
    /UNAVAILABLE|DEADLINE_EXCEEDED/,
  );
});

test("bytes that mean nothing are refused, and the next call is answered", async () => {
  const { url, client, secret } = await twoSites();
  const session = connectHttp2(url);
  closers.push(() => session.destroy());
  const send = (body: Buffer, headers: Record<string, string> = {}) =>
    new Promise<string>((resolve, reject) => {
      const request = session.request({
        ...{ ":method": "POST", ":path": "/understudy.v1.HubService/GetSite" },
        ...{ "content-type": "application/grpc+proto", te: "trailers" },
        ...{ authorization: `Bearer ${secret}`, ...headers },
      });
      let status = "";
      request.on("response", (head) => (status = String(head["grpc-status"] ?? head[":status"])));
      request.on("trailers", (tail: Record<string, unknown>) => {
        status = String(tail["grpc-status"]);
      });
      request.on("error", reject);
      request.on("close", () => resolve(status));
      request.resume();
      request.end(body);
    });
  const framed = (bytes: Buffer, flag = 0) =>
    Buffer.concat([Buffer.from([flag, 0, 0, 0, bytes.length]), bytes]);
  // 13: what gRPC says of bytes that are no message.
  const invalid = ["3", "8", "13"];
  expect(invalid).toContain(await send(framed(Buffer.from([0x0a, 0xff, 0x01]))));
  expect(invalid).toContain(await send(Buffer.from("hello")));
  const large = Buffer.concat([Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(64)]);
  expect(invalid).toContain(await send(large));
  expect(await send(framed(Buffer.alloc(0)), { "content-type": "application/json" })).toBe("415");
  expect(await client.call("getSite", { id: "studio" })).toMatchObject({ id: "studio" });
});

test("it is refused in clear beyond this machine, and a start that fails says why", async () => {
  const beyond = { ...defaultHubOptions({}), grpc: { host: "0.0.0.0", port: 0 } };
  expect(() => checkHubOptions(beyond)).toThrow("gRPC without tls sends keys in clear");
  const { url, forSurfaces } = await twoSites();
  const needs = { ...forSurfaces, healthy: () => true };
  const at = { host: "127.0.0.1", port: Number(new URL(url).port) };
  await expect(openGrpc(at, needs)).rejects.toThrow(`gRPC cannot listen at 127.0.0.1:${at.port}`);
  const tls = { certificate: "/nowhere/hub.pem", key: "/nowhere/hub.key" };
  await expect(openGrpc({ ...at, tls }, needs)).rejects.toThrow("/nowhere/hub.pem");
});
