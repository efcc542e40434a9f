import { expect, test } from "vitest";
import {
  adopt,
  grant,
  holdings,
  type Keys,
  refusal,
  release,
} from "../../../machines/site/keys.ts";

const claim = (encoder: string, p: { stream?: string; destination?: string } = {}) => ({
  stream: "main",
  destination: "far",
  encoder,
  output: "stream-1",
  ...p,
});
const wallMs = Date.UTC(2026, 5, 1);
const held: Keys = grant({}, claim("a"), wallMs);
const fencedOff = (encoder: string, destination = "far") => ({
  kind: "fenced" as const,
  certificates: [
    { level: 2, encoder, output: "stream-1", destination, evidence: ["gone"], atMs: 0 },
  ],
});

test("a key that somebody holds is not given away without a certificate for that one", () => {
  const ask = (because: Parameters<typeof refusal>[1]["because"]) =>
    refusal(held, { ...claim("b"), because });
  expect(ask({ kind: "nobodyHeldIt" })).toBeDefined();
  expect(ask({ kind: "fenced", certificates: [] })).toBeDefined();
  expect(ask(fencedOff("b"))).toBeDefined();
  expect(ask(fencedOff("a", "elsewhere"))).toBeDefined();
  expect(ask(fencedOff("a"))).toBeUndefined();
});

test("the named exceptions need no certificate", () => {
  const ask = (because: Parameters<typeof refusal>[1]["because"]) =>
    refusal(held, { ...claim("b"), because });
  expect(ask({ kind: "lastWins", evidence: "it starts nothing by itself" })).toBeUndefined();
  expect(ask({ kind: "allowUnproven", by: "engineer" })).toBeUndefined();
});

test("a box that carries one stream is not given to another, whatever the reason", () => {
  const other = claim("a", { stream: "two", destination: "far-two" });
  const because = { kind: "allowUnproven", by: "engineer" } as const;
  expect(refusal(held, { ...other, because })).toContain("carries main");
});

test("a key belongs to one stream", () => {
  const because = { kind: "allowUnproven", by: "engineer" } as const;
  expect(refusal(held, { ...claim("b", { stream: "two" }), because })).toContain("main");
});

test("each grant raises the generation; release and adoption never lower it", () => {
  const first = held["far"]!.generation;
  const second = grant(held, claim("b"), wallMs);
  expect(second["far"]!.generation).toBe(first + 1);
  const released = release(second, "far");
  expect(released["far"]).toMatchObject({ holder: null, generation: first + 1 });
  expect(adopt(released, claim("a"), 3)["far"]!.generation).toBe(first + 1);
  expect(adopt(released, claim("a"), first + 9)["far"]!.generation).toBe(first + 9);
});

test("it is known which output carries which stream", () => {
  expect(holdings(held)).toEqual({ "a/stream-1": "main" });
  expect(holdings(release(held, "far"))).toEqual({});
});
