/** How long an answer may take, on each surface, where a site or the hub itself is slow. */
import { afterEach, expect, test } from "vitest";
import { openGrpc } from "../../../hub/api/grpc/listener.ts";
import { withAStudio } from "./an-api.ts";
import { rpcClient, type RpcRefusal } from "./rpc-client.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Studio = Awaited<ReturnType<typeof withAStudio>>;
const requestsIn = ({ said }: Studio) => said.filter(({ topic }) => topic.includes("/request/"));
/** A database on a disk that does not answer. */
const stuck = ({ store }: Studio) => (store.incidents = () => new Promise(() => undefined));

const session = { resolution: "1280x720", bitrate: "3M", fps: 30 };

test("REST answers 504 when its time is over, and says so in its own form", async () => {
  const studio = await withAStudio({ restWithinMs: 300 });
  const { ask } = studio;
  const late = await ask("POST", "/api/streams/init", { body: { ...session, site_id: "studio" } });
  expect(late).toMatchObject({ status: 504, body: { code: "timed_out", status: 504 } });
  expect(late.headers["content-type"]).toContain("application/problem+json");
  expect(requestsIn(studio)).toHaveLength(1);
  stuck(studio);
  expect(await ask("GET", "/api/incidents")).toMatchObject({ status: 504 });
});

test("a command that was sent is told by its id, however long its caller prefers to wait", async () => {
  const { ask } = await withAStudio({ restWithinMs: 300 });
  const asked = await ask("POST", "/api/streams/main/commands", {
    body: { verb: "failover" },
    headers: { prefer: "wait=1" },
  });
  expect(asked).toMatchObject({ status: 202, body: { status: "sent" } });
  expect((await ask("GET", String(asked.headers["location"]))).body["id"]).toBe(asked.body["id"]);
});

test("GraphQL tells a command by its id before its time is over", async () => {
  const studio = await withAStudio({ graphWithinMs: 1_000 });
  const { ask, store } = studio;
  const query = `mutation { commandStream(id: "main", verb: FAILOVER, waitS: 15) { id status } }`;
  const { body } = await ask("POST", "/graphql", { body: { query } });
  expect(body).toMatchObject({ data: { commandStream: { status: "SENT" } } });
  const { commandStream } = body["data"] as { commandStream: { id: string } };
  const asked = await ask("GET", `/api/commands/${commandStream.id}`);
  expect(asked.body).toMatchObject({ status: "sent", verb: "failover" });

  const addCommand = store.addCommand.bind(store);
  store.addCommand = async (...row) => {
    await new Promise((done) => setTimeout(done, 1_500));
    await addCommand(...row);
  };
  const late = await ask("POST", "/graphql", { body: { query } });
  expect(late.body).toMatchObject({
    errors: [{ path: ["commandStream"], extensions: { code: "timed_out", status: 504 } }],
  });
});

test("GraphQL answers with what it has and an error where the hub itself is stuck", async () => {
  const studio = await withAStudio({ graphWithinMs: 500 });
  stuck(studio);
  const query = `{ sites { nodes { id } } }`;
  expect((await studio.ask("POST", "/graphql", { body: { query } })).body).toEqual({
    data: { sites: { nodes: [{ id: "studio" }] } },
  });
  const both = `{ incidents { nodes { id } } }`;
  expect((await studio.ask("POST", "/graphql", { body: { query: both } })).body).toMatchObject({
    errors: [{ path: ["incidents"], extensions: { code: "timed_out", status: 504 } }],
  });
});

test("gRPC without a deadline ends by ours; a watch goes on, and a command is told by its id", async () => {
  const studio = await withAStudio();
  const listener = await openGrpc(
    { host: "127.0.0.1", port: 0 },
    { ...studio.forSurfaces, healthy: () => true, answersWithinMs: 1_500 },
  );
  closers.push(() => listener.close());
  const client = rpcClient(listener.url, { key: studio.secret });
  closers.push(() => client.close());
  const none = { deadlineMs: Infinity };
  const watch = client.follow("watch", {}, none);
  let hasEnded = false;
  void watch.ended.then(() => (hasEnded = true));

  const stop = { id: "studio~main", verb: "STREAM_VERB_STOP", waitS: 30 };
  expect(await client.call("commandStream", stop, none)).toMatchObject({
    status: "COMMAND_STATUS_SENT",
  });
  stuck(studio);
  const late = await client.call("listIncidents", {}, none).catch((error: unknown) => error);
  expect((late as RpcRefusal).status).toBe("DEADLINE_EXCEEDED");
  expect(watch.heard.length).toBeGreaterThan(0);
  expect(hasEnded).toBe(false);
});
