/** The hub's own broker with certificates: openssl makes them, mosquitto's clients come with them. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { closedAfterEach } from "../../e2e/after-each.ts";
import { until } from "../../e2e/facility.ts";
import { Hub, type Json } from "../../e2e/hub.ts";

const run = promisify(execFile);
const { facility: aFacility, keep } = closedAfterEach();
const folder = mkdtempSync(join(tmpdir(), "understudy-broker-tls-"));
const at = (name: string) => join(folder, name);
const openssl = (...args: string[]) =>
  execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function authority(name: string): void {
  const files = ["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`)];
  openssl("req", "-x509", ...curve, "-days", "2", "-subj", `/CN=${name}`, ...files);
  writeFileSync(at(`${name}.db`), "");
  writeFileSync(at(`${name}.crlnumber`), "01\n");
  const paths = `database=${at(`${name}.db`)}\ncrlnumber=${at(`${name}.crlnumber`)}`;
  const rest = "default_md=sha256\ndefault_crl_days=2";
  writeFileSync(at(`${name}.cnf`), `[ca]\ndefault_ca=own\n[own]\n${paths}\n${rest}\n`);
}
/** @param more DNS names, beside the common name */
function certificate(name: string, by: string, commonName: string, ...more: string[]): void {
  const names = more.length > 0 ? more : ["unused.example"];
  writeFileSync(at("ext"), `subjectAltName=${names.map((one) => `DNS:${one}`).join(",")}\n`);
  const request = ["-keyout", at(`${name}.key`), "-out", at(`${name}.csr`)];
  openssl("req", ...curve, "-subj", `/CN=${commonName}`, ...request);
  openssl(
    ...[
      "x509",
      "-req",
      "-in",
      at(`${name}.csr`),
      "-CA",
      at(`${by}.pem`),
      "-CAkey",
      at(`${by}.key`),
    ],
    ...["-CAcreateserial", "-days", "2", "-extfile", at("ext"), "-out", at(`${name}.pem`)],
  );
}
const revocations = (of: string) =>
  openssl(
    ...["ca", "-gencrl", "-config", at(`${of}.cnf`), "-keyfile", at(`${of}.key`)],
    ...["-cert", at(`${of}.pem`), "-out", at(`${of}.crl`)],
  );

beforeAll(() => {
  authority("house");
  authority("sites");
  authority("others");
  certificate("broker", "house", "localhost", "localhost");
  certificate("studio", "sites", "studio");
  certificate("chapel", "sites", "Chapel of St. John", "chapel");
  certificate("forged", "others", "studio");
  certificate("nameless", "sites", "Not an id");
  revocations("sites");
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

async function aHub(more: object = {}): Promise<Hub> {
  const config = at(`hub-${Math.random().toString(36).slice(2)}.yaml`);
  const tls = { certificate: at("broker.pem"), key: at("broker.key"), ...more };
  writeFileSync(config, stringify({ mqtt: { broker: { tls } } }));
  return keep(await Hub.start(config, { isClosed: true }));
}
type Client = { port: number; certificate?: string; login?: [user: string, password: string] };
/** What mosquitto's client ends with: 0 when the broker took it. */
async function publish(p: Client & { topic: string; ca?: string }): Promise<number> {
  const { certificate: name, login } = p;
  const args = [
    ...["-h", "localhost", "-p", String(p.port), "--cafile", at(`${p.ca ?? "house"}.pem`)],
    ...(name ? ["--cert", at(`${name}.pem`), "--key", at(`${name}.key`)] : []),
    ...(login ? ["-u", login[0], "-P", login[1]] : []),
    ...["-q", "1", "-t", p.topic, "-m", "online", "-r"],
  ];
  return run("mosquitto_pub", args, { timeout: 20_000 }).then(
    () => 0,
    (error: { code?: number }) => error.code ?? -1,
  );
}
const ask = async (hub: Hub, method: string, path: string, body?: object) => {
  const headers = { authorization: `Bearer ${hub.adminKey}`, "content-type": "application/json" };
  const sent = body && { body: JSON.stringify(body) };
  return (await (await fetch(hub.url + path, { method, headers, ...sent })).json()) as Json;
};
const topic = (site: string) => `understudy/v1/${site}/availability`;

test("with a certificate of its own the broker speaks TLS only, and the hub hears what comes by it", async () => {
  const hub = await aHub();
  const { key } = await ask(hub, "POST", "/api/keys", { name: "s", kind: "site", site: "studio" });
  const login: [string, string] = ["studio", String(key)];
  const port = hub.mqttPort;
  expect(await publish({ port, login, topic: topic("studio") })).toBe(0);
  await until("the hub knows the site", async () =>
    JSON.stringify(await ask(hub, "GET", "/api/sites")).includes('"studio"'),
  );
  expect(await publish({ port, login, topic: topic("studio"), ca: "others" })).not.toBe(0);
  expect(await publish({ port, login: ["studio", "no"], topic: topic("studio") })).not.toBe(0);
  const plain = ["-h", "127.0.0.1", "-p", String(port), "-u", ...login.slice(0, 1), "-P", login[1]];
  await expect(
    run("mosquitto_pub", [...plain, "-t", topic("studio"), "-m", "x"]),
  ).rejects.toThrow();
}, 60_000);

test("a client's certificate is its site: it speaks for that, without a password, and for no other", async () => {
  const hub = await aHub({ clientCa: at("sites.pem"), clientCrl: at("sites.crl") });
  const port = hub.mqttPort;
  const made = await ask(hub, "POST", "/api/keys", { name: "s", kind: "site", site: "studio" });
  const login: [string, string] = ["studio", String(made["key"])];
  // By its common name, by a DNS name, and with a password that fits.
  expect(await publish({ port, certificate: "studio", topic: topic("studio") })).toBe(0);
  expect(await publish({ port, certificate: "chapel", topic: topic("chapel") })).toBe(0);
  expect(await publish({ port, certificate: "studio", login, topic: topic("studio") })).toBe(0);
  await until("the hub knows both", async () => {
    const sites = JSON.stringify(await ask(hub, "GET", "/api/sites"));
    return sites.includes('"studio"') && sites.includes('"chapel"');
  });
  const refused: Client[] = [
    // No certificate, one of another authority, one that names no site.
    ...[
      { port, login },
      { port, certificate: "forged" },
      { port, certificate: "nameless" },
    ],
    // Another site's password, a wrong one, and another's name.
    { port, certificate: "chapel", login },
    { port, certificate: "studio", login: ["studio", "no"] },
    { port, certificate: "chapel", login: ["studio", ""] },
  ];
  for (const one of refused) {
    expect([one, await publish({ ...one, topic: topic("studio") })]).not.toEqual([one, 0]);
  }
  expect(await publish({ port, certificate: "chapel", topic: topic("studio") })).not.toBe(0);

  // Taken back: the list is read again within seconds, without a restart.
  openssl(
    "ca",
    "-config",
    at("sites.cnf"),
    "-keyfile",
    at("sites.key"),
    "-cert",
    at("sites.pem"),
    "-revoke",
    at("chapel.pem"),
  );
  revocations("sites");
  await until(
    "the chapel is shut out",
    async () => (await publish({ port, certificate: "chapel", topic: topic("chapel") })) !== 0,
    60_000,
  );
  expect(await publish({ port, certificate: "studio", topic: topic("studio") })).toBe(0);
}, 180_000);

test("a site's daemon comes online with its certificate alone, and is commanded", async () => {
  const hub = await aHub({ clientCa: at("sites.pem") });
  const facility = await aFacility({ mqttUrl: `mqtts://localhost:${hub.mqttPort}` });
  const config = parse(readFileSync(facility.configFile, "utf8")) as { mqtt: object };
  const own = { certificate: at("studio.pem"), key: at("studio.key") };
  Object.assign(config.mqtt, { ca: at("house.pem"), ...own });
  writeFileSync(facility.configFile, stringify(config));
  facility.startDaemon();
  await facility.untilOnAir("a");
  await until("the site stops its stream", async () => {
    const body = { verb: "stop" };
    const asked = await ask(hub, "POST", "/api/streams/main/commands", body);
    return typeof asked["id"] === "string";
  });
  await until("nobody publishes", () => facility.onAir() === undefined);
}, 120_000);
