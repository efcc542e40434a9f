/**
 * The wire between sites and hubs, and the webhooks, as an AsyncAPI 3 document
 * (https://www.asyncapi.com/docs/reference/specification/v3.0.0). It is made from the contract that
 * both ends read their messages with, so it cannot tell another story.
 */
import { z } from "zod";
import { stateSchemas, topicRoot, topics, type TopicName } from "../../machines/contract.ts";
import { contentType } from "../webhooks/cloud-event.ts";

type Json = Record<string, unknown>;

const abouts: Record<TopicName, string> = {
  availability: "Whether the site is there; `offline` is its last will",
  info: "What the site is made of; retained, new with each start",
  state:
    "The state of one encoder, stream, destination, storage or ingest, or of the site; retained",
  actorAvailability: "Whether what the state says is read now",
  telemetry: "Fast figures of the whole site, at most once a second",
  event: "A decision, in the order of `seq`; again until every hub has acknowledged it",
  ack: "A hub has everything up to `seq`",
  replay: "A hub asks for events again",
  request: "A command; what the site says about it comes as `response`",
  response: "Accepted, done or refused, and why",
};

const levels: Record<string, string> = {
  site: "Id of the site",
  kind: "encoder, stream, destination, storage, ingest or site",
  id: "Id within the site",
  verb: "What is asked for",
  hub: "Name of the hub",
};

export function asyncApi(p: { title: string; version: string }): Json {
  const { schemas, refTo } = schemaBook();
  const channels: Json = {};
  const operations: Json = {};
  for (const [name, topic] of Object.entries(topics)) {
    const address = `${topicRoot}/:site/${topic.path}`.replace(/:(\w+)/g, "{$1}");
    const messages: Json =
      name === "state"
        ? Object.fromEntries(
            Object.entries(stateSchemas).map(([kind, schema]): [string, Json] => {
              return [kind, { name: `${kind} state`, payload: refTo(`${kind}State`, schema) }];
            }),
          )
        : { [name]: { name, payload: refTo(name, topic.payload) } };
    const found = address.matchAll(/\{(\w+)\}/g);
    channels[name] = {
      ...{ address, description: abouts[name as TopicName], messages },
      parameters: Object.fromEntries(
        [...found].map(([, level = ""]): [string, Json] => {
          return [level, { description: levels[level] }];
        }),
      ),
      bindings: { mqtt: { qos: topic.qos, retain: topic.retain, bindingVersion: "0.2.0" } },
    };
    // From where the hub stands.
    const action = topic.direction === "up" ? "receive" : "send";
    operations[`${action}.${name}`] = { action, channel: { $ref: `#/channels/${name}` } };
  }
  channels["webhook"] = {
    address: null,
    description: "POST to each webhook: the site's event as a CloudEvent, signed",
    messages: {
      event: {
        ...{ name: "event", contentType },
        payload: {
          type: "object",
          required: ["specversion", "id", "source", "type", "subject", "time", "data"],
          properties: {
            specversion: { const: "1.0" },
            id: { type: "string", description: "The same at each try" },
            source: { type: "string", format: "uri" },
            type: { type: "string", description: "`understudy.` and the type of the event" },
            subject: { type: "string", description: "<kind>/<id>" },
            time: { type: "string", format: "date-time" },
            datacontenttype: { const: "application/json" },
            data: { type: "object" },
          },
        },
        headers: {
          type: "object",
          required: ["webhook-id", "webhook-timestamp", "webhook-signature"],
          properties: {
            "webhook-id": { type: "string" },
            "webhook-timestamp": { type: "string", description: "Unix seconds" },
            "webhook-signature": { type: "string", description: "v1,<HMAC-SHA256 in base64>" },
          },
        },
      },
    },
  };
  operations["send.webhook"] = { action: "send", channel: { $ref: "#/channels/webhook" } };
  return {
    asyncapi: "3.0.0",
    info: { ...p, license: { name: "MIT" } },
    defaultContentType: "application/json",
    ...{ channels, operations, components: { schemas } },
  };
}

/** Schemas by name; what the contract itself names is kept once, under that name. */
function schemaBook() {
  const schemas: Record<string, Json> = {};
  const refTo = (name: string, schema: z.ZodType): Json => {
    const {
      $schema: _,
      $defs,
      ...own
    } = z.toJSONSchema(schema, {
      ...{ io: "input", unrepresentable: "any" },
    }) as Json & { $defs?: Record<string, Json> };
    const moved = (part: Json) =>
      JSON.parse(JSON.stringify(part).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
    for (const [key, definition] of Object.entries($defs ?? {})) schemas[key] = moved(definition);
    schemas[name] = moved(own);
    return { $ref: `#/components/schemas/${name}` };
  };
  return { schemas, refTo };
}
