/** What can be broken on demand. Everything here really happens: signals, cables, web servers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FakeHelo } from "../fakes/helo/helo.ts";
import type { FarEnd } from "../fakes/rtmp-far-end/far-end.ts";
import { kill } from "./leftovers.ts";
import { directIds, softwareEncoders, streamIds, streams, type StreamId } from "./site-config.ts";

/** What the faults break. */
export type Facility = {
  helos: Readonly<Record<string, FakeHelo>>;
  farEnd: FarEnd;
  /** State folder of the site: the engines' pid files stand in there. */
  siteState: string;
  /** Encoder whose pictures the far end gets on this stream now. */
  carrierOf: (stream: StreamId) => string | undefined;
  /** `kill -9`, and started again after 2 s. */
  killDaemon: () => void;
  killHub: () => void;
};

type Undo = () => void;
type Options = Readonly<Record<string, string>>;
type Fault = {
  title: string;
  /** What happens, and what to expect; one sentence each. */
  what: string;
  targets: readonly string[];
  /** Words that a request may add, the first is what happens without. */
  options?: Readonly<Record<string, readonly [string, ...string[]]>>;
  /** Returns its undo where the fault lasts. */
  begin: (target: string, options: Options) => Undo | undefined;
};

export type FaultItem = Pick<Fault, "title" | "what" | "targets" | "options"> & {
  name: string;
  /** Who is hit when the request names nobody: whoever carries the stream now. */
  target: string;
  active: { target: string; options: Options; sinceMs: number }[];
};

/** A request that cannot be done: `code` for programs, the message for people. */
export class FaultError extends Error {
  override readonly name = "FaultError";
  readonly code: "unknown_fault" | "unknown_target" | "unknown_option" | "not_possible";
  constructor(code: FaultError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

const ghostSessionMs = 20_000;
const congestedBytesPerSecond = 12_000;

export type Faults = ReturnType<typeof openFaults>;

export function openFaults(facility: Facility) {
  const { helos, farEnd, carrierOf } = facility;
  const boxes = Object.keys(helos);
  const encoders = streamIds.flatMap((id) => [...streams[id].encoders]);
  const active = new Map<
    string,
    { target: string; options: Options; sinceMs: number; undo: Undo }
  >();

  const helo = (id: string) => helos[id]!;
  const keyOf = (stream: string) => streams[stream as StreamId].key;

  /** The ffmpeg behind an encoder: of the driver, or inside the simulated box. */
  function mediaPid(encoder: string): number {
    const pid = softwareEncoders.includes(encoder)
      ? enginePid(facility.siteState, encoder)
      : helo(encoder).streaming()?.pid;
    if (pid === undefined) throw new FaultError("not_possible", `${encoder} does not publish now`);
    return pid;
  }
  function signalMedia(encoder: string, signal: NodeJS.Signals): void {
    if (!kill(mediaPid(encoder), signal)) {
      throw new FaultError("not_possible", `${encoder} has just ended by itself`);
    }
  }

  const catalogue: Record<string, Fault> = {
    kill: {
      title: "Kill",
      what:
        "kill -9 of the encoder's ffmpeg. The understudy is on air within seconds; behind a relay " +
        "no picture is lost.",
      targets: encoders,
      begin: (encoder) => void signalMedia(encoder, "SIGKILL"),
    },
    freeze: {
      title: "Freeze",
      what:
        "SIGSTOP: the connection stays up and nothing moves. Committed after 2 s; behind a relay " +
        "no picture is lost.",
      targets: encoders,
      begin: (encoder) => {
        if (!softwareEncoders.includes(encoder)) return helo(encoder).faults.freezeMedia();
        const pid = mediaPid(encoder);
        kill(pid, "SIGSTOP");
        // It may have been replaced meanwhile; a pid that is gone needs no undo.
        return () => void kill(pid, "SIGCONT");
      },
    },
    unplug: {
      title: "Pull network",
      what:
        "The box is gone from the network, its picture with it. Nobody can ask it whether it " +
        "has stopped, so the far end must be empty for 30 s before the understudy goes on, " +
        "about 50 s in all. media=goesOn: only its web page is gone and the picture goes on, " +
        "so nothing is taken over.",
      targets: boxes,
      options: { media: ["stops", "goesOn"] },
      begin: (box, { media }) => {
        const { faults } = helo(box);
        const undo = [faults.unreachable(), ...(media === "stops" ? [faults.cutMedia()] : [])];
        return () => undo.forEach((end) => end());
      },
    },
    overheat: {
      title: "Overheat",
      what: "82 °C: a warning while the picture goes on. stage=shutdown: the box turns itself off.",
      targets: boxes,
      options: { stage: ["near", "shutdown"] },
      begin: (box, { stage }) => helo(box).faults.overTemperature(stage as "near" | "shutdown"),
    },
    dropInput: {
      title: "Pull input",
      what:
        "The box sends its test pattern and says it is streaming. The understudy has a good " +
        "input.",
      targets: boxes,
      begin: (box) => helo(box).faults.dropInput(),
    },
    hang: {
      title: "Hang web page",
      what: "The box accepts and never answers, its picture goes on: not a reason to switch.",
      targets: boxes,
      begin: (box) => helo(box).faults.hang(),
    },
    reboot: {
      title: "Reboot",
      what:
        "Somebody restarts the box. Until it is back after 25 s nobody can ask whether it has " +
        "stopped.",
      targets: boxes,
      begin: (box) => void helo(box).faults.reboot(),
    },
    frontPanel: {
      title: "Press button",
      what: "A hand at the box: stop when it is on air, stream when it is not.",
      targets: boxes,
      begin: (box) => {
        const isOn = helo(box).streaming() !== undefined;
        helo(box).faults.frontPanel(isOn ? "stopStream" : "stream");
      },
    },
    congest: {
      title: "Congest uplink",
      what: "The far end reads too slowly: that is the network, so nothing is taken over.",
      targets: streamIds,
      begin: (stream) => {
        farEnd.throttle(keyOf(stream), congestedBytesPerSecond);
        return () => farEnd.throttle(keyOf(stream), undefined);
      },
    },
    ghost: {
      title: "Leave ghost",
      what: "The encoder is killed and the far end goes on believing in it for 20 s.",
      targets: directIds,
      begin: (stream) => {
        const carrier = carrierOf(stream as StreamId);
        if (carrier === undefined) {
          throw new FaultError("not_possible", `nobody publishes ${stream} now`);
        }
        farEnd.setGhostSession(ghostSessionMs);
        signalMedia(carrier, "SIGKILL");
        return () => farEnd.setGhostSession(0);
      },
    },
    "kill-daemon": {
      title: "Kill daemon",
      what: "kill -9 of the site daemon, back after 2 s: all programmes go on.",
      targets: ["daemon"],
      begin: () => void facility.killDaemon(),
    },
    "kill-hub": {
      title: "Kill hub",
      what: "kill -9 of hub and broker, back after 2 s: the site does not need them.",
      targets: ["hub"],
      begin: () => void facility.killHub(),
    },
  };

  /** Whoever is on air; where it cannot be hit, the first that can. */
  function defaultTarget({ targets }: Fault): string {
    const first = targets[0]!;
    return streamIds.map(carrierOf).find((id) => id !== undefined && targets.includes(id)) ?? first;
  }

  /** A stream stands for who carries it, where the fault is one of encoders. */
  function targetOf(fault: Fault, asked: string | undefined): string {
    if (asked === undefined) return defaultTarget(fault);
    const stream = streamIds.find((id) => id === asked && !fault.targets.includes(id));
    return (stream && carrierOf(stream)) ?? asked;
  }

  function end(place: string): boolean {
    const fault = active.get(place);
    if (!fault) return false;
    active.delete(place);
    fault.undo();
    return true;
  }

  return {
    list(): FaultItem[] {
      return Object.entries(catalogue).map(([name, { begin: _, ...fault }]) => ({
        ...{ name, ...fault },
        target: defaultTarget(catalogue[name]!),
        active: [...active]
          .filter(([place]) => place.startsWith(`${name} `))
          .map(([, { undo: __, ...shown }]) => shown),
      }));
    },

    /** @throws FaultError */
    begin(name: string, target: string | undefined, given: Options) {
      const fault = Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
      if (!fault) {
        const known = Object.keys(catalogue).join(", ");
        throw new FaultError("unknown_fault", `no fault ${name}; there are ${known}, heal`);
      }
      const hit = targetOf(fault, target);
      if (!fault.targets.includes(hit)) {
        const known = fault.targets.join(", ");
        throw new FaultError("unknown_target", `${name} cannot hit ${hit}; it can hit ${known}`);
      }
      const options = chosen(fault, given);
      const place = `${name} ${hit}`;
      end(place);
      const undo = fault.begin(hit, options);
      if (undo) active.set(place, { target: hit, options, sinceMs: Date.now(), undo });
      return { fault: name, target: hit, options, lasts: undo !== undefined };
    },

    /** Ends every fault that lasts; answers what it ended. */
    heal(): string[] {
      return [...active.keys()].filter(end);
    },
  };
}

function chosen({ options = {} }: Fault, given: Options): Options {
  for (const [name, value] of Object.entries(given)) {
    if (options[name]?.includes(value)) continue;
    const known = Object.entries(options).map(([key, values]) => `${key}=${values.join("|")}`);
    throw new FaultError(
      "unknown_option",
      `${name}=${value} is not known here; ${known.join(", ") || "this fault takes no options"}`,
    );
  }
  const usual = Object.entries(options).map(([name, [first]]) => [name, first]);
  return { ...(Object.fromEntries(usual) as Options), ...given };
}

/** The launcher's pid file: `<run> <pid> <start ticks> <group>`. */
function enginePid(siteState: string, encoder: string): number | undefined {
  const file = join(siteState, "encoders", encoder, "engines/stream-1/pid");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
  const [, pid, startTicks] = text.trim().split(" ");
  return pid !== undefined && startTicksOf(pid) === startTicks ? Number(pid) : undefined;
}

/** Field 22 of `/proc/pid/stat`: a pid that was given to somebody else has another. */
function startTicksOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .at(19);
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw cause;
  }
}
