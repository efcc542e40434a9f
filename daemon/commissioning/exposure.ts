import type { SiteConfig } from "../../config/site.schema.ts";
import type { HttpRecogniser, Recogniser } from "../drivers/recogniser.ts";
import type { SnmpAccess } from "../drivers/shared/snmp/access.ts";
import { openHttpEyes } from "../discovery/eyes.ts";
import { usualPace } from "../discovery/scan.ts";
import { DriverError } from "../drivers/driver.ts";
import type { Exposure } from "./report.ts";

/** What a driver's options may hold that says how exposed a box is. Secrets: never printed. */
type Access = { host?: string; port?: number; password?: string; access?: SnmpAccess };
type Device = { subject: string; id: string; driver: string; options: Access };

/** What is tried first by anybody who tries. Compared with what is configured, never sent. */
const commonPasswords = ["admin", "password", "1234", "12345678", "administrator", "understudy"];
/**
 * A password that everybody knows is a word like any other: taken out of a text by its value, it
 * would be given away by the gap.
 */
export function withoutWellKnown(
  secrets: ReadonlySet<string>,
  recognisers: readonly Recogniser[],
): ReadonlySet<string> {
  const factory = recognisers.flatMap((r) => (r.over === "http" ? r.factoryPasswords : []));
  const known = new Set([
    ...factory.map((password) => password.toLowerCase()),
    ...commonPasswords,
    ...commonCommunities,
  ]);
  return new Set([...secrets].filter((secret) => !known.has(secret.toLowerCase())));
}

const commonCommunities = ["public", "private", "admin", "cisco", "apc"];
const shortPassword = 10;

/**
 * Who else could command or read what this site relies on. From the configuration, and from one look
 * at each box without a login. No password is tried.
 * @param encoders ids of those that are walked
 */
export async function exposureOf(
  config: SiteConfig,
  encoders: readonly string[],
  recognisers: readonly Recogniser[],
  signal: AbortSignal,
): Promise<Exposure[]> {
  const walked = config.encoders.filter(({ id }) => encoders.includes(id));
  const outlets = new Set(walked.map(({ outlet }) => outlet));
  const devices: Device[] = [
    ...walked.map((e) => deviceOf("encoder", e)),
    ...config.outlets.filter(({ id }) => outlets.has(id)).map((o) => deviceOf("outlet", o)),
    ...config.storages.map((s) => deviceOf("storage", s)),
  ];
  const used = new Set(
    config.streams
      .filter((s) => s.encoders.some((ref) => encoders.includes(ref.encoder)))
      .map(({ destination }) => destination),
  );
  const open = await Promise.all(
    devices.map((device) => openToAnyone(device, recognisers, signal)),
  );
  const found = [
    ...open.flat(),
    ...devices.flatMap((device) => passwordOf(device, devices, recognisers)),
    ...devices.flatMap(plainHttp),
    ...devices.flatMap(snmpOf),
    ...config.destinations.filter(({ id }) => used.has(id)).flatMap(farEndOf),
    ...hubLink(config),
  ];
  const order = { high: 0, medium: 1, low: 2 } as const;
  return found.sort((a, b) => order[a.severity] - order[b.severity]);
}

function deviceOf(kind: string, entry: { id: string; driver: string; options: unknown }): Device {
  const { id, driver, options } = entry;
  return { subject: `${kind} ${id}`, id, driver, options: options as Access };
}

const httpRecogniser = (recognisers: readonly Recogniser[], driver: string) =>
  recognisers.find((r): r is HttpRecogniser => r.driver === driver && r.over === "http");

/** One look without a login, as anyone on the network could take it. */
async function openToAnyone(
  { subject, id, driver, options: { host, port = 80 } }: Device,
  recognisers: readonly Recogniser[],
  signal: AbortSignal,
): Promise<Exposure[]> {
  const recogniser = httpRecogniser(recognisers, driver);
  if (host === undefined || recogniser === undefined) return [];
  const limit = AbortSignal.any([signal, AbortSignal.timeout(usualPace.boxWithinMs)]);
  const eyes = openHttpEyes(host, port, { ...usualPace, signal: limit });
  try {
    const found = await recogniser.recognise(eyes);
    if (found?.login !== "none") return [];
    return [
      {
        severity: "high",
        subject,
        what: "no login is wanted: anyone on its network can start and stop it, and read its stream key",
        seen: `${found.because}, asked without a login`,
        fix: `set a password in the box, put it where credential:${id} is kept, and say so under password`,
      },
    ];
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return []; // It could not be looked at: the capabilities say so.
  } finally {
    eyes.close();
  }
}

function passwordOf(
  { subject, id, driver, options: { password } }: Device,
  devices: readonly Device[],
  recognisers: readonly Recogniser[],
): Exposure[] {
  if (password === undefined) return [];
  const factory = httpRecogniser(recognisers, driver)?.factoryPasswords ?? [];
  const twins = devices.filter((other) => other.id !== id && other.options.password === password);
  const seen = "the configured password was compared, nothing was tried";
  const fix = `set one of its own in the box, of ${shortPassword} characters or more`;
  const found: Exposure[] = [];
  if (factory.includes(password))
    found.push({
      severity: "high",
      subject,
      what: "it has its maker's default password",
      seen,
      fix,
    });
  else if (commonPasswords.includes(password.toLowerCase()))
    found.push({
      severity: "high",
      subject,
      what: "its password is one that is tried first",
      seen,
      fix,
    });
  else if (password.length < shortPassword)
    found.push({ severity: "medium", subject, what: "its password is short", seen, fix });
  if (twins.length > 0) {
    const names = twins.map((twin) => twin.subject).join(", ");
    found.push({
      severity: "medium",
      subject,
      what: `it shares its password with ${names}`,
      seen,
      fix,
    });
  }
  return found;
}

function plainHttp({ subject, options: { host, password, access } }: Device): Exposure[] {
  if (host === undefined || access !== undefined || isLoopback(host)) return [];
  const what = password === undefined ? "the stream key is" : "its password and the stream key are";
  return [
    {
      severity: "medium",
      subject,
      what: `it is spoken to over plain HTTP: ${what} readable on the way, and by all who know the login`,
      seen: "its driver speaks HTTP only",
      fix: "keep it in a network of its own that only this machine reaches (management VLAN)",
    },
  ];
}

function snmpOf({ subject, options: { access } }: Device): Exposure[] {
  if (access === undefined) return [];
  const seen = "from the configuration";
  const fix = "make a v3 user in the device, with authPassword and privPassword";
  if (access.version === "v3") {
    if (access.privPassword !== undefined) return [];
    const what = "what is asked and answered over SNMP is signed, and can be read on the way";
    return [{ severity: "low", subject, what, seen, fix }];
  }
  const isCommon = commonCommunities.includes(access.community.toLowerCase());
  return [
    {
      severity: isCommon ? "high" : "medium",
      subject,
      what: `SNMP ${access.version} sends the community in clear and signs nothing, so answers can be forged${isCommon ? "; and its community is one that is tried first" : ""}`,
      seen,
      fix,
    },
  ];
}

function farEndOf(destination: SiteConfig["destinations"][number]): Exposure[] {
  const subject = `destination ${destination.id}`;
  const address = new URL(destination.address);
  const found: Exposure[] = [];
  if (address.protocol === "rtmp:" && !isLoopback(address.hostname))
    found.push({
      severity: "medium",
      subject,
      what: "the stream key goes over the network in clear: whoever reads it can publish in your place",
      seen: "its address is rtmp://",
      fix: "use rtmps:// or srt:// with a passphrase where the far end has it, else rotate the key",
    });
  for (const observer of destination.observers) {
    if (observer.kind !== "nginx-rtmp" || observer.username !== undefined) continue;
    found.push({
      severity: "medium",
      subject,
      what: "its statistics page shows stream keys and wants no login: whoever reaches it reads them",
      seen: `${new URL(observer.statisticsUrl).host} is asked without a user name`,
      fix: "let the far end's web server want a login there, or answer to this site's address only",
    });
  }
  return found;
}

function hubLink({ mqtt }: SiteConfig): Exposure[] {
  const { protocol, hostname } = new URL(mqtt.url);
  if (isLoopback(hostname)) return [];
  const subject = "hub link";
  const seen = "from the configuration";
  const found: Exposure[] = [];
  if (protocol === "mqtt:" || protocol === "ws:")
    found.push({
      ...{ severity: "medium", subject, seen },
      what: "what the site tells, and its broker password, go to the hub in clear",
      fix: "use mqtts:// with ca",
    });
  if (mqtt.password === undefined && mqtt.certificate === undefined)
    found.push({
      ...{ severity: "high", subject, seen },
      what: "the site shows the broker neither password nor certificate: others could speak for it",
      fix: "give the site a name and a password of its own at the broker",
    });
  return found;
}

const isLoopback = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host);
