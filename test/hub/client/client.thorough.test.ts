import { expect, test } from "vitest";
import { contentOf, HubError, openHubClient } from "../../../hub/client/client.ts";
import { encoder, info } from "../messages.ts";
import { aHub } from "../cli/a-hub.ts";

test("a list is read to its end, page after page", async () => {
  const { url, secret, hears } = await aHub();
  const ids = Array.from({ length: 7 }, (_, n) => `helo-${n}`);
  hears("studio", "info", info({ inventory: ids.map((id) => ({ kind: "encoder", id })) }));
  for (const id of ids) hears("studio", `encoder/${id}/state`, encoder({ id }));
  const requests: string[] = [];
  const hub = openHubClient({
    hub: url,
    key: secret,
    fetch: async (request) => {
      requests.push(request.url);
      return fetch(request);
    },
  });
  const found = [];
  for await (const { id } of hub.list("encoders", { limit: 3 })) found.push(id);
  expect(found).toEqual(ids);
  expect(requests).toHaveLength(3);
});

test("a command whose answer is lost on the way is asked again, and done once", async () => {
  const { url, secret, asked } = await aHub();
  let losses = 1;
  const hub = openHubClient({
    hub: url,
    key: () => secret,
    fetch: async (request) => {
      const response = await fetch(request);
      if (losses-- > 0) throw new TypeError("fetch failed");
      return response;
    },
  });
  const subject = { kind: "stream", ref: "main" } as const;
  expect(await hub.command(subject, { verb: "start" })).toMatchObject({ status: "done" });
  expect(asked).toEqual([{ verb: "stream/main/start" }]);
});

test("the end of a command is waited for by looking again, also past a hub that is away", async () => {
  const { url, secret, site, hears, ask } = await aHub();
  site.says = { status: "accepted" };
  let away = 0;
  const hub = openHubClient({
    hub: url,
    key: secret,
    fetch: async (request) => {
      if (request.method === "GET" && away++ < 2) throw new TypeError("fetch failed");
      return fetch(request);
    },
  });
  const seen: string[] = [];
  const command = hub.command(
    { kind: "stream", ref: "main" },
    { verb: "start" },
    {
      onProgress: ({ id, status }) => {
        if (seen.length === 0) {
          const answer = { id, status: "done", message: "on air", atMs: 2 };
          setTimeout(() => hears("studio", "response/stream/main/start", answer), 300);
        }
        seen.push(status);
      },
    },
  );
  expect(await command).toMatchObject({ status: "done", message: "on air" });
  expect(seen[0]).toBe("accepted");
  expect((await ask("GET", `/api/commands/${(await command).id}`)).body["status"]).toBe("done");
});

test("an error says its code, its sentence and its place, and which fields are wrong", async () => {
  const { url, secret } = await aHub();
  const hub = openHubClient({ hub: url, key: secret });
  const path = { id: "nobody" };
  const unknown = await contentOf(hub.api.GET("/api/streams/{id}", { params: { path } })).catch(
    (error: unknown) => error,
  );
  expect(unknown).toBeInstanceOf(HubError);
  expect(unknown).toMatchObject({
    ...{ code: "unknown_stream", status: 404, message: "no stream nobody" },
    place: "GET /api/streams/nobody",
  });
  const body = { name: "x", kind: "op" as const, days: 9_999 };
  await expect(hub.api.POST("/api/keys", { body })).rejects.toMatchObject({
    ...{ code: "malformed", status: 400 },
    fields: [{ path: "days" }],
  });
  const nobody = openHubClient({ hub: "http://127.0.0.1:9", key: secret });
  await expect(nobody.api.GET("/api/sites")).rejects.toMatchObject({
    code: "unreachable",
    status: 0,
  });
  const late = openHubClient({
    ...{ hub: url, key: secret, answersWithinMs: 20 },
    fetch: (request) =>
      new Promise((_, reject) =>
        request.signal.addEventListener("abort", () => reject(new Error("aborted"))),
      ),
  });
  await expect(late.api.GET("/api/sites")).rejects.toMatchObject({ code: "no_answer", status: 0 });
});
