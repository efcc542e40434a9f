/** A site whose boxes are there for whoever asks for a stream. */
import { sessionStateOf } from "../../../machines/session/session.machine.ts";
import type { SessionAsk } from "../../../machines/session/session.contract.ts";
import type { SitePlan } from "../../../machines/site/plan.ts";
import { aDestinationPlan, aPlan, aStreamPlan, type Box, World } from "../world.ts";

export const settings = {
  widthPx: 1_920,
  heightPx: 1_080,
  framesPerSecond: 30,
  videoBps: 5_000_000,
};

/** @param streams how many are kept for sessions, each with all boxes */
export function aPool(
  boxes: string[],
  streams: number,
  more: Partial<SitePlan> = {},
  kind: Box["kind"] = "helo",
): World {
  const kinds = Object.fromEntries(boxes.map((id) => [id, kind]));
  const ids = Array.from({ length: streams }, (_, at) => `pool-${at + 1}`);
  const world = new World(
    aPlan({
      kinds,
      destinations: ids.map((id) => aDestinationPlan({ id: `far-${id}` })),
      streams: ids.map((id) =>
        aStreamPlan({
          ...{ id, destination: `far-${id}`, encoders: boxes },
          ...{ sessions: true, autoStart: false },
        }),
      ),
      ...more,
    }),
  );
  for (const id of boxes) {
    world.box(id).says.settings =
      kind === "helo"
        ? { sizeOf: "input", videoBitrateBps: 2_000_000 }
        : { videoBitrateBps: 2_000_000, framesPerSecond: 25, gopFrames: 50 };
  }
  world.pass(10);
  return world;
}

let asked = 0;

/** Asks for a session; @returns what the site said */
export function asks(world: World, p: Partial<SessionAsk> & { by?: string } = {}) {
  const { by = "ann", ...ask } = p;
  const id = `command-${++asked}`;
  world.send({
    to: "site",
    event: {
      type: "openSession",
      command: { id, by },
      ask: { settings, input: "device", ...ask },
    },
  });
  return answerTo(world, id);
}

export function answerTo(world: World, id: string) {
  const said = world.decisions.find(
    ({ type, data }) =>
      (type === "command.done" || type === "command.refused") && data["command"] === id,
  );
  const answer = (said?.data["answer"] ?? {}) as Partial<{
    stream: string;
    session: string;
    encoder: string;
    backup: string | null;
    because: string;
    warnings: string[];
    input: string;
    ingest: string;
  }>;
  return { ...answer, code: said?.data["code"], message: said?.message };
}

export function stops(world: World, stream: string) {
  const id = `command-${++asked}`;
  world.send({ to: `stream:${stream}`, event: { type: "stop", command: { id, by: "ann" } } });
  return id;
}

export const wordOf = (world: World, stream: string) =>
  sessionStateOf(world.core.session(stream)!)?.state ?? "free";
