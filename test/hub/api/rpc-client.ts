/** A client as people have it: grpc-js, with the messages of the committed descriptors. */
import {
  fromBinary,
  fromJson,
  toBinary,
  toJson,
  type DescMessage,
  type DescService,
  type JsonObject,
} from "@bufbuild/protobuf";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import * as grpc from "@grpc/grpc-js";
import { HubService, ProblemSchema } from "../../../hub/api/grpc/gen/understudy/v1/hub_pb.js";

export type Json = JsonObject & Record<string, unknown>;
type Call = { key?: string | null; deadlineMs?: number };

export function rpcClient(
  url: string,
  {
    key,
    service = HubService,
    credentials = grpc.credentials.createInsecure(),
  }: {
    key?: string | null;
    service?: DescService;
    credentials?: grpc.ChannelCredentials;
  } = {},
) {
  const client = new grpc.Client(new URL(url).host, credentials);
  /** All that grpc-js wants to know of a call, and the request. */
  function said(name: string, request: object, { key: own, deadlineMs = 30_000 }: Call) {
    const method = service.methods.find(({ localName }) => localName === name);
    if (!method) throw new Error(`no method ${name}`);
    const { input, output } = method;
    const metadata = new grpc.Metadata();
    const secret = own === undefined ? key : own;
    if (secret != null) metadata.set("authorization", `Bearer ${secret}`);
    return [
      ...([`/${service.typeName}/${method.name}`, serialize(input), deserialize(output)] as const),
      ...([request as Json, metadata, { deadline: Date.now() + deadlineMs }] as const),
    ] as const;
  }

  return {
    /** @throws RpcRefusal */
    call: (name: string, request: object = {}, how: Call = {}) =>
      new Promise<Json>((resolve, reject) => {
        client.makeUnaryRequest(...said(name, request, how), (error, answer) => {
          if (error) reject(new RpcRefusal(error));
          else resolve(answer ?? {});
        });
      }),
    follow: (name: string, request: object = {}, how: Call = {}) => {
      const heard: Json[] = [];
      const stream = client.makeServerStreamRequest(...said(name, request, how));
      const ended = new Promise<RpcRefusal>((resolve) => {
        stream.on("error", (error) => resolve(new RpcRefusal(error as grpc.ServiceError)));
      });
      stream.on("data", (one: Json) => heard.push(one));
      return { heard, ended, cancel: () => stream.cancel() };
    },
    close: () => client.close(),
  };
}

const serialize = (desc: DescMessage) => (json: Json) =>
  Buffer.from(toBinary(desc, fromJson(desc, json, { ignoreUnknownFields: true })));
const deserialize = (desc: DescMessage) => (bytes: Buffer) =>
  toJson(desc, fromBinary(desc, bytes)) as Json;

/** How a call ended: gRPC's status, and our problem in its details. */
export class RpcRefusal extends Error {
  readonly status: string;
  readonly code: string | undefined;
  /** Where the request is wrong. */
  readonly place: string[];
  constructor({ code, details, metadata }: grpc.ServiceError) {
    super(details);
    const [bytes] = metadata.get("grpc-status-details-bin");
    const headers = new Headers({ "grpc-status": String(code) });
    if (bytes instanceof Buffer) headers.set("grpc-status-details-bin", bytes.toString("base64"));
    const [problem] = findTrailerError(headers)?.findDetails(ProblemSchema) ?? [];
    this.status = grpc.status[code] ?? "";
    this.code = problem?.code;
    this.place = (problem?.errors ?? []).map(({ path }) => path);
  }
}
