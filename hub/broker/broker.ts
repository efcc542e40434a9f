/** The broker itself: aedes behind our listeners, limits and access rule. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";
import { maySubscribe, mayPublish, type Holder } from "./access.ts";
import { limitPackets } from "./packet-limit.ts";
import { isId } from "../../machines/id.ts";
import { followFiles, secretsIn, type TlsFiles } from "../certificate.ts";
import type { BrokerAccount, BrokerOptions, Refused } from "../../config/broker-program.ts";
import { isLoopback } from "../../config/fields.ts";

export type Broker = {
  port: number;
  /** Loopback port that takes MQTT over WebSocket; null when not asked for. */
  webSocketPort: number | null;
  /** Without TLS, on loopback: `port`, or where that has TLS another. */
  ownPort: number;
  /** Replace the accounts; whoever is connected with one that is gone is disconnected. */
  setAccounts(accounts: BrokerAccount[]): void;
  close(): Promise<void>;
};

/** MQTT 3.1.1 return code 5, "not authorized". */
const notAuthorized = 5;

const sha256 = (text: Uint8Array) => createHash("sha256").update(text).digest();

/** Names and topics of strangers are cut: what is told of them goes into a log. */
const mostTold = 200;
const told = (text: string) => text.slice(0, mostTold);
const addressOf = (client: Client | null) =>
  (client?.conn as Partial<Socket> | undefined)?.remoteAddress ?? "by WebSocket";

/**
 * @param onRefused somebody was not let in, or wanted what is not theirs
 * @throws when `anonymous` is asked for on an address that others can reach, or on EADDRINUSE
 */
export async function openBroker(
  options: BrokerOptions,
  onRefused: (refused: Refused) => void = () => undefined,
): Promise<Broker> {
  const { limits } = options;
  if (options.anonymous && !isLoopback(options.host)) {
    throw new Error(`anonymous MQTT is only for loopback, not for ${options.host}`);
  }
  let accounts = byUser(options.accounts);
  const holders = new WeakMap<Client, Holder>();
  const users = new WeakMap<Client, BrokerAccount>();
  const live = new Set<Client>();
  const refuse = (what: Refused["what"], client: Client | null, topic: string) => {
    const { user } = (client && users.get(client)) ?? { user: "" };
    onRefused({ what, user, address: addressOf(client), topic: told(topic) });
  };

  const aedes = await Aedes.createBroker({
    drainTimeout: limits.drainTimeoutMs,
    maxTopicLevels: limits.topicLevels,
    connectTimeout: 10_000,
    keepaliveLimit: 3_600,
    preConnect: (_client, _packet, done) => {
      if (aedes.connectedClients >= limits.clients) done(new Error("too many clients"), false);
      else done(null, true);
    },
    authenticate: (client, user, password, done) => {
      const held = user === undefined ? [] : (accounts.get(user) ?? []);
      const account = password && held.find((one) => matches(one, password));
      const named = namesIn(client.conn);
      if (named) {
        // A password may come with a certificate; then it is right, and of the same site.
        const site = account ? account.site : password ? undefined : (user ?? named[0]);
        if (site !== undefined && named.includes(site)) {
          if (account) users.set(client, account);
          holders.set(client, { role: "site", site });
          return done(null, true);
        }
      } else if (account) {
        users.set(client, account);
        holders.set(client, account);
        return done(null, true);
      }
      if (!named && options.anonymous && user === undefined) {
        holders.set(client, { role: "hub" });
        return done(null, true);
      }
      onRefused({ what: "wrong_login", user: told(user ?? ""), address: addressOf(client) });
      const error: AuthenticateError = Object.assign(new Error("wrong user or password"), {
        returnCode: notAuthorized,
      });
      done(error, null);
    },
    authorizePublish: (client, packet, done) => {
      const holder = client ? holders.get(client) : undefined;
      if (holder && mayPublish(holder, packet.topic)) return done(null);
      refuse("publish_refused", client, packet.topic);
      done(new Error(`may not publish to ${packet.topic}`));
    },
    authorizeSubscribe: (client, subscription, done) => {
      const holder = holders.get(client);
      const open = Object.keys((client as Client & { subscriptions: object }).subscriptions).length;
      // `null` answers the subscriber with 128, "refused", and keeps its connection.
      const allowed = holder && maySubscribe(holder, subscription.topic);
      if (!allowed) refuse("subscribe_refused", client, subscription.topic);
      done(null, allowed && open < limits.subscriptionsPerClient ? subscription : null);
    },
  });
  aedes.on("client", (client) => live.add(client));
  aedes.on("clientDisconnect", (client) => live.delete(client));

  const serve = (stream: Duplex) => {
    limitPackets(stream, limits.packetBytes);
    aedes.handle(stream);
  };
  const plain = () => createServer({ noDelay: true }, serve);
  const tcp = options.tls ? overTls(options.tls, serve) : plain();
  await listen(tcp, options.port, options.host);
  const own = options.tls ? plain() : tcp;
  if (own !== tcp) await listen(own, options.ownPort ?? 0, "127.0.0.1");
  const ws = options.webSocket ? await openWebSocket(serve, limits.packetBytes) : undefined;

  return {
    port: portOf(tcp),
    webSocketPort: ws ? ws.port : null,
    ownPort: portOf(own),
    setAccounts: (next) => {
      accounts = byUser(next);
      for (const client of live) {
        const held = users.get(client);
        const isHeld = accounts
          .get(held?.user ?? "")
          ?.some(({ passwordSha256 }) => passwordSha256 === held?.passwordSha256);
        if (held && isHeld !== true) client.close();
      }
    },
    close: async () => {
      const stopped = Promise.all(
        [...new Set([tcp, own])].map((server) => new Promise((done) => server.close(done))),
      );
      ws?.close();
      await new Promise<void>((done) => aedes.close(() => done()));
      await stopped;
    },
  };
}

/** A certificate is taken up anew when its files change. @throws when they cannot be read */
function overTls(files: TlsFiles, serve: (stream: Duplex) => void): Server {
  const asks = files.clientCa !== undefined;
  const clients = { requestCert: asks, rejectUnauthorized: asks };
  const server = createTlsServer({ ...secretsIn(files), ...clients, handshakeTimeout: 10_000 });
  server.on("secureConnection", (socket) => {
    socket.setNoDelay(true);
    serve(socket);
  });
  const tell = (_: unknown, message?: string) => void process.stderr.write(`broker: ${message}\n`);
  server.once("close", followFiles(server, files, { info: () => undefined, error: tell }));
  return server;
}

/** The sites that a client's certificate names; undefined: it showed none, and needed none. */
function namesIn(conn: unknown): string[] | undefined {
  if (!(conn instanceof TLSSocket) || !conn.authorized) return undefined;
  const { subject, subjectaltname = "" } = conn.getPeerCertificate();
  const others = subjectaltname.split(", ").filter((name) => name.startsWith("DNS:"));
  return [subject.CN, ...others.map((name) => name.slice("DNS:".length))]
    .flatMap((name) => name ?? [])
    .filter(isId);
}

function matches(account: BrokerAccount, password: Buffer): boolean {
  return timingSafeEqual(sha256(password), Buffer.from(account.passwordSha256, "hex"));
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Loopback only: whoever wants it from outside goes through the hub's HTTP port. */
async function openWebSocket(serve: (stream: Duplex) => void, maxPayload: number) {
  const http = createHttpServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({
    server: http,
    maxPayload: maxPayload * 4,
    handleProtocols: (offered) => (offered.has("mqtt") ? "mqtt" : false),
  });
  sockets.on("connection", (socket) => serve(createWebSocketStream(socket)));
  await listen(http, 0, "127.0.0.1");
  return {
    port: portOf(http),
    close: () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      http.close();
    },
  };
}

/** While a key is being replaced, its site has two passwords. */
function byUser(accounts: BrokerAccount[]): Map<string, BrokerAccount[]> {
  const found = new Map<string, BrokerAccount[]>();
  for (const account of accounts) {
    found.set(account.user, [...(found.get(account.user) ?? []), account]);
  }
  return found;
}
