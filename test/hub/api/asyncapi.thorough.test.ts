import { expect, test } from "vitest";
import { parseTopic, stateSchemas, topics } from "../../../machines/contract.ts";
import { told } from "../../../hub/api/socket-messages.ts";
import { asyncApiSchema, openSchemas } from "../../setup/json-schema.ts";
import { anApi } from "./an-api.ts";

type Document = {
  asyncapi: string;
  channels: Record<
    string,
    {
      address: string | null;
      messages: Record<string, { payload: { $ref?: string } }>;
      servers: { $ref: string }[];
    }
  >;
  operations: Record<string, { action: string; channel: { $ref: string } }>;
  components: { schemas: Record<string, unknown> };
};

const read = async () =>
  (await (await anApi()).ask("GET", "/asyncapi.json")).body as unknown as Document;

/** Those of one server, by their names. */
const channelsOf = ({ channels }: Document, server: string) =>
  Object.fromEntries(
    Object.entries(channels).filter(([, { servers }]) => {
      return servers.some(({ $ref }) => $ref === `#/servers/${server}`);
    }),
  );

test("the document is one of AsyncAPI 3, by the specification's own schema", async () => {
  const wrong = openSchemas()(asyncApiSchema());
  const document = await read();
  expect(wrong(document)).toEqual([]);
  expect(wrong({ ...document, channels: { x: { adress: "y" } } })).not.toEqual([]);
});

test("every topic of the wire is documented under the address that is really used", async () => {
  const document = await read();
  const channels = channelsOf(document, "mqtt");
  expect(document.asyncapi).toBe("3.0.0");
  expect(Object.keys(channels).sort()).toEqual(Object.keys(topics).sort());
  expect(Object.keys(channelsOf(document, "receiver"))).toEqual(["webhook"]);
  for (const [name, { address }] of Object.entries(channels)) {
    if (address === null) continue;
    const topic = address.replaceAll("{kind}", "stream").replace(/\{\w+\}/g, "some-id");
    expect([topic, parseTopic(topic)?.name]).toEqual([topic, name]);
  }
  expect(Object.keys(channels["state"]!.messages).sort()).toEqual(Object.keys(stateSchemas).sort());
});

test("what is said and told over Socket.IO has a channel each, and a side", async () => {
  const document = await read();
  const said = ["subscribe", "unsubscribe"];
  const names = [...said, "acknowledgement", ...Object.keys(told)];
  expect(Object.keys(channelsOf(document, "socket")).sort()).toEqual(names.sort());
  for (const name of said) expect(document.operations[`receive.${name}`]).toBeDefined();
  for (const name of Object.keys(told)) {
    expect(document.operations[`send.${name}`]?.action).toBe("send");
  }
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
