import type { FromRelay, RelayReport } from "../../machines/stream/relay-protocol.ts";
import { withAnnounced } from "./announced.ts";
import { openControl } from "./control.ts";
import { InputLine } from "./input-line.ts";
import { ticksPerMs } from "./frame.ts";
import { readLatencies } from "./latencies.ts";
import type { OutputState } from "./output-state.ts";
import { PipeOutput } from "./pipe-output.ts";
import { Playout } from "./playout.ts";
import type { Progress } from "./restamp.ts";
import { type SavedState, StateFile } from "./saved-state.ts";
import type { RelaySettings } from "./settings.ts";
import { SlateFile } from "./slate-file.ts";
import { isSoleWriter } from "./sole-writer.ts";
import { SpliceLine } from "./splice-line.ts";
import { pollMs, SpoolInput } from "./spool-input.ts";

const reportEachMs = 1_000;
/** The state is written with each frame, so at most so long before a process ended, ms. */
const savedLateMs = 500;
/** An output that is so much behind another does not drain. */
const stuckTicks = 1_000 * ticksPerMs;

/** Runs until the process ends. @param onFailed something it cannot work without is missing */
export function runRelay(settings: RelaySettings, onFailed: (error: Error) => void): void {
  const { watchdogMs, mostBytes, mode } = settings;
  for (const { path } of settings.outputs) {
    if (!isSoleWriter(path)) return onFailed(new Error(`another relay writes into ${path}`));
  }
  const file = new StateFile(settings.statePath);
  const announced = (id: string) => `${settings.statePath}.${id}`;
  const saved = withoutStuck(withWritten(file.load(), settings.outputs, announced));
  const lines = settings.inputs.map(({ id }) => new InputLine({ id, watchdogMs, mostBytes }));
  const outputs = settings.outputs.map(({ id, path, form }) => {
    const state = saved?.outputs[id];
    return new PipeOutput({
      id,
      path,
      form,
      announced: announced(id),
      written: save,
      ...(state && { state }),
    });
  });
  const splices = settings.splices && new SpliceLine();
  const slateFile = settings.slate && new SlateFile(settings.slate.path);
  const progress = furthestBack(saved);
  const playout = new Playout({
    ...{ lines, mode, watchdogMs, slate: slateFile?.news(), splices, orders: settings.orders },
    ...(saved && progress && { resume: { state: saved.playout, progress } }),
    send: (frame, streams) => outputs.forEach((output) => output.push(frame, streams)),
    changed: () => control.tell(report()),
  });

  function save(): void {
    const states = outputs.flatMap((output) => {
      const state = output.state();
      return state ? [[output.id, state] as const] : [];
    });
    file.save({ playout: playout.state(), outputs: Object.fromEntries(states) });
  }

  let timer: NodeJS.Timeout | undefined;
  let soon = false;
  function tick(): void {
    soon = false;
    clearTimeout(timer);
    const at = nowMs();
    timer = setTimeout(tick, Math.max(1, playout.tick(at) - at));
  }

  /** What no earlier process has sent came since then, by the clock on the wall. */
  const unsentSinceMs = (behindMs: number) => file.writtenMs - behindMs - savedLateMs;
  const behindMs = saved && (saved.playout.behindMs ?? Infinity);
  const sinceMs = behindMs === undefined ? undefined : unsentSinceMs(behindMs);
  const spools = settings.inputs.map(({ folder }, index) => {
    const onBytes = (bytes: Buffer, agoMs: number) => {
      lines[index]!.feed(bytes, nowMs() - agoMs);
      if (!playout.waitsForInput || soon) return;
      soon = true;
      setImmediate(tick);
    };
    return new SpoolInput({ folder, sinceMs, onBytes });
  });
  if (splices && settings.splices) {
    const onBytes = (bytes: Buffer, agoMs: number) => splices.feed(bytes, nowMs() - agoMs);
    spools.unshift(new SpoolInput({ folder: settings.splices.folder, sinceMs, onBytes }));
  }
  const poll = () => spools.forEach((spool) => spool.poll(nowMs()));
  setInterval(poll, pollMs);

  /** Whole GOPs lose nothing, in whatever order they come. */
  const misfitsOf = (line: InputLine, atMs: number) =>
    line.misfits(atMs)?.filter(({ kind }) => kind !== "order" || mode.kind !== "gop-atomic") ??
    null;

  function report(): RelayReport {
    const at = nowMs();
    return {
      type: "report",
      generation: playout.orders.generation,
      selected: playout.carrier ?? null,
      reason: playout.reason,
      switches: playout.switches,
      missingMs: Math.round(playout.missingMs),
      slate: playout.onSlate ? "on" : playout.hasSlate ? "ready" : "none",
      slateMs: Math.round(playout.slateMs),
      ...(splices && { splices: splices.report(at) }),
      inputs: lines.map((line) => ({
        id: line.id,
        live: line.isLive(at),
        silentMs: line.lastPictureMs === undefined ? null : Math.round(at - line.lastPictureMs),
        lastPts: line.lastPts ?? null,
        ...line.figures,
        storedBytes: line.store.bytes,
        carried: line.carried(at),
        misfits: misfitsOf(line, at),
        shape: line.shape(at),
        bitrateBps: line.measures.bitrateBps(at),
        spreadRatio: line.measures.spreadRatio(at),
        avDriftMs: line.measures.avDriftMs,
        clock: line.passing.clock,
      })),
      sent: playout.sent,
      outputs: outputs.map(({ id, connected, pictures, droppedPictures, backlogBytes }) => {
        return { id, connected, pictures, droppedPictures, backlogBytes };
      }),
    };
  }
  const refusal = (because: "older" | "unknownInput" | "unreadable"): FromRelay => {
    return { type: "refused", because, generation: playout.orders.generation };
  };
  const control = openControl({
    path: settings.controlPath,
    greeting: report,
    refusal: () => refusal("unreadable"),
    onOrders({ generation, eligible, preferred }) {
      const because = playout.order({ generation, eligible, preferred });
      if (because) return refusal(because);
      save();
      return report();
    },
    onEnded({ input }) {
      // What it still wrote is no sign that it lives.
      poll();
      lines.find(({ id }) => id === input)?.processEnded();
      tick();
      control.tell(report());
    },
    onFailed,
  });

  const takeLatencies = () => {
    if (settings.latenciesPath === undefined) return;
    const latencies = readLatencies(settings.latenciesPath);
    for (const line of lines) line.lateMs = latencies?.[line.id] ?? 0;
  };
  takeLatencies();
  setInterval(() => {
    takeLatencies();
    const at = nowMs();
    for (const line of lines) if (!line.isLive(at)) line.forget();
    playout.forget(nowMs());
    const slate = slateFile?.news();
    if (slate) playout.show(slate);
    control.tell(report());
  }, reportEachMs);
  poll();
  // What lay there came when nobody looked: it says nothing of how late, or how evenly.
  for (const line of lines) line.forget();
  tick();
}

/** An earlier process may have been killed before it noted its last write. */
function withWritten(
  saved: SavedState | undefined,
  outputs: RelaySettings["outputs"],
  announced: (id: string) => string,
): SavedState | undefined {
  const states = outputs.flatMap(({ id, path }) => {
    const state = saved?.outputs[id];
    const files = { pipe: path, announced: announced(id) };
    return state ? [[id, withAnnounced(state, files)] as const] : [];
  });
  return saved && { ...saved, outputs: Object.fromEntries(states) };
}

/**
 * An output that stood still so long begins anew, at a keyframe: the others must not wait until all
 * of it has been sent again.
 */
function withoutStuck(saved: SavedState | undefined): SavedState | undefined {
  if (!saved) return undefined;
  const all = Object.entries(saved.outputs);
  const dtsOf = ({ progress }: OutputState) => progress.dts ?? -Infinity;
  const newest = Math.max(...all.map(([, state]) => dtsOf(state)));
  const near = all.filter(([, state]) => newest - dtsOf(state) <= stuckTicks);
  return { ...saved, outputs: Object.fromEntries(near) };
}

/** Where the output goes on: nobody who read must miss anything, who has it already skips it. */
function furthestBack(saved: SavedState | undefined): Progress | undefined {
  const all = Object.values(saved?.outputs ?? {}).map(({ progress }) => progress);
  const [last] = all.sort((a, b) => (a.dts ?? -Infinity) - (b.dts ?? -Infinity));
  // The output counts on in its own.
  return last && structuredClone(last);
}

/** The clock that goes on over a restart of the process. */
function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}
