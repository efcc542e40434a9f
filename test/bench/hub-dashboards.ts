/**
 * 50 dashboards, each showing one page of 100 encoders and the summary. They tell how old a change
 * was when it arrived, by the time stamp that its site gave it (one machine, one clock).
 */
import { io } from "socket.io-client";
import { refOf } from "./hub-refs.ts";

const [url = "", key = "", encoders = "0"] = process.argv.slice(2);
const [dashboards, rows] = [50, 100];

type Row = { at: string };
let agesMs: number[] = [];
let summaries = 0;
const ready: Promise<void>[] = [];
for (let at = 0; at < dashboards; at += 1) {
  const socket = io(url, { transports: ["websocket"], forceNew: true, auth: { token: key } });
  // Spread over all: no two show the same page, unless there are too few encoders.
  const first = Math.floor((at * Number(encoders)) / dashboards);
  const encoder_ids = Array.from({ length: Math.min(rows, Number(encoders)) }, (_, row) =>
    refOf((first + row) % Number(encoders)),
  );
  socket.on("rows", (told: { snapshot: boolean; items: Row[] }) => {
    if (told.snapshot) return;
    const nowMs = Date.now();
    for (const { at } of told.items) agesMs.push(nowMs - Date.parse(at));
  });
  socket.on("summary", () => void (summaries += 1));
  ready.push(
    new Promise((resolve, reject) => {
      socket.on("connect", () =>
        socket.emit("subscribe", { encoder_ids, summary: true }, (answer: { ok: boolean }) =>
          answer.ok ? resolve() : reject(new Error(JSON.stringify(answer))),
        ),
      );
      socket.on("connect_error", reject);
    }),
  );
}
await Promise.all(ready);
process.send?.({ dashboards });
process.on("message", () => {
  process.send?.({ agesMs, summaries });
  agesMs = [];
});
process.on("disconnect", () => process.exit());
