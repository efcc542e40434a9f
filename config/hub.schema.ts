/** `hub.yaml`: everything a hub is told. */
import { z } from "zod";
import { absolutePath, host, id, logLevel, port, url } from "./fields.ts";
import { SecretReference } from "./secrets.ts";
import { publicUrl, signIn } from "./sign-in.schema.ts";
import { duration, section, size } from "./units.ts";

const broker = section({
  host: host.prefault("127.0.0.1").describe("Address the broker listens on for MQTT over TCP"),
  port: port.prefault(1883).describe("Its TCP port"),
  webSocket: z.boolean().prefault(true).describe("MQTT over WebSocket as well, on the HTTP port"),
  anonymous: z.boolean().prefault(false).describe("No passwords; only where host is loopback"),
  tls: section({
    certificate: absolutePath.describe("Its certificate with those that vouch for it, in PEM"),
    key: absolutePath.describe("The certificate's private key, in PEM"),
    clientCa: absolutePath
      .exactOptional()
      .describe("Only clients with a certificate of this authority, which names their site"),
    clientCrl: absolutePath
      .exactOptional()
      .describe("Its list of certificates that are not good any more, in PEM"),
  })
    .exactOptional()
    .describe("mqtts, TLS 1.3; without it passwords are sent in clear"),
  limits: section({
    clients: z.int().min(1).max(100_000).prefault(2_000).describe("Connections at a time"),
    packet: size({ atLeast: "16KiB", atMost: "16MiB" })
      .prefault("262656B")
      .describe("Largest packet: a state of 256 KiB and its topic"),
    topicLevels: z.int().min(7).max(32).prefault(8).describe("Levels a topic may have"),
    subscriptionsPerClient: z.int().min(1).max(1_000).prefault(64).describe("For one client"),
    drainTimeout: duration({ atLeast: "1s", atMost: "60s" })
      .prefault("4s")
      .describe("A subscriber that reads nothing for this long is disconnected"),
  })
    .prefault({})
    .describe("What one client may take"),
});

const external = section({
  url: url("mqtt", "mqtts", "ws", "wss").describe("A broker of your own, instead of ours"),
  username: z.string().min(1).exactOptional().describe("Name the broker knows this hub by"),
  password: SecretReference.exactOptional().describe("Where the password is kept"),
});

const networks = z
  .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
  .max(100)
  .prefault([]);

export const hubSchema = section({
  id: id.prefault("main").describe("Name of this hub: sites wait for its acknowledgements"),
  host: host.prefault("127.0.0.1").describe("Address that page, API and metrics listen on"),
  port: port.prefault(8080).describe("The one HTTP port"),
  trustedProxies: networks.describe("Addresses of proxies whose X-Forwarded-For is believed"),
  publicUrl: publicUrl
    .exactOptional()
    .describe("Where people open the page; providers of signIn send them back there"),
  stateDir: absolutePath
    .exactOptional()
    .describe("Database and hashed keys; $STATE_DIRECTORY, else /var/lib/understudy-hub"),
  stateSecret: SecretReference.exactOptional().describe(
    "Where the secret is kept that the hub's own keys in stateDir are sealed with (AES-256-GCM)",
  ),
  mqtt: section({
    broker: broker.prefault({}).describe("Our own broker, a child of the hub"),
    external: external.exactOptional().describe("Use this broker; ours is then not started"),
  })
    .prefault({})
    .describe("Where sites report to"),
  sites: z
    .array(
      section({
        site: id.describe("Site id; this account may speak for no other"),
        username: z.string().min(1).max(120).describe("What the site logs in as"),
        password: SecretReference.describe("Where the site's password is kept"),
      }),
    )
    .max(1_000)
    .prefault([])
    .describe("Accounts on our own broker"),
  places: z
    .array(
      section({
        site: id.describe("Site id"),
        department: z.string().min(1).max(80).exactOptional().describe("Who runs it"),
        region: z.string().min(1).max(80).exactOptional().describe("Where it is"),
      }),
    )
    .max(10_000)
    .prefault([])
    .describe("Where sites belong: people of a region or department see its sites only"),
  signIn: signIn.describe("Whose accounts people may log in with, beside passwords"),
  retention: section({
    event: duration({ atLeast: "1h" }).prefault("30d").describe("How long events are kept"),
    incident: duration({ atLeast: "1h" }).prefault("365d").describe("How long incidents are kept"),
    command: duration({ atLeast: "1h" }).prefault("90d").describe("How long commands are kept"),
    audit: duration({ atLeast: "30d" })
      .prefault("400d")
      .describe("How long rows of the audit log are kept; then they go into a file"),
    auditArchive: absolutePath
      .exactOptional()
      .describe("The folder of those files; left out: audit-archive in stateDir"),
    quarantine: duration({ atLeast: "1h" }).prefault("30d").describe("Messages we could not read"),
    quarantineRowsPerSite: z
      .int()
      .min(1)
      .max(1_000_000)
      .prefault(1_000)
      .describe("Most messages kept of those, for one site"),
  })
    .prefault({})
    .describe("What is kept, and how long"),
  rateLimit: section({
    requests: z.int().min(1).max(1_000_000).prefault(100).describe("For one address"),
    within: duration({ atLeast: "1s", atMost: "1h" }).prefault("1s").describe("In this time"),
    keyPerHour: z
      .int()
      .min(1)
      .max(100_000_000)
      .prefault(1_000)
      .describe(
        "For one API key in an hour, its pages have 100 times that; people, sockets and 304 are free",
      ),
    commandReserve: z
      .int()
      .min(0)
      .max(1_000_000)
      .prefault(200)
      .describe("Commands a key may still give in an hour that is used up"),
  })
    .prefault({})
    .describe("How many API requests are answered"),
  grpc: section({
    host: host
      .prefault("127.0.0.1")
      .describe("Address it listens on; beyond this machine with tls"),
    port: port.prefault(50_051).describe("Its TCP port"),
    tls: section({
      certificate: absolutePath.describe("Its certificate with those that vouch for it, in PEM"),
      key: absolutePath.describe("The certificate's private key, in PEM"),
      clientCa: absolutePath
        .exactOptional()
        .describe("Only clients with a certificate of this authority may connect"),
    })
      .exactOptional()
      .describe("TLS 1.3; without it all is sent in clear"),
  })
    .exactOptional()
    .describe("gRPC on a port of its own; not there unless it is said here"),
  webhooks: section({
    allow: networks.describe("Networks off the internet that webhooks may go to all the same"),
  })
    .prefault({})
    .describe("Telling other systems by HTTP"),
  log: section({ level: logLevel.prefault("info").describe("How much is logged") })
    .prefault({})
    .describe("Log lines go to stdout, as JSON"),
});

type Parsed = z.output<typeof hubSchema>;
/** A hub's config as it is used: quantities with their unit in the name. */
export type HubConfig = Parsed & { stateDir: string };
