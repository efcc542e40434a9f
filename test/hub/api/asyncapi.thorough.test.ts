import { expect, test } from "vitest";
import { parseTopic, stateSchemas, topics } from "../../../machines/contract.ts";
import { anApi } from "./an-api.ts";

type Document = {
  asyncapi: string;
  channels: Record<
    string,
    { address: string | null; messages: Record<string, { payload: { $ref?: string } }> }
  >;
  operations: Record<string, { action: string; channel: { $ref: string } }>;
  components: { schemas: Record<string, unknown> };
};

const read = async () =>
  (await (await anApi()).ask("GET", "/asyncapi.json")).body as unknown as Document;

test("every topic of the wire is documented under the address that is really used", async () => {
  const { asyncapi, channels } = await read();
  expect(asyncapi).toBe("3.0.0");
  expect(Object.keys(channels).sort()).toEqual([...Object.keys(topics), "webhook"].sort());
  for (const [name, { address }] of Object.entries(channels)) {
    if (address === null) continue;
    const topic = address.replaceAll("{kind}", "stream").replace(/\{\w+\}/g, "some-id");
    expect([topic, parseTopic(topic)?.name]).toEqual([topic, name]);
  }
  expect(Object.keys(channels["state"]!.messages).sort()).toEqual(Object.keys(stateSchemas).sort());
});

test("every reference of the document leads somewhere", async () => {
  const document = await read();
  const text = JSON.stringify(document);
  const refs = new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = ""]) => path));
  expect(refs.size).toBeGreaterThan(10);
  for (const path of refs) {
    const found = path
      .split("/")
      .reduce<unknown>(
        (part, key) => (part as Record<string, unknown> | undefined)?.[key],
        document,
      );
    expect([path, typeof found]).toEqual([path, "object"]);
  }
});

test("who sends what is told from where the hub stands", async () => {
  const { operations } = await read();
  expect(operations["receive.event"]?.channel.$ref).toBe("#/channels/event");
  expect(operations["send.request"]?.action).toBe("send");
});
