import { emit, type InputFrom } from "xstate";
import { decided } from "../decision.ts";
import type { EncoderResume } from "../encoder/encoder.context.ts";
import { type EncoderMachine, encoderMachineFor } from "../encoder/encoder.machine.ts";
import type { SessionResume } from "../session/session.ts";
import { assignedIn, planWith, streamFor } from "../session/site-sessions.ts";
import { stepped } from "../stepping/stepped.ts";
import type { StorageResume } from "../storage/storage.context.ts";
import { pusherOf } from "../stream/relay/names.ts";
import type { StreamResume } from "../stream/stream.context.ts";
import { noFreeze } from "./change-freeze.ts";
import { unknownHostClock } from "./host-clock.ts";
import { freshKey, type Key } from "./keys.ts";
import { boxes } from "./on/boxes.ts";
import { facts } from "./on/facts.ts";
import { feeds } from "./on/feeds.ts";
import { host } from "./on/host.ts";
import { keys } from "./on/keys.ts";
import { practice } from "./on/practice.ts";
import { sessions } from "./on/sessions.ts";
import { windows } from "./on/windows.ts";
import type { SitePlan } from "./plan.ts";
import type { EncoderRef, SiteResume } from "./site.context.ts";
import { siteSetup } from "./site.setup.ts";
import { newStandby } from "./cpu-admission.ts";

/** Each box has a machine of its own shape (its outputs), which `setup` cannot list beforehand. */
const spawnEncoder = (spawn: unknown) =>
  spawn as (
    logic: EncoderMachine,
    options: { id: string; systemId: string; input: InputFrom<EncoderMachine> },
  ) => EncoderRef;

/**
 * What published for a relay that is not configured any more was ended before this site was opened:
 * it holds no key.
 */
function keptKey(key: Key | undefined, { encoders }: SitePlan): Key {
  if (!key) return freshKey;
  const { holder } = key;
  const isEnded =
    holder !== null &&
    holder.encoder === pusherOf(holder.stream) &&
    !encoders.some(({ id }) => id === holder.encoder);
  return isEnded ? { ...key, holder: null } : key;
}

/**
 * The facility: owns the other actors, passes on what they see, and is the only one who says who
 * holds a stream key.
 */
export const siteMachine = siteSetup.createMachine({
  id: "site",
  context: ({ spawn, input: { plan, now, resume } }) => ({
    plan,
    now,
    sessions: {
      assigned: assignedIn(plan, resume),
      plan: planWith(plan, assignedIn(plan, resume)),
      refs: Object.fromEntries(
        plan.streams.flatMap(({ id: stream, sessions }) => {
          if (sessions !== true) return [];
          const name = `session:${stream}`;
          const kept = resume.get(name) as SessionResume | undefined;
          const input = { stream, now, ...(kept && { resume: kept }) };
          return [[stream, spawn("session", { id: name, systemId: name, input })]];
        }),
      ),
    },
    keys: Object.fromEntries(
      plan.destinations.map((d) => {
        const kept = resume.get("site") as SiteResume | undefined;
        return [d.id, keptKey(kept?.keys[d.id], plan)];
      }),
    ),
    freeze: (resume.get("site") as SiteResume | undefined)?.freeze ?? noFreeze,
    facts: {},
    recordings: {
      facts: {},
      streams: (resume.get("site") as SiteResume | undefined)?.recorded ?? [],
    },
    exercise: (resume.get("site") as SiteResume | undefined)?.exercise ?? null,
    exercises: spawn("exercises", {
      id: "exercises",
      input: { exercise: (resume.get("site") as SiteResume | undefined)?.exercise ?? null },
    }),
    stalls: [],
    journal: "ok",
    hostClock: unknownHostClock(
      now(),
      (resume.get("site") as SiteResume | undefined)?.clockTold ?? null,
    ),
    hostLoad: null,
    standby: newStandby(
      (resume.get("site") as SiteResume | undefined)?.heldCold,
      plan.streams,
      now(),
    ),
    encoders: Object.fromEntries(
      plan.encoders.map((encoder) => {
        const { id } = encoder;
        const kept = resume.get(`encoder:${id}`) as EncoderResume | undefined;
        return [
          id,
          spawnEncoder(spawn)(encoderMachineFor(encoder), {
            id: `encoder:${id}`,
            systemId: `encoder:${id}`,
            input: { plan: encoder, now, ...(kept && { resume: kept }) },
          }),
        ];
      }),
    ),
    destinations: Object.fromEntries(
      plan.destinations.map((d) => [
        d.id,
        spawn("destination", {
          id: `destination:${d.id}`,
          systemId: `destination:${d.id}`,
          input: { plan: d, now },
        }),
      ]),
    ),
    storages: Object.fromEntries(
      (plan.storages ?? []).map((storage) => {
        const name = `storage:${storage.id}`;
        const kept = resume.get(name) as StorageResume | undefined;
        const input = { plan: storage, now, ...(kept && { resume: kept }) };
        return [storage.id, spawn("storage", { id: name, systemId: name, input })];
      }),
    ),
    ingests: Object.fromEntries(
      (plan.ingests ?? []).map((ingest) => {
        const name = `ingest:${ingest.id}`;
        const session = Object.values(assignedIn(plan, resume)).find(
          (assigned) => assigned.ingest === ingest.id,
        )?.id;
        const input = { plan: ingest, now, ...(session !== undefined && { session }) };
        return [ingest.id, spawn("ingest", { id: name, systemId: name, input })];
      }),
    ),
    outputs: Object.fromEntries(
      (plan.outputs ?? []).map((output) => {
        const name = `output:${output.id}`;
        const input = { plan: output, now };
        return [output.id, spawn("output", { id: name, systemId: name, input })];
      }),
    ),
    streams: Object.fromEntries(
      plan.streams.map((s) => {
        const kept = resume.get(`stream:${s.id}`) as StreamResume | undefined;
        return [
          s.id,
          spawn("stream", {
            id: `stream:${s.id}`,
            systemId: `stream:${s.id}`,
            input: {
              plan: streamFor(s, assignedIn(plan, resume)[s.id]),
              destination: plan.destinations.find((d) => d.id === s.destination)!,
              encoders: plan.encoders,
              now,
              ...(kept && { resume: kept }),
            },
          }),
        ];
      }),
    ),
  }),
  on: { ...facts, ...feeds, ...keys, ...boxes, ...practice, ...windows, ...sessions, ...host },
  initial: "ok",
  states: {
    ok: {
      on: {
        stalled: [
          {
            guard: "isImpaired",
            target: "impaired",
            actions: [
              "tellEverybody",
              "noteStall",
              emit(({ event }) =>
                decided({
                  type: "site.deciderImpaired",
                  severity: "critical",
                  message: `this host cannot keep up: the decider stood still for ${Math.round(event.lagMs)} ms, the third time in a minute`,
                  data: { lagMs: event.lagMs },
                }),
              ),
            ],
          },
          { actions: ["tellEverybody", "noteStall"] },
        ],
      },
    },
    impaired: {
      on: {
        stalled: { target: "impaired", reenter: true, actions: ["tellEverybody", "noteStall"] },
      },
      after: {
        60_000: {
          target: "ok",
          actions: emit(
            decided({
              type: "site.deciderRecovered",
              severity: "info",
              message: "this host keeps up again",
            }),
          ),
        },
      },
    },
  },
});
stepped(siteMachine);
