import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { now } from "../../../../../daemon/clock.ts";
import { OffProof } from "../../../../../daemon/drivers/shared/engine/off-proof.ts";
import { parseStat } from "../../../../../daemon/drivers/shared/engine/processes.ts";
import type { Orphans } from "../../../../../daemon/drivers/shared/engine/sockets.ts";

/** A process that has let go of its lock already, with megabytes on their way to a far end. */
async function aProcessThatEnds() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-off-proof-"));
  const lock = join(folder, "lock");
  writeFileSync(lock, "");
  const farEnd = createServer({ pauseOnConnect: true });
  const met = once(farEnd, "connection");
  await once(farEnd.listen(0, "127.0.0.1"), "listening");
  const { port } = farEnd.address() as AddressInfo;
  const script = `const s=require("net").connect(${port},"127.0.0.1");s.write(Buffer.alloc(8e6));s.once("connect",()=>setTimeout(()=>console.log("sent"),200))`;
  const sender = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => {
    sender.kill("SIGKILL");
    farEnd.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const [[socket]] = (await Promise.all([met, once(sender.stdout, "data")])) as [[Socket], unknown];
  const pid = sender.pid!;
  const { startTicks } = parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"))!;
  const orphans: Orphans = { known: new Set(), addresses: [`rtmp://127.0.0.1:${port}/live`] };
  return { sender, lock, socket, processes: [{ pid, startTicks }], orphans };
}

test("a free lock proves nothing while something is left of the process: it may still send", async () => {
  const { sender, lock, socket, processes, orphans } = await aProcessThatEnds();
  const proof = new OffProof(lock, () => now().monoMs);
  expect(await proof.lookEarly(undefined, processes, orphans)).toBe(false);
  const prove = (withinMs: number) =>
    proof.prove(processes, orphans, AbortSignal.timeout(withinMs));
  expect(await prove(300)).toMatchObject({ lockFree: false });

  const proving = prove(1_000);
  sender.kill("SIGKILL");
  const { unsentBytes } = (await proving) as { unsentBytes: number };
  expect(unsentBytes).toBeGreaterThan(100_000);

  socket.on("error", () => undefined).resume();
  expect(await prove(20_000)).toMatchObject({ lockFree: true, unsentBytes: 0 });
});
