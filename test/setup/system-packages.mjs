/**
 * The Debian packages that the demo and the tests lean on, and how they are installed without
 * starting the services that some of them bring.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/**
 * `command`: a program of that name on the PATH (or `file` on the disk) will do as well, however
 * it came there. `service`: kept from starting, now and at the next boot.
 *
 * @typedef {{ name: string, command?: string, file?: string, service?: string }} SystemPackage
 */

/** @type {SystemPackage[]} */
const forTheCompiler = [
  { name: "python3", command: "python3" },
  { name: "make", command: "make" },
  { name: "g++", command: "g++" },
];

/** @type {SystemPackage[]} */
const forTheDemo = [
  { name: "ca-certificates", file: "/etc/ssl/certs/ca-certificates.crt" },
  { name: "ffmpeg", command: "ffmpeg" },
  { name: "fonts-dejavu-core", file: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf" },
  { name: "util-linux", command: "flock" },
];

/** @type {SystemPackage[]} */
const forTheTests = [
  { name: "chromium", command: "chromium" },
  { name: "curl", command: "curl" },
  { name: "faketime", command: "faketime" },
  { name: "gstreamer1.0-libav" },
  { name: "gstreamer1.0-plugins-bad" },
  { name: "gstreamer1.0-plugins-base" },
  { name: "gstreamer1.0-plugins-good" },
  { name: "gstreamer1.0-plugins-ugly" },
  { name: "gstreamer1.0-tools", command: "gst-launch-1.0" },
  { name: "iproute2", command: "ip" },
  { name: "libnginx-mod-rtmp", file: "/usr/lib/nginx/modules/ngx_rtmp_module.so" },
  { name: "libprotobuf-dev", file: "/usr/include/google/protobuf/timestamp.proto" },
  { name: "mosquitto", command: "mosquitto", service: "mosquitto" },
  { name: "mosquitto-clients", command: "mosquitto_sub" },
  { name: "nginx-light", command: "nginx", service: "nginx" },
  { name: "procps", command: "ps" },
  { name: "prometheus", command: "prometheus", service: "prometheus" },
  {
    name: "prometheus-snmp-exporter",
    command: "prometheus-snmp-exporter",
    service: "prometheus-snmp-exporter",
  },
  { name: "protobuf-compiler", command: "protoc" },
  { name: "python3-requests" },
  { name: "python3-socketio" },
  { name: "python3-websocket" },
  { name: "snmp", command: "snmpget" },
  { name: "snmpd", command: "snmpd", service: "snmpd" },
  { name: "strace", command: "strace" },
  { name: "systemd", file: "/lib/systemd/systemd" },
  { name: "systemd-container", command: "systemd-nspawn" },
];

/**
 * What has to be installed, by name.
 *
 * @param {"demo" | "test"} purpose
 * @param {{ compiler: boolean }} needs
 */
export function missingPackages(purpose, needs) {
  const wanted = [
    ...(needs.compiler ? forTheCompiler : []),
    ...forTheDemo,
    ...(purpose === "test" ? forTheTests : []),
  ];
  const installed = installedPackages(wanted.map(({ name }) => name));
  return wanted
    .filter(({ name, command, file }) => {
      if (installed.has(name)) return false;
      if (command !== undefined && isOnPath(command)) return false;
      return file === undefined || !existsSync(file);
    })
    .map(({ name }) => name);
}

/** @param {string[]} names */
function installedPackages(names) {
  const format = "${db:Status-Status} ${Package}\n";
  // Exits 1 when one of the names is unknown to dpkg; what it knows is on stdout all the same.
  const { stdout } = spawnSync("dpkg-query", ["-W", "-f", format, ...names], { encoding: "utf8" });
  const lines = (stdout ?? "").split("\n").map((line) => line.split(" "));
  return new Set(lines.filter(([status]) => status === "installed").map(([, name]) => name));
}

/** @param {string} command */
function isOnPath(command) {
  // Daemons live in sbin, which an ordinary user's PATH leaves out.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const policyFile = "/usr/sbin/policy-rc.d";
const policyAside = "/usr/sbin/policy-rc.d.before-understudy-setup";
const policy =
  "#!/bin/sh\n# understudy setup: no service starts while packages are installed\nexit 101\n";

/**
 * As root only. Installs with services kept from starting, and from starting at the next boot.
 *
 * @param {string[]} names
 * @param {(command: string, args: string[], env?: Record<string, string>) => void} run
 */
export function installPackages(names, run) {
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  const dpkg = ["-q", "-o", "Dpkg::Use-Pty=0"];
  forbidServices();
  // `run` ends the process when a step fails, so the clean-up hangs on the exit.
  process.once("exit", allowServices);
  run("apt-get", [...dpkg, "update"], quiet);
  run("apt-get", [...dpkg, "install", "-y", "--no-install-recommends", ...names], quiet);
  for (const { name, service } of forTheTests) {
    if (service === undefined || !names.includes(name)) continue;
    if (isOnPath("systemctl")) spawnSync("systemctl", ["disable", service], { stdio: "ignore" });
  }
  process.off("exit", allowServices);
  allowServices();
}

function forbidServices() {
  // A run that was killed half way has left ours in place; the owner's own one is then aside.
  if (!isOurs(policyFile) && existsSync(policyFile)) renameSync(policyFile, policyAside);
  writeFileSync(policyFile, policy, { mode: 0o755 });
}

function allowServices() {
  if (isOurs(policyFile)) rmSync(policyFile);
  if (existsSync(policyAside)) renameSync(policyAside, policyFile);
}

/** @param {string} path */
function isOurs(path) {
  return existsSync(path) && readFileSync(path, "utf8") === policy;
}
