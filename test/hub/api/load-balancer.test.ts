import { expect, test } from "vitest";
import type { EncoderState } from "../../../machines/encoder/encoder.contract.ts";
import { encoder, info, stream } from "../messages.ts";
import { anApi } from "./an-api.ts";
import { slow } from "../../setup/slow.ts";

type Word = EncoderState["outputs"][number]["state"];
const outputs = (...words: Word[]): EncoderState["outputs"] =>
  words.map((state, i) => ({
    ...{ id: `stream-${i + 1}`, state, progress: "moving", sendQueue: "draining", sinceMs: 1 },
  }));
const helo = { identity: { vendor: "AJA" } };

async function threeBoxes() {
  const api = await anApi();
  const boxes = ["helo-a", "helo-b", "helo-c"];
  const inventory = [
    ...boxes.map((id) => ({ kind: "encoder", id })),
    { kind: "stream", id: "main" },
  ];
  api.hears("studio", "info", info({ inventory }));
  api.hears("studio", "availability", "online");
  for (const id of boxes) {
    const busy = id === "helo-a" ? ("streaming" as const) : ("idle" as const);
    const state = encoder({ ...helo, id, outputs: outputs(busy, "idle") });
    api.hears("studio", `encoder/${id}/state`, state);
  }
  const carried = stream({ encoders: ["helo-a", "helo-b"], understudyEncoder: "helo-b" });
  api.hears("studio", "stream/main/state", carried);
  return api;
}

test("the encoder with the most room is named, with a backup, and why", async () => {
  const { ask } = await threeBoxes();
  const { status, body } = await ask("GET", "/api/monitoring/load-balancer");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    ...{ strategy: "weighted", chosen: "studio~helo-c", backup: "studio~helo-a" },
    active_encoding_sessions: 1,
  });
  expect(body["because"]).toMatch(/^studio~helo-c scores best of 3/);
  expect(body["encoders"]).toMatchObject([
    { encoder_id: "helo-c", standbys: 0, cpu_usage: null, client_count: null },
    { encoder_id: "helo-a", active_encoding_sessions: 1, outputs: 2 },
    { encoder_id: "helo-b", active_encoding_sessions: 0, standbys: 1 },
  ]);
  const turn = await ask(
    "GET",
    "/monitoring/load-balancer?strategy=round_robin&after=studio~helo-a",
  );
  expect(turn.body["chosen"]).toBe("studio~helo-b");
});

test("an understudy is full when its last output is kept for a takeover", async () => {
  const { ask, hears } = await threeBoxes();
  hears("studio", "encoder/helo-b/state", encoder({ id: "helo-b", outputs: outputs("idle") }));
  const { body } = await ask("GET", "/api/monitoring/load-balancer");
  const last = (body["encoders"] as Record<string, unknown>[]).at(-1);
  expect(last).toMatchObject({
    ...{ encoder_id: "helo-b", admitted: false },
    refusals: ["its 1 outputs are taken: 0 under way, 1 standing by"],
  });
});

slow("who cannot make what is wanted, or has no picture, is not chosen", async () => {
  const { ask, hears } = await threeBoxes();
  const uhd = "resolution=3840x2160&bitrate=20000000&fps=30";
  const none = await ask("GET", `/api/monitoring/load-balancer?${uhd}`);
  expect(none.body).toMatchObject({ chosen: null, because: "none of 3 encoders can take it" });
  const blind = encoder({ ...helo, id: "helo-c", input: "lost", outputs: outputs("idle", "idle") });
  hears("studio", "encoder/helo-c/state", blind);
  const { body } = await ask("GET", "/api/monitoring/load-balancer");
  expect(body["chosen"]).not.toBe("studio~helo-c");
  hears("studio", "availability", "offline");
  const away = await ask("GET", "/api/monitoring/load-balancer");
  expect(away.body).toMatchObject({ chosen: null, backup: null });
});
