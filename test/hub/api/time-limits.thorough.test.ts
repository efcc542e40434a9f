/** How long an answer may take, on each surface, where a site or the hub itself is slow. */
import { expect, test } from "vitest";
import { withAStudio } from "./an-api.ts";

const session = { resolution: "1280x720", bitrate: "3M", fps: 30 };

test("REST answers 504 when its time is over, and says so in its own form", async () => {
  const { ask, said } = await withAStudio({ answersWithinMs: 300 });
  const late = await ask("POST", "/api/streams/init", { body: { ...session, site_id: "studio" } });
  expect(late).toMatchObject({ status: 504, body: { code: "timed_out", status: 504 } });
  expect(late.headers["content-type"]).toContain("application/problem+json");
  expect(said.filter(({ topic }) => topic.includes("/request/"))).toHaveLength(1);
});

test("a command that was sent is told by its id, however long its caller prefers to wait", async () => {
  const { ask } = await withAStudio({ answersWithinMs: 300 });
  const asked = await ask("POST", "/api/streams/main/commands", {
    body: { verb: "failover" },
    headers: { prefer: "wait=1" },
  });
  expect(asked).toMatchObject({ status: 202, body: { status: "sent" } });
  expect((await ask("GET", String(asked.headers["location"]))).body["id"]).toBe(asked.body["id"]);
});
