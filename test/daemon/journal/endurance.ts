/**
 * A process that writes one turn after another and prints the seq of each that the journal called
 * durable. Tests kill it, fill its disk and make its disk fail.
 */
import { openJournal } from "../../../daemon/journal/open-journal.ts";

const [file = "", writerUrl = "", turns = "1e9", reserveBytes = "0"] = process.argv.slice(2);
const journal = await openJournal({
  file,
  writerUrl: new URL(writerUrl),
  now: () => ({ bootId: "boot-1", monoMs: performance.now(), wallMs: Date.now() }),
  reserveBytes: Number(reserveBytes),
  warn: (message) => console.log(`warning ${message}`),
});
journal.onHealth((health) => console.log(`health ${health}`));
console.log(`open ${journal.lastSeq} ${journal.fresh ? "fresh" : "known"} ${journal.epoch}`);
const end = journal.lastSeq + Number(turns);
for (let seq = journal.lastSeq + 1; seq <= end; seq++) {
  const event = {
    seq,
    atMs: Date.now(),
    type: "carrier_changed",
    subject: { kind: "stream", id: "main" },
    severity: "info" as const,
    message: `event ${seq}`.padEnd(300, "."),
    data: {},
  };
  const stamp = { bootId: "boot-1", monoMs: performance.now(), wallMs: Date.now() };
  journal.input({ stamp, to: "stream:main", event: { type: "tick", seq } });
  const resume = { "stream:main": { seq } };
  const durable = await journal.commit({
    events: [event],
    resume,
    intents: [],
    settledIntents: [],
  });
  console.log(`${durable ? "durable" : "undurable"} ${seq}`);
  // A turn that nobody waits for leaves no moment in which the disk's answer could be heard.
  if (!durable) await new Promise((resolve) => setTimeout(resolve, 20));
}
await journal.close();
console.log("closed");
