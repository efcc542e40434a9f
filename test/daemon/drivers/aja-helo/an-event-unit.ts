import type { ServerResponse } from "node:http";
import type { EncoderReading } from "../../../../machines/encoder/reading.ts";
import { aDriver, aUnit } from "./a-unit.ts";

/** A driver that is watched and was polled until its events have come up. */
export async function watched(port: number) {
  const box = aDriver(port, { requestTimeoutMs: 2_000 });
  const told: { reading: EncoderReading; atMs: number }[] = [];
  box.driver.watch?.((reading) => told.push({ reading, atMs: performance.now() }));
  for (let polls = 0; polls < 3; polls += 1) await box.poll();
  return { ...box, told };
}
/** A scripted unit whose event connection is under the test's hand. */
export async function anEventUnit() {
  const unit = await aUnit();
  const waits: { id: string; res: ServerResponse }[] = [];
  let next = 1;
  unit.interpose = (_name, res, req) => {
    const query = new URL(req.url ?? "/", "http://unit").searchParams;
    if (query.get("action") === "connect") {
      res.end(JSON.stringify({ connectionid: String(next++) }));
      return true;
    }
    if (query.get("action") !== "wait_for_config_events") return false;
    waits.push({ id: query.get("connectionid") ?? "", res });
    return true;
  };
  const count = (what: string) => unit.asked.filter((one) => one.startsWith(what)).length;
  return { unit, waits, count };
}
