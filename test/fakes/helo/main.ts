import { parseArgs } from "node:util";
import { startHelo } from "./helo.ts";

/** A HELO to play with: `node --import tsx test/fakes/helo/main.ts --name studio-a --port 8081` */
const { values } = parseArgs({
  options: {
    name: { type: "string", default: "helo-a" },
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "0" },
    serial: { type: "string" },
    /** Environment variable that holds the password of the web page. */
    "password-env": { type: "string" },
    /** Any parameter at the start: `--set StreamType=0`, as often as needed. */
    set: { type: "string", multiple: true, default: [] },
    /** Power off first, then boot with the times of a real box. */
    cold: { type: "boolean", default: false },
  },
});

const password = values["password-env"] && process.env[values["password-env"]];
const settings = values.set.map((text) => {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)] as const;
});
const helo = await startHelo({
  name: values.name,
  host: values.host,
  port: Number(values.port),
  start: values.cold ? "cold" : "running",
  parameters: Object.fromEntries(settings),
  ...(values.serial && { serialNumber: values.serial }),
  ...(password && { password }),
});
if (values.cold) helo.power.on();
process.stdout.write(`${values.name} (${helo.serialNumber}) at ${helo.url}\n`);

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void helo.close().then(() => process.exit(0)));
