/**
 * The wire between sites and hubs, the sockets and the webhooks, as an AsyncAPI 3 document
 * (https://www.asyncapi.com/docs/reference/specification/v3.0.0). It is made from the contract that
 * both ends read their messages with, so it cannot tell another story.
 */
import { z } from "zod";
import { stateSchemas, topicRoot, topics, type TopicName } from "../../machines/contract.ts";
import { contentType } from "../webhooks/cloud-event.ts";
import { Acknowledged, told, Wanted } from "./socket-messages.ts";

type Json = Record<string, unknown>;

const abouts: Record<TopicName, string> = {
  availability: "Whether the site is there; `offline` is its last will",
  info: "What the site is made of; retained, new with each start",
  state:
    "The state of one encoder, stream, destination, storage, ingest or output, or of the site; retained",
  actorAvailability: "Whether what the state says is read now",
  thumbnail: "A small picture of what an ingest takes in, an encoder makes or a far end shows",
  telemetry: "Fast figures of the whole site, at most once a second",
  event: "A decision, in the order of `seq`; again until every hub has acknowledged it",
  ack: "A hub has everything up to `seq`",
  replay: "A hub asks for events again",
  request: "A command; what the site says about it comes as `response`",
  response: "Accepted, done or refused, and why",
  streamingEvents: "For other systems: an event about a stream; at least once, by the hub",
  adBreakEvents: "For other systems: an event about an ad break",
  encoderEvents: "For other systems: an event about an encoder",
  metricsEvents: "For other systems: the newest figures of the encoders, every 10 s",
  systemEvents: "For other systems: an event about anything else of the site",
  configEvents:
    "For other systems: an event about how the site is set; also on the topic of its subject",
  allEvents: "For other systems: every event",
  deadLetter: "For other systems: a command that the site did not answer",
};

const levels: Record<string, string> = {
  site: "Id of the site",
  kind: "encoder, stream, destination, storage, ingest, output or site",
  id: "Id within the site",
  verb: "What is asked for",
  hub: "Name of the hub",
};

const host = { default: "hub.example.org" };
const servers: Json = {
  mqtt: {
    ...{ host: "{host}:1883", protocol: "mqtt", protocolVersion: "3.1.1", variables: { host } },
    description: "The hub's broker, or one of your own; over WebSocket at /mqtt of the HTTP port",
    security: [{ $ref: "#/components/securitySchemes/login" }],
  },
  socket: {
    ...{ host: "{host}:8080", protocol: "socket.io", protocolVersion: "5", variables: { host } },
    ...{ pathname: "/socket.io/", description: "The default namespace, at the HTTP port" },
    security: [
      { $ref: "#/components/securitySchemes/bearer" },
      { $ref: "#/components/securitySchemes/token" },
    ],
  },
  receiver: {
    ...{ host: "{host}", protocol: "https", variables: { host: { default: "your.example.org" } } },
    description: "Whoever a webhook names",
  },
};
const securitySchemes: Json = {
  login: {
    type: "userPassword",
    description: "A site: its id and a key of kind `site`; a reader: an account in the broker",
  },
  bearer: { type: "http", scheme: "bearer", description: "A key or access token in the handshake" },
  token: {
    ...{ type: "httpApiKey", in: "header", name: "X-API-Key" },
    description: "The same as `auth.token` of the handshake, or in this header",
  },
};

const saidOnSockets = {
  subscribe: "Tell me about these from now on; what is known is told at once",
  unsubscribe: "No more of these",
};
const toldOnSockets: Record<keyof typeof told, string> = {
  stream_health: "A stream, whenever something of it changes",
  stream_error: "A decision about a stream that is a warning or worse",
  health_update: "An encoder, whenever something of it changes",
  rows: "Of `encoder_ids`: those that have changed",
  summary: "How many there are, and how many of them a person must look at",
  board: "Everything, as the hub's own page shows it",
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
      ...{ address, description: abouts[name as TopicName], messages, servers: on("mqtt") },
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
    servers: on("receiver"),
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

  const onSocket = (name: string, description: string, schema: z.ZodType) => {
    const messages = { [name]: { name, payload: refTo(`socket_${name}`, schema) } };
    channels[name] = { address: name, description, messages, servers: on("socket") };
  };
  for (const [name, description] of Object.entries(saidOnSockets)) {
    onSocket(name, description, Wanted);
    operations[`receive.${name}`] = {
      ...{ action: "receive", channel: { $ref: `#/channels/${name}` } },
      reply: { channel: { $ref: "#/channels/acknowledgement" } },
    };
  }
  onSocket("acknowledgement", "The callback of the client's `emit`", Acknowledged);
  (channels["acknowledgement"] as Json)["address"] = null;
  for (const [name, schema] of Object.entries(told)) {
    onSocket(name, toldOnSockets[name as keyof typeof told], schema);
    operations[`send.${name}`] = { action: "send", channel: { $ref: `#/channels/${name}` } };
  }
  return {
    asyncapi: "3.0.0",
    info: { ...p, license: { name: "MIT", url: "https://opensource.org/license/mit" } },
    defaultContentType: "application/json",
    ...{ servers, channels, operations, components: { schemas, securitySchemes } },
  };
}

const on = (server: string) => [{ $ref: `#/servers/${server}` }];

/** Schemas by name; what the contract itself names is kept once, under that name. */
function schemaBook() {
  const schemas: Record<string, Json> = {};
  const refTo = (name: string, schema: z.ZodType): Json => {
    const {
      $schema: _,
      definitions = {},
      ...own
    } = z.toJSONSchema(schema, {
      // The dialect that AsyncAPI's own is a superset of.
      ...{ target: "draft-7", io: "input", unrepresentable: "any" },
    }) as Json & { definitions?: Record<string, Json> };
    const moved = (part: Json) =>
      JSON.parse(
        JSON.stringify(part).replaceAll('"#/definitions/', '"#/components/schemas/'),
      ) as Json;
    for (const [key, definition] of Object.entries(definitions)) schemas[key] = moved(definition);
    schemas[name] = moved(own);
    return { $ref: `#/components/schemas/${name}` };
  };
  return { schemas, refTo };
}
