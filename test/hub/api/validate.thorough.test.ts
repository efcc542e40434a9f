import { expect, test } from "vitest";
import { encoder } from "../messages.ts";
import { withAStudio } from "./an-api.ts";

const body = { resolution: "1920x1080", bitrate: 5_000_000, fps: 30 };

test("settings are judged against the destination, in the words that scripts know", async () => {
  const { ask } = await withAStudio();
  const url = "/api/streams/validate";
  const good = await ask("POST", url, { body: { ...body, destination: "facebook" } });
  expect(good.status).toBe(200);
  expect(good.body).toMatchObject({
    ...{ valid: true, destination: "facebook", encoder_id: null, errors: [], warnings: [] },
    recommended: { resolution: "1920x1080", bitrate: 5_000_000, fps: 30, keyframe_interval: 2 },
  });
  const said = { ...body, bitrate: "12M", fps: 120, destination: "facebook" };
  const bad = await ask("POST", "/streams/validate", { body: said });
  expect(bad.body).toMatchObject({
    valid: false,
    errors: [
      { code: "fps_too_high", field: "fps" },
      { code: "bitrate_too_high", field: "bitrate" },
    ],
    recommended: { bitrate: 6_750_000, fps: 60 },
  });
});

test("settings are judged against what the encoder can make", async () => {
  const { ask, hears } = await withAStudio();
  hears("studio", "encoder/helo-a/state", encoder({ identity: { vendor: "AJA" } }));
  const asked = { ...body, bitrate: "25000k", encoder_id: "helo-a" };
  const answer = await ask("POST", "/api/streams/validate", { body: asked });
  expect(answer.body).toMatchObject({
    ...{ valid: false, encoder_id: "studio~helo-a", not_judged: [] },
    errors: [{ code: "encoder_bitrate", field: "bitrate" }],
  });
  const unknown = await ask("POST", "/api/streams/validate", {
    body: { ...body, encoder_id: "nobody" },
  });
  expect([unknown.status, unknown.body["code"]]).toEqual([404, "unknown_encoder"]);
});

test("what cannot be read is named by its field, and a stream key is not repeated", async () => {
  const { ask } = await withAStudio();
  const wrong = { resolution: "full hd", bitrate: "fast", fps: 0, stream_key: "a secret" };
  const answer = await ask("POST", "/api/streams/validate", { body: wrong });
  expect([answer.status, answer.body["code"]]).toEqual([400, "malformed"]);
  const paths = (answer.body["errors"] as { path: string }[]).map(({ path }) => path);
  expect(new Set(paths)).toEqual(new Set(["resolution", "bitrate", "fps"]));
  const formed = await ask("POST", "/api/streams/validate", {
    body: { ...body, destination: "twitch", stream_key: "mySecret" },
  });
  expect(formed.body["warnings"]).toMatchObject([{ code: "stream_key_form" }]);
  expect(JSON.stringify([answer.body, formed.body])).not.toMatch(/a secret|mySecret/);
});
