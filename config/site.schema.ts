/** `site.yaml`: everything a site daemon is told. Vendors' options come from the drivers. */
import { z } from "zod";
import { optionsJsonSchema } from "./as-written.ts";
import { carry } from "./carry.schema.ts";
import { preview, streamContent } from "./content.schema.ts";
import { destination } from "./destination.schema.ts";
import { absolutePath, displayName, host, id, logLevel, port, url } from "./fields.ts";
import { ingest } from "./ingest.schema.ts";
import { output } from "./output.schema.ts";
import { events } from "./on-air-windows.ts";
import { commandKeyShape } from "../machines/command/signature.contract.ts";
import { SecretReference } from "./secrets.ts";
import { relay } from "./relay.schema.ts";
import { playbooks, repairOfBox, repairOfSite } from "./repair.schema.ts";
import { slate } from "./slate.schema.ts";
import { ownLevels, recording, storageLevels } from "./storage.schema.ts";
import { bitrate, celsius, duration, durationOr, percent, section } from "./units.ts";
import { encoderOfStream, settings } from "./understudies.ts";
import { parseOptions } from "./vendor-options.ts";

/** The options schema of every driver, by the name that stands under `driver:`. */
export type DriverSchemas = Readonly<Record<string, z.ZodType>>;
/** From the driver registries, by the section they serve; config itself knows no vendor. */
export type SiteDrivers = {
  encoders: DriverSchemas;
  outlets?: DriverSchemas;
  storages?: DriverSchemas;
  /** Of the listener for SNMP traps. */
  traps?: z.ZodType;
};

const mqtt = section({
  url: url("mqtt", "mqtts", "ws", "wss").describe("Broker that the site's hub listens on"),
  username: z.string().min(1).exactOptional().describe("Name the broker knows this site by"),
  password: SecretReference.exactOptional().describe("Where the password is kept"),
  ca: absolutePath.exactOptional().describe("CA certificate the broker's must be signed by, PEM"),
  certificate: absolutePath.exactOptional().describe("This site's own certificate, PEM"),
  key: absolutePath.exactOptional().describe("Private key of `certificate`, PEM"),
  commandKeys: z
    .array(z.string().regex(commandKeyShape, "must be ed25519: and 43 characters of base64url"))
    .max(8)
    .prefault([])
    .describe(
      "The hub's public keys: nothing is done that none of them has signed; none: not looked at",
    ),
  hubs: z
    .array(id)
    .min(1)
    .max(8)
    .prefault(["main"])
    .describe("Hubs that must each have acknowledged an event before it leaves the outbox"),
  broker: section({
    host: host.prefault("127.0.0.1").describe("Address the local broker listens on"),
    port: port.prefault(1883).describe("TCP port the local broker listens on"),
    readers: z
      .array(
        section({
          username: id.describe("What a subscriber logs in as"),
          password: SecretReference.describe("Where its password is kept"),
        }),
      )
      .min(1)
      .max(64)
      .describe("Who may listen there; nobody but the site itself may publish"),
  })
    .exactOptional()
    .describe("Run the broker program here, for subscribers at the site"),
});

const polling = section({
  normal: duration({ atLeast: "500ms", atMost: "60s" })
    .prefault("5s")
    .describe("How often a device is asked"),
  suspect: duration({ atLeast: "100ms", atMost: "5s" })
    .prefault("500ms")
    .describe("How often a device is asked while it is suspect"),
});

const chassis = { atLeast: "30C", atMost: "120C" };
const heat = section({
  hot: celsius(chassis)
    .prefault("80C")
    .describe("From here, or on the way here within lookAhead, its load is turned down"),
  cool: celsius(chassis).prefault("72C").describe("Below this its load is given back"),
  protect: celsius(chassis)
    .prefault("90C")
    .describe("From here it is taken off the programme, also when nobody can take over"),
  lookAhead: duration({ atLeast: "10s", atMost: "10min" })
    .prefault("60s")
    .describe("How far its trend is followed"),
  busy: percent({ atLeast: "20%", atMost: "100%" })
    .prefault("75%")
    .describe("From here for a minute its processor has no room; others are chosen before it"),
  calm: percent({ atLeast: "10%", atMost: "99%" })
    .prefault("65%")
    .describe("Below this its processor has room again"),
  memory: percent({ atLeast: "20%", atMost: "100%" })
    .prefault("90%")
    .describe("From here its memory is warned of, where it tells that"),
  coolingPeriod: duration({ atLeast: "10s", atMost: "30min" })
    .prefault("60s")
    .describe("Between two steps; a chassis answers a lower load this slowly"),
  steps: z
    .int()
    .min(1)
    .max(10)
    .optional()
    .describe(
      "At most so many steps down, the mildest first: then the understudy takes over. All that the " +
        "box has when left out, which is five of most. Repairs lower its load no further, either",
    ),
})
  .refine(({ coolC, hotC }) => coolC < hotC, { error: "must be below hot", path: ["cool"] })
  .refine(({ calmPercent, busyPercent }) => calmPercent < busyPercent, {
    error: "must be below busy",
    path: ["calm"],
  })
  .refine(({ hotC, protectC }) => hotC < protectC, {
    error: "must be above hot",
    path: ["protect"],
  });

const timeServer = section({
  host: host.describe("Name or address"),
  port: port.prefault(123).describe("UDP port"),
});
const clock = section({
  servers: z
    .array(z.union([host.transform((name) => ({ host: name, port: 123 })), timeServer]))
    .max(8)
    .prefault([])
    .describe("NTP servers to compare with, beside whoever keeps the clock (chrony, systemd)"),
  every: duration({ atLeast: "64s", atMost: "1h" })
    .prefault("4min")
    .describe("How often they and the keeper are asked"),
  alarmOffset: duration({ atLeast: "100ms", atMost: "1h" })
    .prefault("2s")
    .describe("From here the clock of this host, or of an encoder, is wrong"),
});

export const EncoderBase = section({
  id: id
    .refine((value) => value !== "system", { error: "system is reserved, choose another id" })
    .describe("Stable id of the role; survives renames and replaced hardware"),
  name: displayName.exactOptional().describe("What people call it"),
  driver: z.string().describe("What kind of encoder it is"),
  source: displayName
    .exactOptional()
    .describe("What feeds it; encoders with the same source show the same programme"),
  expectedBitrate: bitrate({ atLeast: "50kbps", atMost: "1Gbps" })
    .exactOptional()
    .describe("What one output sends, where the keys of its driver do not say; for the uplink"),
  polling: polling.prefault({}).describe("How often a device is asked"),
  outlet: id.exactOptional().describe("Outlet that powers it, to prove it off and to repair it"),
  repair: repairOfBox,
  playbooks: playbooks.exactOptional().describe("Kinds of trouble of this box treated otherwise"),
  sync: z
    .enum(["observe", "propose", "act"])
    .prefault("propose")
    .describe("When it carries nothing and is set otherwise than wanted: say so, ask, or set it"),
  syncEvery: duration({ atLeast: "30s", atMost: "24h" })
    .prefault("10min")
    .describe("How often that is tried where it could not be set, or might not be"),
  practise: z
    .enum(["observe", "propose", "act"])
    .prefault("propose")
    .describe("When it has carried nothing for a week: say so, ask, or try it off air by itself"),
  heat: heat.prefault({}).describe("Chassis degrees and load at which something is done"),
  recording: recording.prefault({}).describe("What is done about its recording and its media"),
  preview: preview
    .exactOptional()
    .describe("Where its own picture can be seen, also while it carries nothing"),
  network: displayName
    .exactOptional()
    .describe("Switch it hangs on; a fence should reach its outlet without passing it"),
  power: displayName
    .exactOptional()
    .describe("Supply it hangs on: a circuit, a UPS; the way to its outlet should have another"),
});

export const OutletBase = section({
  id: id.describe("Stable id of the role; survives another PDU"),
  name: displayName.exactOptional().describe("What people call it"),
  driver: z.string().describe("What kind of PDU it is on"),
  expectedName: z
    .string()
    .min(1)
    .max(128)
    .describe("Its name in the PDU; nothing is switched while the PDU names it otherwise"),
  network: displayName.exactOptional().describe("Switch the PDU hangs on"),
  power: displayName
    .exactOptional()
    .describe("Supply of the switch and the management on the way to the PDU"),
  limits: section({
    perHour: z.int().min(0).max(60).prefault(2).describe("In any hour"),
    perDay: z.int().min(0).max(100).prefault(6).describe("In any 24 hours"),
  })
    .prefault({})
    .describe("How often it may be switched off without a person"),
});

export const StorageBase = section({
  id: id.describe("Stable id of the role; no encoder may have the same"),
  name: displayName.exactOptional().describe("What people call it"),
  driver: z.string().describe("What kind of storage it is"),
  polling: section({
    normal: duration({ atLeast: "500ms", atMost: "10min" })
      .prefault("15s")
      .describe("How often it is asked"),
  })
    .prefault({})
    .describe("How often it is asked for its media"),
  levels: ownLevels.exactOptional().describe("Levels of its media, where the site's do not fit"),
});

const stream = section({
  id: id.describe("Stable id"),
  name: displayName.exactOptional().describe("What people call it"),
  destination: id.describe("Destination id; a destination belongs to one stream"),
  encoders: z
    .array(z.union([id.transform((encoder) => ({ encoder })), encoderOfStream]))
    .min(1)
    .max(16)
    .describe("In order of preference: the first is the primary"),
  settings: settings.exactOptional(),
  path: z
    .enum(["direct", "relayed"])
    .exactOptional()
    .describe(
      "direct: the encoder publishes itself; relayed: a relay on this host does, for all encoders. " +
        "relayed where all of them are programs and it is possible, else direct",
    ),
  relay: relay.prefault({}),
  outputs: z
    .array(output)
    .max(8)
    .prefault([])
    .describe("Where else the relay sends it, each by a process of its own"),
  slate: slate.prefault({}).describe("On path relayed: shown while no encoder brings pictures"),
  autoStart: z.boolean().prefault(true).describe("Go on air when the daemon starts"),
  sessions: z
    .boolean()
    .prefault(false)
    .describe("Kept for whoever asks with POST /api/streams/init, and idle between them"),
  directFreeze: duration({ atLeast: "500ms", atMost: "60s" })
    .prefault("2s")
    .describe("Output that stands still this long commits a takeover"),
  firstFrameGrace: section({
    software: duration({ atMost: "2min" }).prefault("10s").describe("For software encoders"),
    hardware: duration({ atMost: "5min" }).prefault("30s").describe("For devices"),
  })
    .prefault({})
    .describe("After a start nothing is judged for this long"),
  content: streamContent
    .prefault({})
    .describe("What is done about a lost, black, frozen or silent picture"),
  carry: carry
    .exactOptional()
    .describe("On path relayed: what has to go out with it, such as captions; missed and told so"),
  recording: z
    .enum(["protect", "sacrifice"])
    .prefault("protect")
    .describe("May a fence end a recording of the box by cutting its power?"),
  failback: durationOr("manual", { atLeast: "300s" })
    .prefault("manual")
    .describe("Return to the primary when it was good this long, or only when asked"),
  drills: section({
    every: duration({ atLeast: "1d", atMost: "365d" }).describe(
      "To the understudy and back, measured; only at a destination that is marked `test: true`",
    ),
  })
    .describe("Failover drills that need nobody: on air they are a person's, by `stream drill`")
    .exactOptional(),
  takeoverBudget: section({
    per10Min: z.int().min(0).max(20).prefault(2).describe("In any 10 minutes"),
    perHour: z.int().min(0).max(60).prefault(4).describe("In any hour"),
  })
    .prefault({})
    .describe("How often to switch away from an encoder that is still on air"),
  events: events.exactOptional(),
});

type Base = typeof EncoderBase | typeof OutletBase | typeof StorageBase;

/** One device: our own keys, and beside them whatever its driver's schema asks for. */
function driven<B extends Base>(own: B, drivers: DriverSchemas) {
  return z.unknown().transform((raw, ctx): z.output<B> & { options: unknown } => {
    if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
      ctx.addIssue({ code: "invalid_type", expected: "object", input: raw });
      return z.NEVER;
    }
    const keys = Object.keys(own.in.shape);
    const entries = Object.entries(raw);
    const base = own.safeParse(Object.fromEntries(entries.filter(([key]) => keys.includes(key))), {
      ...{ reportInput: true, jitless: true },
    });
    const name = "driver" in raw && typeof raw.driver === "string" ? raw.driver : undefined;
    const schema = name !== undefined && Object.hasOwn(drivers, name) ? drivers[name] : undefined;
    const rest = Object.fromEntries(entries.filter(([key]) => !keys.includes(key)));
    const vendor = schema && parseOptions(schema, optionsJsonSchema(schema), rest);
    const issues = [...(base.error?.issues ?? []), ...(vendor?.issues ?? [])];
    for (const issue of issues) ctx.addIssue({ ...issue, path: [...issue.path] });
    for (const { path, what } of vendor?.findings ?? []) {
      ctx.addIssue({ code: "custom", path, message: what });
    }
    if (name !== undefined && !schema) {
      const values = Object.keys(drivers);
      ctx.addIssue({ code: "invalid_value", values, path: ["driver"], input: name });
    }
    if (!base.success || !vendor?.parsed.success || vendor.findings.length > 0) return z.NEVER;
    return { ...(base.data as z.output<B>), options: vendor.parsed.data };
  });
}

/** A section that the daemon's own part judges, written with units like all others. */
function partSection(drivers: Pick<SiteDrivers, "traps">) {
  return z.unknown().transform((raw, ctx): unknown => {
    if (raw === undefined) return undefined; // zod asks about a section that is left out, too
    const schema = drivers.traps ?? z.never();
    const { parsed, findings, issues } = parseOptions(schema, optionsJsonSchema(schema), raw);
    for (const issue of issues) ctx.addIssue({ ...issue, path: [...issue.path] });
    for (const { path, what } of findings) ctx.addIssue({ code: "custom", path, message: what });
    return parsed.success && findings.length === 0 ? parsed.data : z.NEVER;
  });
}

export function siteSchema(drivers: SiteDrivers) {
  const { encoders, outlets = {}, storages = {} } = drivers;
  return section({
    site: id.describe("Stable id of this site, its name on MQTT"),
    name: displayName.exactOptional().describe("What people call it"),
    power: displayName
      .exactOptional()
      .describe("Supply this host hangs on; a box that has an outlet should have another"),
    publicHost: host.exactOptional().describe("Name or address that others reach this site by"),
    stateDir: absolutePath
      .exactOptional()
      .describe("Journal and engine records; $STATE_DIRECTORY, else /var/lib/understudy"),
    mqtt: mqtt.describe("The link to the hub"),
    uplink: section({
      capacity: bitrate({ atLeast: "100kbps", atMost: "400Gbps" }).describe(
        "What it carries upwards; at most 75 % of it may be published at once",
      ),
    })
      .exactOptional()
      .describe("The line that all encoders of this site share"),
    ingests: z
      .array(ingest)
      .max(64)
      .prefault([])
      .describe("Processes that take a programme in, for any number of software encoders"),
    encoders: z
      .array(driven(EncoderBase, encoders))
      .max(500)
      .describe("The boxes and programs that encode"),
    repair: repairOfSite,
    playbooks: playbooks.exactOptional().describe("Kinds of trouble that are treated otherwise"),
    outlets: z
      .array(driven(OutletBase, outlets))
      .max(400)
      .prefault([])
      .describe("Switched outlets of PDUs that power the boxes"),
    storages: z
      .array(driven(StorageBase, storages))
      .max(100)
      .prefault([])
      .describe("Disks of this host and NAS that recordings go to; boxes tell of their own media"),
    storageLevels: storageLevels
      .prefault({})
      .describe("From how little free space a recording is in danger"),
    traps: partSection(drivers)
      .exactOptional()
      .describe("Listen for SNMP traps: one of a box makes the daemon look at it at once"),
    thumbnails: section({
      every: durationOr("never", { atLeast: "1s", atMost: "10s" })
        .prefault("2s")
        .describe("At most so often; a picture is a keyframe, so not oftener than there are any"),
      width: z.int().min(64).max(640).multipleOf(2).prefault(320).describe("Pixels"),
      mostBandwidth: bitrate({ atLeast: "20kbps", atMost: "100Mbps" })
        .prefault("500kbps")
        .describe("Of the uplink, for all together; more of them come less often"),
    })
      .prefault({})
      .describe(
        "Small pictures of every ingest, every preview, what a relay takes in and every far end that is watched (content)",
      ),
    clock: clock.prefault({}).describe("How the clock of this host is checked"),
    destinations: z.array(destination).max(200).describe("Where programmes are published to"),
    streams: z.array(stream).max(200).describe("The programmes, each with its encoders"),
    log: section({ level: logLevel.prefault("info").describe("How much is logged") })
      .prefault({})
      .describe("Log lines go to stdout, as JSON"),
  });
}

type Parsed = z.output<ReturnType<typeof siteSchema>>;
/** A site's config as the daemon uses it: quantities with their unit in the name. */
export type SiteConfig = Parsed & { stateDir: string };
export type IngestConfig = Parsed["ingests"][number];
export type EncoderConfig = Parsed["encoders"][number];
export type OutletConfig = Parsed["outlets"][number];
export type StorageConfig = Parsed["storages"][number];
export type DestinationConfig = Parsed["destinations"][number];
export type ObserverConfig = DestinationConfig["observers"][number];
export type StreamConfig = Parsed["streams"][number];
export type MqttConfig = Parsed["mqtt"];
