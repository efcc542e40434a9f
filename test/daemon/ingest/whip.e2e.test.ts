/** The ingest process by itself, with a real browser that publishes to it. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { until } from "../../e2e/facility.ts";
import { freePort } from "../../fakes/nginx-rtmp.ts";
import { aBrowser } from "./a-browser.ts";
import { anIngest } from "./an-ingest.ts";

const key = "open-sesame";

test("a browser's camera and microphone are heard as H.264 and AAC; it leaves, and returns", async () => {
  const port = await freePort();
  const ingest = await anIngest({
    ...{ kind: "whip", host: "127.0.0.1", port },
    keySha256: createHash("sha256").update(key).digest("hex"),
  });
  const { child, status, untilState } = ingest;
  const address = `http://127.0.0.1:${port}/whip/stage`;
  const browser = await aBrowser();
  const first = await browser.tab();
  const stranger = await first.publish(address, "open-barley");
  expect(stranger).toMatchObject({ status: 403, text: "has a wrong key\n" });
  await untilState("waiting", ({ refused }) => refused.last?.why === "has a wrong key");
  const other = await first.publish(address, key, "video/VP8");
  expect(other).toMatchObject({ status: 422 });
  expect(other.text).toContain("the picture must be H.264");
  expect(status()).toMatchObject({ state: "waiting", publisher: null });

  const told = await first.publish(address, key);
  expect(told).toMatchObject({ status: 201 });
  expect(told.location).toMatch(/^\/whip\/stage\/[\w-]{16}$/);
  const receiving = await untilState("receiving", ({ video }) => video !== null);
  expect(receiving).toMatchObject({ video: { codec: "h264" }, audio: { codec: "opus" } });
  const heard = await ingest.hear(60);
  expect(heard).toMatchObject({ video: "h264", audio: "aac" });
  expect(heard.pictures).toBeGreaterThan(5);
  expect(heard.worstStepS).toBeLessThan(5);
  // Chromium begins at 0.3 Mbit/s, and goes below it where nobody tells it what arrives.
  await until("it may send more", async () => (await first.mayBps()) > 1_000_000);

  const second = await browser.tab();
  expect(await second.publish(address, key)).toMatchObject({ status: 409 });
  const busy = /^has the key, but 127\.0\.0\.1:\d+ publishes already/;
  await until("it is named", () => busy.test(status().refused.last?.why ?? ""));

  await first.close();
  const { why, frames } = await untilState("waiting");
  expect(why).toBe("the publisher left");
  await until("it is let in", async () => (await second.publish(address, key)).status === 201);
  await untilState("receiving", (it) => it.epochs === 2 && it.frames > frames + 30);
  expect(child.exitCode).toBeNull();
});
