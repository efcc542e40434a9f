/** Random facilities and what may happen to them, for the property tests; see site/*.test.ts. */
import fc from "fast-check";
import type { CoreInput } from "../../machines/site/site-core.ts";
import type { OnAirWindow } from "../../machines/stream/schedule.ts";
import { at, type Property, propertyRuns, shares } from "../setup/effort.ts";
import {
  aContentPlan,
  aDestinationPlan,
  aPlan,
  asks,
  type Box,
  aStreamPlan,
  type Picture,
  type Remains,
  World,
} from "./world.ts";

const kind = fc.constantFrom("soft" as const, "helo" as const);
const policies = ["exclusive", "lastWins", "firstWins", "primaryBackup"] as const;

/**
 * Two or three boxes. `main` is on all of them; `two` is a second programme that borrows `b`, or
 * the backup leg of `main` where the policy is primaryBackup.
 */
export const facility = fc.record({
  kinds: fc.oneof(
    { weight: 3, arbitrary: fc.tuple(kind, kind) },
    { weight: 1, arbitrary: fc.tuple(kind, kind, kind) },
  ),
  takeover: fc.oneof(
    { weight: 3, arbitrary: fc.constant("exclusive" as const) },
    { weight: 2, arbitrary: fc.constantFrom(...policies) },
  ),
  allowUnproven: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  second: fc.boolean(),
  /** The last box is a spare of both programmes, instead of their own. */
  spare: fc.boolean(),
  /** The devices hang on outlets that can be switched. */
  outlets: fc.boolean(),
  /** What is done about a black, frozen or silent picture. */
  content: fc.constantFrom("off" as const, "observe" as const, "act" as const),
  /** Somebody can look at the far end. */
  observed: fc.oneof(
    { weight: 4, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
});
export type Facility = typeof facility extends fc.Arbitrary<infer T> ? T : never;

/** Steps in a sequence, before it is brought to its end: in torture they are longer as well. */
const maxLength = at({ check: 3, test: 3, torture: 6 });
const faults = ["kill", "freeze", "unplug", "plug", "press", "deaf", "hears", "break"] as const;
const mends = ["mend", "loseInput", "getInput", "claimFailing", "cutUplink", "joinUplink"] as const;
const farEnds = ["refuse", "takeAgain"] as const;
const heat = ["heatUp", "coolDown", "fixLoad"] as const;
const strains = ["overload", "congest", "relax", "slowCard", "goodCard", "endRecording"] as const;
export const answers = ["repair", "rejectRepair"] as const;
const power = ["failOutlets", "mendOutlets", "restorePower"] as const;
const blindness = ["blind", "see", "stall", "late"] as const;
const restarts = ["restart", "loseResults", "reboot", "forget", "rollBack"] as const;
const commands = ["failover", "return", "drill", "stop", "start", "abort", "release"] as const;
const windows = ["openWindow", "closeWindow", "closeForToday", "noWindows"] as const;
const service = ["maintenance", "inService", "nothing"] as const;
export const pictures = ["goBlack", "standStill", "goSilent", "showMoving", "cannotSee"] as const;
export const programmes = ["showAnother", "showSame"] as const;
const upkeep = ["switchSource", "turnKnob", "releaseSpare", "practise", "practise"] as const;
export type Verb =
  | (
      typeof faults | typeof mends | typeof power | typeof heat | typeof blindness | typeof restarts
    )[number]
  | (typeof strains | typeof answers | typeof farEnds)[number]
  | (typeof commands | typeof service | typeof windows | typeof upkeep)[number]
  | (typeof pictures | typeof programmes)[number]
  | "jump";

/** Something happens to box number `box`, and `s` seconds pass. */
export type Step = { do: Verb; box: number; s: number; ms: number };

export function stepsOf(p: { without?: readonly Verb[]; only?: readonly Verb[] } = {}) {
  const may = (verb: Verb) => (p.only?.includes(verb) ?? true) && !p.without?.includes(verb);
  const verbs: Verb[] = [
    ...[
      ...faults,
      ...faults,
      ...mends,
      ...power,
      ...farEnds,
      ...heat,
      ...strains,
      ...strains,
      ...answers,
      ...blindness,
      ...restarts,
      ...commands,
      ...service,
      ...windows,
      ...upkeep,
      ...pictures,
      ...programmes,
    ],
    "jump",
  ];
  const step: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom(...verbs.filter(may)),
    box: fc.nat({ max: 2 }),
    s: fc.constantFrom(0, 0, 0.25, 1, 3, 3, 12, 35),
    /** How far a wall clock jumps, or how long the host stands still. */
    ms: fc.constantFrom(300, 1_500, 2_400, 5_000, 3_600_000, -3_600_000, 3.2e11, -3.2e11),
  });
  return fc.array(step, { minLength: 1, maxLength });
}

/** The summary of a run of an hour comes at its end only. */
function tellAtOnce<T>(details: fc.RunDetails<T>): void {
  if (!details.failed) return;
  const text = fc.defaultReportMessage(details) ?? "failed";
  process.stderr.write(`${text}\n`);
  throw new Error(text, { cause: details.errorInstance });
}

/**
 * Options of every property test. `npm test` tries the same sequences as long as the code is the
 * same, so that it is a verdict on a change; torture, and the quick check, look further each time.
 * `UNDERSTUDY_SEED` repeats a run; a failure prints its seed.
 */
export function effortOf(property: Property) {
  const seed = process.env["UNDERSTUDY_SEED"] ?? at({ check: "", test: "20261121", torture: "" });
  return {
    numRuns: propertyRuns(property),
    reporter: tellAtOnce,
    // Each has its own: the same sequences twice would tell nothing new.
    ...(seed !== "" && { seed: Number(seed) + 1 + Object.keys(shares).indexOf(property) }),
  };
}

const running = new Map<string, Remains>();

/** A facility on air; the daemon has just been restarted, so that no start is simulated twice. */
export function onAirWith(f: Facility): World {
  const plan = planOf(f);
  // How it starts does not depend on what a takeover needs.
  const name = [
    f.kinds,
    f.outlets,
    hasSpare(f),
    plan.destinations.length,
    f.takeover === "primaryBackup",
    f.observed,
  ];
  let left = running.get(name.join());
  if (!left) {
    const world = new World(plan);
    world.observed = f.observed;
    world.leap(10, 20);
    left = world.remains();
    running.set(name.join(), left);
  }
  const world = new World(plan, left);
  world.observed = f.observed;
  world.leap(0.5, 1);
  return world;
}

/** The last box belongs to nobody alone. */
const hasSpare = (f: Facility) => f.spare && f.takeover !== "primaryBackup";

function planOf(f: Facility) {
  const ids = ["a", "b", "c"].slice(0, f.kinds.length);
  const { takeover, allowUnproven } = f;
  const legs = takeover === "primaryBackup";
  const observed = f.observed;
  const main = aStreamPlan({
    encoders: legs ? ids.filter((id) => id !== "b") : ids,
    allowUnproven,
    content: aContentPlan(f.content),
    ...(hasSpare(f) && { spares: ids.slice(-1) }),
  });
  const second = {
    id: "two",
    destination: legs ? "far-backup" : "far-two",
    encoders: [...(hasSpare(f) ? ["b", ids.at(-1)!] : [ids.at(-1)!, "b"])].filter(
      (id, i, all) => all.indexOf(id) === i,
    ),
    ...(hasSpare(f) && ids.length > 2 && { spares: ids.slice(-1) }),
    // Two programmes on two boxes: the second is started only where there is a box to spare.
    autoStart: legs || ids.length > 2,
    allowUnproven,
    content: aContentPlan(f.content),
    ...(legs && { backupOf: "main" }),
  };
  const plan = aPlan({
    kinds: Object.fromEntries(ids.map((id, i) => [id, f.kinds[i]!])),
    destinations: [
      aDestinationPlan({ takeover, observed }),
      ...(f.second || legs
        ? [aDestinationPlan({ id: second.destination, takeover, observed })]
        : []),
      aDestinationPlan({ id: "range", forExercises: true, observed }),
    ],
    streams: [main, ...(f.second || legs ? [aStreamPlan(second)] : [])],
    outlets: f.outlets,
  });
  const record = { paths: ["sd"], failover: "act", light: "half its bit rate" } as const;
  return {
    ...plan,
    encoders: plan.encoders.map((box) => ({ ...box, standsBy: true })),
    storages: plan.encoders
      .filter(({ vendor }) => vendor === "helo")
      .map(({ id }) => ({ id, readingMaxAgeMs: 144_000, record })),
  };
}

export function act(world: World, { do: verb, box: number, s, ms }: Step) {
  const ids = Object.keys(world.boxes);
  const id = ids[number % ids.length]!;
  happen(world, verb, id, ms);
  if (s > 0) world.leap(s, mostLeaps(Object.values(world.boxes)));
}

/** It records beside its stream, to a card that may not keep up. */
function recordsTo(box: Box, isTooSlow: boolean) {
  box.records ??= { state: "streaming", medium: "sd", media: {} };
  const sd = { id: "sd", kind: "card", isNetwork: false, condition: "ok" } as const;
  box.says = { ...box.says, media: [{ ...sd, freeRatio: 0.5, isTooSlow, source: "device" }] };
}

/** A fault of the picture is believed only when it is seen again and again. */
function mostLeaps(boxes: readonly Box[]): number {
  // What is done about one that suffers depends on what the far end sees just then.
  if (boxes.some(({ suffers }) => suffers !== undefined)) return 14;
  return boxes.some(({ picture }) => picture !== null) ? 9 : 3;
}

function happen(world: World, verb: Verb, id: string, ms: number): unknown {
  const box = world.box(id);
  const lagMs = Math.min(Math.abs(ms), 60_000);
  switch (verb) {
    case "kill":
      return world.kill(id, lagMs % 2 === 0);
    case "freeze":
      return world.freeze(id);
    case "unplug":
      return (box.reachable = false);
    case "plug":
      return (box.reachable = true);
    case "press":
      return world.pressStart(id);
    case "deaf":
      return (box.deaf = true);
    case "hears":
      return (box.deaf = false);
    case "break":
      return (box.broken = true);
    case "mend":
      return Object.assign(box, { broken: false, claims: null });
    case "claimFailing":
      return (box.claims = box.running ? "failing" : null);
    case "loseInput":
      return (box.input = "lost");
    case "getInput":
      return (box.input = "good");
    case "cutUplink":
      return (world.uplink = false);
    case "joinUplink":
      return (world.uplink = true);
    case "refuse":
    case "takeAgain":
      return (world.refusing = verb === "refuse");
    case "heatUp":
    case "coolDown": {
      const value = verb === "heatUp" ? 90 : 60;
      box.says = { ...box.says, figures: { temperatureC: { value, source: "chassis" } } };
      return undefined;
    }
    case "overload":
      return (box.suffers = "overload");
    case "congest":
      return (box.suffers = "network");
    case "relax":
      return delete box.suffers;
    case "slowCard":
    case "goodCard":
      return recordsTo(box, verb === "slowCard");
    case "endRecording":
      return box.records && (box.records.state = "idle");
    case "repair":
    case "rejectRepair": {
      const answer: CoreInput = { to: `encoder:${id}`, event: { type: verb, by: "engineer" } };
      return world.core.can(answer) && world.send(answer);
    }
    case "fixLoad":
      return (world.loadIsFixed = !world.loadIsFixed);
    case "failOutlets":
    case "mendOutlets":
      return (world.outletsFail = verb === "failOutlets");
    case "restorePower":
      return world.send({ to: `encoder:${id}`, event: { type: verb, by: "engineer" } });
    case "blind":
      return (world.observed = false);
    case "see":
      return (world.observed = world.plan.destinations[0]!.observed);
    case "stall":
      return world.stall(lagMs);
    case "late":
      return world.wait(lagMs);
    case "restart":
      return world.restart();
    case "loseResults":
      return world.restart({ resultsLost: true });
    case "reboot":
      return world.restart({ reboot: true, downMs: 20_000 });
    case "forget":
      return world.forgetEverything();
    case "rollBack":
      world.forgot = true;
      return world.send({ to: "site", event: { type: "rolledBack", because: "a test" } });
    case "switchSource":
      box.says = { ...box.says, source: box.says.source === "lectern" ? "camera" : "lectern" };
      return undefined;
    case "turnKnob": {
      const videoBitrateBps = box.says.settings?.videoBitrateBps === 4e6 ? 6e6 : 4e6;
      box.says = { ...box.says, settings: { videoBitrateBps } };
      return undefined;
    }
    case "releaseSpare":
      return world.send({ to: `encoder:${id}`, event: { type: "release", by: "engineer" } });
    case "practise": {
      const practise: CoreInput = {
        to: "site",
        event: { type: verb, encoder: id, by: "engineer" },
      };
      return world.core.can(practise) && world.send(practise);
    }
    case "openWindow":
      return schedule(world, [aWindow(world, -1_000, 3_600_000)]);
    case "closeWindow":
      return schedule(world, [aWindow(world, 1_200_000, 3_600_000)]);
    case "closeForToday":
      return schedule(world, [aWindow(world, 7_200_000, 3_600_000)]);
    case "noWindows":
      return schedule(world, null);
    case "goBlack":
    case "standStill":
    case "goSilent":
    case "showMoving":
    case "cannotSee":
      return show(world, id, shown[verb]);
    case "showAnother":
    case "showSame":
      return (world.showsAnother = verb === "showAnother");
    case "jump":
      return world.jumpWallClock(ms);
    case "maintenance":
    case "inService":
      return world.send({ to: `encoder:${id}`, event: { type: verb, by: "engineer" } });
    case "nothing":
      return undefined;
    case "failover":
      return asks(world, "failover", { to: id });
    case "drill":
      return asks(world, "drill", { consent: "main" });
    default:
      return asks(world, verb);
  }
}

const shown = {
  goBlack: "black",
  standStill: "still",
  goSilent: "silent",
  showMoving: "moving",
  cannotSee: "unseen",
} as const satisfies Record<(typeof pictures)[number], Picture>;

/** From now on somebody looks at the pictures of all. */
function show(world: World, id: string, picture: Picture) {
  for (const box of Object.values(world.boxes)) box.picture ??= "moving";
  world.box(id).picture = picture;
}

function aWindow(world: World, inMs: number, lengthMs: number): OnAirWindow {
  const startMs = world.now().wallMs + inMs;
  return { id: `w@${startMs}`, startMs, endMs: startMs + lengthMs };
}

/** When every stream is expected on air from now on; null = always. */
export function schedule(world: World, of: readonly OnAirWindow[] | null) {
  for (const { id } of world.plan.streams) {
    world.send({ to: `stream:${id}`, event: { type: "schedule", windows: of } });
  }
}

/** Everything works again. No person lets go of anything. */
export function mend(world: World) {
  for (const [id, box] of Object.entries(world.boxes)) {
    Object.assign(box, {
      reachable: true,
      deaf: false,
      broken: false,
      input: "good",
      claims: null,
      ...(box.picture && { picture: "moving" }),
    });
    if (box.frozen) world.kill(id);
    box.frozen = false;
    delete box.suffers;
    const isHot = box.says.figures?.["temperatureC"] !== undefined;
    if (isHot)
      act(world, { do: "coolDown", box: Object.keys(world.boxes).indexOf(id), s: 0, ms: 0 });
    world.send({ to: `encoder:${id}`, event: { type: "inService", by: "engineer" } });
  }
  Object.assign(world, { uplink: true, refusing: false });
  world.observed = world.plan.destinations[0]!.observed;
}
