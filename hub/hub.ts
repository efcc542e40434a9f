/** Wires a hub together: the only file that knows everyone. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Logger } from "pino";
import type { BrokerAccount } from "../config/broker-program.ts";
import { openAsking } from "./api/asking.ts";
import { openLimits } from "./api/budgets.ts";
import { clientAddress } from "./api/client-address.ts";
import { openGraph } from "./api/graphql/graph.ts";
import { openGrpc } from "./api/grpc/listener.ts";
import { openGraphSockets } from "./api/graphql/socket.ts";
import { itemsOf } from "./api/items.ts";
import { openKeyRing, sha256Hex, type KeyRing } from "./api/keys.ts";
import { openMetrics } from "./api/metrics.ts";
import { openServer } from "./api/server.ts";
import { openSockets } from "./api/socket.ts";
import { openAudit } from "./audit/audit.ts";
import { auditKeyFile, pruneAudit } from "./audit/pruning.ts";
import { openSessions } from "./auth/sessions.ts";
import { openSignIn } from "./auth/sign-in.ts";
import { openTokens } from "./auth/tokens.ts";
import { tellRestored } from "./backup/tell-restored.ts";
import { startBroker } from "./broker/child.ts";
import { passToBroker } from "./broker/proxy.ts";
import { commandSigner } from "./command-key.ts";
import { openCommands } from "./commands.ts";
import { openFeed } from "./feed.ts";
import { openHubKeys } from "./hub-keys.ts";
import { openIngest } from "./ingest.ts";
import { keyIn } from "./key-file.ts";
import { openLink, type Link } from "./link.ts";
import { checkHubOptions, type HubOptions } from "./options.ts";
import type { Publish } from "./publish.ts";
import { guardStore } from "./store/guard.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import { openEventTopics } from "./topics/event-topics.ts";
import { openMetricsDigest } from "./topics/metrics-digest.ts";
import { openThumbnails } from "./thumbnails.ts";
import { openView } from "./view.ts";
import { openGuard } from "./webhooks/guard.ts";
import { openSigning } from "./webhooks/signing.ts";
import { openWebhooks } from "./webhooks/webhooks.ts";

export type Hub = {
  url: string;
  mqttUrl: string;
  /** undefined: it was not asked for. */
  grpcUrl: string | undefined;
  /** The first key ever made here; undefined if there was one already. */
  bootstrapKey: string | undefined;
  /** Make one more admin key, for who has lost the first. */
  newAdminKey(): Promise<string>;
  brokerPid(): number | undefined;
  close(): Promise<void>;
};

declare const UNDERSTUDY_VERSION: string;
export const hubVersion =
  typeof UNDERSTUDY_VERSION === "string" ? UNDERSTUDY_VERSION : "0.0.0-source";
const hourMs = 3_600_000;

/** @throws HubOptionsError, BrokerStartError, or an error with code EADDRINUSE */
export async function openHub(options: HubOptions, log: Logger, now = Date.now): Promise<Hub> {
  checkHubOptions(options);
  const closers: (() => Promise<unknown> | void)[] = [];
  const close = async () => {
    for (const step of closers.splice(0).reverse()) await step();
  };
  try {
    return await open(options, log, now, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  options: HubOptions,
  log: Logger,
  now: () => number,
  closers: (() => Promise<unknown> | void)[],
  close: () => Promise<void>,
): Promise<Hub> {
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  const guard = guardStore(openSqliteStore(join(options.stateDir, "hub.db")), { log, now });
  const { store } = guard;
  closers.push(() => store.close());
  const keys = await openKeyRing(store, now, options.givenKeys);

  const audit = openAudit(store, log, now);
  tellRestored(options.stateDir, audit);
  const hubKeys = openHubKeys({ folder: options.stateDir, secret: options.stateSecret, now });
  // Read now: what cannot be read stops the start. The third is made when somebody logs in.
  await Promise.all([hubKeys.command.held(), hubKeys.webhook.held()]);
  const tokens = openTokens({ key: hubKeys.token, hub: options.id, now });
  const { places, publicUrl, signIn: providers } = options;
  const sessions = await openSessions({ store, tokens, audit, places, now });
  const signIn = openSignIn({ publicUrl, providers, sessions, audit, now });

  const feed = openFeed();
  closers.push(() => feed.close());
  const view = openView(feed);

  // The link needs ingest, and ingest speaks over the link.
  const wire: { link?: Link } = {};
  const publish: Publish = (topic, payload, how) => wire.link?.publish(topic, payload, how);
  const linkUp = () => wire.link?.up() === true;
  const commands = openCommands(store, publish, now, commandSigner(hubKeys.command));
  const thumbnails = openThumbnails(now);
  const ingest = await openIngest({
    ...{ store, view, feed, publish, log, now, hub: options.id, thumbnails },
    onResponse: (site, response) => {
      commands.answered(site, response).catch((error: unknown) => {
        log.error({ err: error, site, code: "answer_not_stored" }, "an answer was not stored");
      });
    },
  });
  closers.push(() => ingest.close());
  const storeOk = () => ingest.healthy() && guard.word() === "closed";

  const { mqtt } = options;
  const own = { username: "hub", password: randomBytes(24).toString("base64url") };
  const broker =
    mqtt.kind === "own"
      ? await startBroker(
          { ...mqtt, accounts: accountsOf(options, keys, own) },
          {
            onExit: ({ code, signal, retryMs }) =>
              log.error({ exit: code, signal, retryMs, code: "broker_died" }, "broker restarts"),
            onRefused: ({ what, user, address, topic }) =>
              audit.often(`mqtt ${what} ${user} ${address}`, {
                ...{ type: "mqtt.refused", actor: "stranger", outcome: "refused", address },
                ...{ code: what, ...(user !== "" && { name: user }), object: topic ?? "mqtt" },
              }),
          },
        )
      : undefined;
  if (broker) {
    closers.push(() => broker.close());
    keys.onChange(() => broker.setAccounts(accountsOf(options, keys, own)));
  }
  const brokerHost = mqtt.kind === "own" && mqtt.host !== "0.0.0.0" ? mqtt.host : "127.0.0.1";
  const mqttUrl =
    mqtt.kind === "external"
      ? mqtt.url
      : `${mqtt.tls ? "mqtts" : "mqtt"}://${brokerHost}:${broker?.port() ?? mqtt.port}`;
  const isTls = mqtt.kind === "own" && mqtt.tls !== undefined;
  const ownUrl = broker && isTls ? `mqtt://127.0.0.1:${broker.ownPort()}` : mqttUrl;
  const login = mqtt.kind === "own" ? own : externalLogin(mqtt);
  const link = openLink({
    ...{ url: ownUrl, hub: options.id, log, ...login },
    onMessage: ingest.message,
    onDown: ingest.linkDown,
  });
  wire.link = link;
  closers.push(() => link.close());

  const metrics = await openMetrics({
    ...{ view, feed, store, now, version: hubVersion, counts: ingest.counts },
    storeBreaker: guard.word,
  });
  const webhooks = await openWebhooks({
    ...{ store, feed, log, now, hub: options.id, guard: openGuard(options.webhooks.allow) },
    signing: openSigning(hubKeys.webhook),
  });
  closers.push(() => webhooks.close());
  const eventTopics = await openEventTopics({ store, feed, log, deliver: link.deliver });
  closers.push(() => eventTopics.close());
  const digest = openMetricsDigest({ view, publish, now });
  closers.push(() => digest.close());
  const asking = openAsking({ view, commands, store, linkUp, audit });
  const limits = openLimits(options.rateLimit, now);
  const graph = openGraph({ view, feed, store, asking, audit, log });
  const app = await openServer({
    ...{ view, store, keys, commands, metrics, linkUp, log, items: itemsOf(view) },
    health: {
      ...{ linkUp, storeOk, storeBreaker: guard.word, counts: ingest.counts, version: hubVersion },
      broker: broker ? () => ({ up: broker.up(), restarts: broker.restarts() }) : null,
      startedAtMs: now(),
    },
    ...{ sessions, signIn, tokens, audit, now, webhooks, hubKeys, hub: options.id },
    demoOpen: options.demoOpen,
    ...{ asking, limits, graph, thumbnails },
    trustedProxies: options.trustedProxies,
    webDir: options.webDir,
    mediaFrom: options.mediaFrom,
  });
  closers.push(() => app.close());
  const addressOf = clientAddress(options.trustedProxies);
  const mayConnect = (request: IncomingMessage) => limits.ofAddress(addressOf(request)).left >= 0;
  const sockets = openSockets(app.server, {
    ...{ view, feed, audit, addressOf, mayConnect, keys, sessions, demoOpen: options.demoOpen },
  });
  closers.push(() => sockets.close());
  const graphSockets = openGraphSockets({
    ...{ graph, audit, addressOf, keys, sessions, demoOpen: options.demoOpen },
  });
  closers.push(() => graphSockets.close());
  app.server.on("upgrade", (request, socket, head) => {
    const path = request.url?.split("?")[0];
    // It counts for itself, when a connection is new.
    if (path === "/socket.io/") return;
    const serves = mqtt.kind === "own" && mqtt.webSocket;
    const isGraph = path === "/graphql" || path === "/api/graphql";
    if (!isGraph && !(path === "/mqtt" && serves)) return void socket.destroy();
    if (!mayConnect(request)) {
      const lines = ["HTTP/1.1 429 Too Many Requests", "Retry-After: 1", "Connection: close"];
      return void socket.end(`${lines.join("\r\n")}\r\n\r\n`);
    }
    if (isGraph) graphSockets.upgrade(request, socket, head);
    else passToBroker(request, socket, head, broker?.webSocketPort() ?? null);
  });
  await app.listen({ host: options.host, port: options.port });

  const grpc =
    options.grpc &&
    (await openGrpc(options.grpc, {
      ...{ view, feed, store, asking, limits, audit, log, keys, sessions },
      ...{ demoOpen: options.demoOpen, healthy: ingest.healthy },
    }));
  closers.push(() => grpc?.close());

  const chores = setInterval(() => {
    keys.sweep();
    guard.tend();
    commands.expire().catch((error: unknown) => log.error({ err: error, code: "expire" }, "chore"));
  }, 1_000);
  const { auditMs: keptMs, auditArchive } = options.retention;
  const folder = auditArchive ?? join(options.stateDir, "audit-archive");
  const auditKey = keyIn(join(options.stateDir, auditKeyFile));
  const prune = async () => {
    await store.prune(options.retention, now());
    const left = await pruneAudit({ store, key: auditKey, folder, keptMs, nowMs: now() });
    if (left) log.info({ ...left, code: "audit_pruned" }, "old rows of the audit log left it");
  };
  const pruning = setInterval(() => {
    prune().catch((error: unknown) => log.error({ err: error, code: "prune" }, "chore"));
  }, hourMs);
  closers.push(() => {
    clearInterval(chores);
    clearInterval(pruning);
  });

  // Kept by the journal, too: a head that has left the file tells whether its end was cut off.
  const tellHead = async () => {
    const { n, hash } = await store.auditHead();
    log.info({ n, hash, code: "audit_head" }, "head of the audit log");
  };
  await tellHead();
  const telling = setInterval(() => {
    tellHead().catch((error: unknown) => log.error({ err: error, code: "audit_head" }, "chore"));
  }, 24 * hourMs);
  closers.push(() => clearInterval(telling));

  // Last, so that a start that fails does not use up a key nobody has seen.
  const isNew = !keys.all().some(({ kind, expiresAtMs }) => kind === "adm" && expiresAtMs !== null);
  const mintAdmin = async (name: string) => {
    const { row, secret } = await keys.mint("adm", name);
    const object = `key:${row.id}`;
    audit.add({
      type: "key.made",
      actor: "hub",
      outcome: "ok",
      object,
      detail: { name, kind: "adm" },
    });
    return secret;
  };
  const bootstrapKey = isNew ? await mintAdmin("bootstrap") : undefined;

  const { port } = app.server.address() as AddressInfo;
  const host = options.host === "0.0.0.0" ? "127.0.0.1" : options.host;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    mqttUrl,
    grpcUrl: grpc?.url,
    bootstrapKey,
    newAdminKey: () => mintAdmin("by command line"),
    brokerPid: () => broker?.pid(),
    close,
  };
}

/** Sites log in with their id and a site key; the config may name further accounts. */
function accountsOf(
  options: HubOptions,
  keys: KeyRing,
  own: { username: string; password: string },
): BrokerAccount[] {
  return [
    { user: own.username, passwordSha256: sha256Hex(own.password), role: "hub" },
    ...keys.all().flatMap(({ id, kind, site, sha256 }): BrokerAccount[] => {
      if (kind !== "site" || site === null || !keys.isLive(id)) return [];
      return [{ user: site, passwordSha256: sha256, role: "site", site }];
    }),
    ...options.sites.map(({ site, username, password }): BrokerAccount => {
      return { user: username, passwordSha256: sha256Hex(password), role: "site", site };
    }),
  ];
}

function externalLogin({ username, password }: { username?: string; password?: string }) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}
