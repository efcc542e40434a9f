import { consentsOf } from "../config/repair.schema.ts";
import type { SiteConfig } from "../config/site.schema.ts";
import type {
  CoolingStep,
  DestinationPlan,
  EncoderPlan,
  OutletPlan,
  RecordPlan,
  SitePlan,
  StoragePlan,
  StreamPlan,
} from "../machines/site/plan.ts";
import { profileAt } from "../machines/profile/profiles.ts";
import type { StorageLevels } from "../machines/storage/space.ts";
import type { EncoderSettings } from "../machines/encoder/settings.ts";
import { carryPlan, contentPlan } from "./content/plan.ts";
import type { EventPlan } from "../machines/stream/schedule.ts";
import { type Detection, detectionOf, requestTimeoutOf } from "./detection-time.ts";
import type { Vendor } from "./drivers/index.ts";
import { isForSessions } from "./ingest/settings.ts";
import { ingestIn, takesAnyIngest } from "./drivers/shared/engine/ingest-input.ts";
import { inputsIn } from "./drivers/shared/inputs.ts";
import type { EventsConfig } from "./schedule/schedule.ts";
import { sightMaxAgeMs } from "./far-end.ts";
import { pollLimitMs } from "./storages.ts";
import type { RelayedStream } from "./relays/with-relays.ts";
import { lookLimitsMs } from "./observers/observer.ts";

/** A level 3 proof by absence needs at least this, whatever the configuration says (rule 2). */
const leastQuietMs = 30_000;
/** A box counts as gone after so many failed polls in a row (keepalived's "fall"). */
const fall = 3;
/** A device that was seen at the normal pace is still believed two polls later. */
const pollsUntilOld = 2.4;
const softwareReadingMaxAgeMs = 3_000;
/** Boxes are asked for their media once a minute at least. */
const boxMediaEveryMs = 60_000;

/** The ids of one destination's addresses: itself, and the second leg where it has one. */
export const backupLegOf = (id: string): string => `${id}-backup`;

/** What the machines need of the configuration. */
export function planOf(
  config: SiteConfig,
  vendors: Readonly<Record<string, Vendor>>,
  /** Ids of outlets whose answers could be forged. */
  spoofable: ReadonlySet<string> = new Set(),
  relays: readonly RelayedStream[] = [],
): SitePlan {
  const streams = config.streams
    .flatMap((stream) => legsOf(stream, config, vendors))
    .map((stream) => withRoving(withRelay(stream, relays), config));
  const destinations = config.destinations.flatMap((d): DestinationPlan[] => {
    const primary: DestinationPlan = {
      id: d.id,
      ...(d.name !== undefined && { name: d.name }),
      profile: d.profile ?? profileAt(new URL(d.address)),
      takeover: d.takeover,
      ...observation(d, relays),
      sightMaxAgeMs: Math.max(
        ...[0, ...d.observers.map(({ kind }) => lookLimitsMs[kind])].map((lookLimitMs) =>
          sightMaxAgeMs(d.observeEveryMs, lookLimitMs),
        ),
      ),
      stalledAfterMs: Math.max(1_000, 2 * d.observeEveryMs),
      ghostSessionMs: d.ghostSessionMs,
      noPublisherProofMs: Math.max(leastQuietMs, d.noPublisherProofMs, 2 * d.deviceRetryPeriodMs),
      ...(d.test && { isTest: true }),
      ...(d.test && !config.streams.some((s) => s.destination === d.id) && { forExercises: true }),
      ...(d.offAirEndsEventAfterMs !== undefined && {
        offAirEndsEventAfterMs: Number(d.offAirEndsEventAfterMs),
      }),
    };
    return d.takeover === "primaryBackup"
      ? // The observers look at the first address: nobody sees the second.
        [primary, { ...primary, id: backupLegOf(d.id), observed: false }]
      : [primary];
  });
  return {
    site: config.site,
    ...(config.name !== undefined && { name: config.name }),
    encoders: config.encoders.map((encoder): EncoderPlan => {
      const vendor = vendors[encoder.driver]!;
      const isSoftware = vendor.kind === "software";
      const grace = config.streams.find((s) => s.encoders.some((e) => e.encoder === encoder.id))
        ?.firstFrameGrace ?? { softwareMs: 10_000, hardwareMs: 30_000 };
      return {
        id: encoder.id,
        ...(encoder.name !== undefined && { name: encoder.name }),
        ...publishesFor(encoder.id, relays),
        vendor: encoder.driver,
        outputs: [...vendor.outputs],
        ...sourceOf(encoder),
        ...feedOf(encoder),
        ...soundsOf(encoder, config),
        ...combsOf(encoder),
        ...(isSoftware && { isProcess: true }),
        readingMaxAgeMs: isSoftware
          ? softwareReadingMaxAgeMs
          : pollsUntilOld * encoder.polling.normalMs,
        firstFrameGraceMs: isSoftware ? grace.softwareMs : grace.hardwareMs,
        unreachableAfter: fall,
        detection: detectionPlan(encoder, vendor),
        ownSelfStart:
          !isSoftware &&
          (sharesAnExclusiveKey(encoder.id, streams) || mayReplaceRelay(encoder.id, streams)),
        standsBy: sharesAnExclusiveKey(encoder.id, streams),
        heat: encoder.heat,
        clockAlarmOffsetMs: config.clock.alarmOffsetMs,
        cooling: loadStepsOf(encoder, vendor, config),
        ...{ sync: encoder.sync, syncEveryMs: encoder.syncEveryMs },
        practise: encoder.practise,
        ...(vendor.canBeSet === true && { canBeSet: true }),
        ...(vendor.isSetAtStart?.(encoder.options) === true && { isSetAtStart: true }),
        ...controlsOf(encoder, vendor),
        ...consentsOf(config, encoder),
        canRepair: bootsOf(encoder, vendor),
        ...(encoder.outlet !== undefined && {
          outlet: outletPlan(encoder.outlet, config, spoofable),
        }),
      };
    }),
    destinations,
    streams,
    storages: storagePlans(config, vendors),
    ingests: config.ingests.map((ingest) => ({
      ...{ id: ingest.id, kind: ingest.kind },
      ...(ingest.name !== undefined && { name: ingest.name }),
      ...(isForSessions(ingest) && { sessions: true }),
    })),
    outputs: config.streams.flatMap(({ id: stream, outputs }) =>
      outputs.map(({ id, kind, name }) => ({
        ...{ id, kind, stream },
        ...(name !== undefined && { name }),
      })),
    ),
    clockAlarmOffsetMs: config.clock.alarmOffsetMs,
  };
}

/** Encoders on one ingest show the same, whatever it takes in. */
function sourceOf({
  source,
  options,
}: SiteConfig["encoders"][number]): Pick<EncoderPlan, "source" | "inputs"> {
  const inputs = inputsIn(options);
  if (inputs) return { inputs };
  const of = source ?? ingestIn(options);
  return of === undefined ? {} : { source: of };
}

function feedOf({ options }: SiteConfig["encoders"][number]): { ingest?: string } {
  const ingest = ingestIn(options);
  return ingest === undefined ? {} : { ingest };
}

/** RTMP carries one, whatever is set. */
function soundsOf(
  { id, driver, options }: SiteConfig["encoders"][number],
  { streams, destinations }: Pick<SiteConfig, "streams" | "destinations">,
): Pick<EncoderPlan, "sounds"> {
  const { audio } = options as { audio?: { codec: string; tracks?: number } };
  if (!audio || audio.codec === "none" || ingestIn(options) === undefined) return {};
  const byRtmp = streams.some(
    ({ encoders, destination }) =>
      encoders.some(({ encoder }) => encoder === id) &&
      destinations.some((to) => to.id === destination && to.address.startsWith("rtmp")),
  );
  if (byRtmp) {
    return { sounds: { most: 1, hint: "RTMP carries one; path relayed with outputs takes more" } };
  }
  const hint = driver === "gstreamer" ? "one of driver ffmpeg takes more" : "set its audio.tracks";
  return { sounds: { most: audio.tracks ?? 1, hint } };
}

function combsOf({ driver, options }: SiteConfig["encoders"][number]): Pick<EncoderPlan, "combs"> {
  const { video } = options as { video?: { codec?: string; interlace?: string } };
  if (!video || video.codec === "copy" || ingestIn(options) === undefined) return {};
  if (driver === "gstreamer") {
    const hint = "one of driver ffmpeg deinterlaces them (video.interlace)";
    return { combs: { which: "unflagged", hint } };
  }
  return video.interlace === "automatic"
    ? { combs: { which: "unflagged", hint: "set its video.interlace to deinterlace" } }
    : {};
}

const bootsOf = ({ outlet }: Pick<SiteConfig["encoders"][number], "outlet">, vendor: Vendor) => [
  ...(vendor.canReboot === true ? ["reboot" as const] : []),
  ...(outlet === undefined ? [] : ["powerCycle" as const]),
];

function controlsOf(
  encoder: SiteConfig["encoders"][number],
  vendor: Vendor,
): Pick<EncoderPlan, "controls"> {
  const controls = [...(vendor.controls ?? []), ...bootsOf(encoder, vendor)];
  return controls.length > 0 ? { controls } : {};
}

function withRelay(stream: StreamPlan, relays: readonly RelayedStream[]): StreamPlan {
  const own = relays.find((relay) => relay.stream === stream.id);
  const fed = relays.find(({ inputs }) => inputs.some(({ leg }) => leg === stream.id));
  const some = (which: "isSpare" | "isCold") =>
    own?.inputs.flatMap((input) => (input[which] ? [input.encoder] : [])) ?? [];
  const [spares, cold] = [some("isSpare"), some("isCold")];
  return {
    ...stream,
    ...(spares.length > 0 && { spares }),
    ...(cold.length > 0 && { cold }),
    ...(own && {
      relay: {
        inputs: own.inputs.map(({ encoder, output, leg }) => ({ encoder, output, leg })),
        ...(own.directly.length > 0 && {
          directly: own.directly.map(({ encoder, output }) => ({ encoder, output })),
        }),
        ...(own.band && { band: own.band }),
      },
    }),
    ...(fed && { feedOf: fed.stream }),
  };
}

function withRoving(stream: StreamPlan, { encoders }: SiteConfig): StreamPlan {
  const roving = stream.spares?.filter((spare) =>
    takesAnyIngest(encoders.find(({ id }) => id === spare)?.options),
  );
  return roving && roving.length > 0 ? { ...stream, roving } : stream;
}

function observation(
  { id, observers }: SiteConfig["destinations"][number],
  relays: readonly RelayedStream[],
): Pick<DestinationPlan, "observed" | "isRelayInput"> {
  const isTakenIn = relays.some(({ inputs }) => inputs.some(({ leg, door }) => leg === id && door));
  return isTakenIn ? { observed: true, isRelayInput: true } : { observed: observers.length > 0 };
}

function publishesFor(encoder: string, relays: readonly RelayedStream[]) {
  const relay = relays.find(({ pusher }) => pusher === encoder);
  return relay ? { publishesFor: relay.stream } : {};
}

/**
 * A picture becomes smaller only where all destinations stand it that the box may carry for. These
 * steps are a driver's last, so those before them keep their numbers.
 */
function loadStepsOf(
  { id, options, heat }: SiteConfig["encoders"][number],
  vendor: Vendor,
  { streams, destinations }: SiteConfig,
): readonly CoolingStep[] {
  const steps = vendor.cooling?.(options)?.slice(0, heat.steps) ?? [];
  const of = streams.filter(({ encoders }) => encoders.some(({ encoder }) => encoder === id));
  // A relay needs the same pictures of all its encoders.
  if (of.some(({ path }) => path === "relayed")) return untilOtherPictures(steps);
  const stands = (to: string) => destinations.find((d) => d.id === to)?.allowSmallerPicture;
  if (of.length > 0 && of.every(({ destination }) => stands(destination))) return steps;
  const first = steps.findIndex(({ lowers }) => lowers?.includes("size"));
  return first < 0 ? steps : steps.slice(0, first);
}

function untilOtherPictures(steps: readonly CoolingStep[]): readonly CoolingStep[] {
  const first = steps.findIndex(
    ({ lowers }) => lowers?.includes("frameRate") || lowers?.includes("size"),
  );
  return first < 0 ? steps : steps.slice(0, first);
}

function detectionPlan(
  { polling, options }: SiteConfig["encoders"][number],
  { endNoticedWithinMs }: Vendor,
): Detection {
  if (endNoticedWithinMs !== undefined) {
    return { silentWithinMs: endNoticedWithinMs, unreachableWithinMs: endNoticedWithinMs };
  }
  const requestTimeoutMs = requestTimeoutOf(options);
  return detectionOf({ normalMs: polling.normalMs, requestTimeoutMs, unreachableAfter: fall });
}

/** A process of ours has no media: what it writes to is a disk of the host. */
function storagePlans(
  { encoders, storages, storageLevels }: SiteConfig,
  vendors: Readonly<Record<string, Vendor>>,
): StoragePlan[] {
  type Owner = { id: string; name?: string; own: OwnLevels | undefined; record?: RecordPlan };
  const plan = ({ id, name, own, record }: Owner, everyMs: number): StoragePlan => ({
    id,
    ...(name !== undefined && { name }),
    readingMaxAgeMs: pollsUntilOld * everyMs,
    levels: levelsPlan(storageLevels, own),
    ...(record && { record }),
  });
  const boxes = encoders.filter(({ driver }) => vendors[driver]!.kind !== "software");
  return [
    ...boxes.map((box) => {
      const { levels, failover } = box.recording;
      const paths = vendors[box.driver]!.recordTo?.(box.options);
      const light = vendors[box.driver]!.recordLight;
      const releases = vendors[box.driver]!.releasesMedia?.(box.options) === true;
      const record = paths && {
        ...{ paths, failover },
        ...(light !== undefined && { light }),
        ...(releases && { releases: true as const }),
      };
      const owner = { ...box, own: levels, ...(record && { record }) };
      return plan(owner, Math.max(boxMediaEveryMs, box.polling.normalMs));
    }),
    ...storages.map((storage) =>
      plan({ ...storage, own: storage.levels }, storage.polling.normalMs + pollLimitMs),
    ),
  ];
}

type OwnLevels = NonNullable<SiteConfig["storages"][number]["levels"]>;

/** What a storage says of itself counts for all its media, whatever their kind. */
function levelsPlan(
  { local, network, warnBeforeMs }: SiteConfig["storageLevels"],
  own: OwnLevels | undefined,
): StorageLevels {
  const of = ({ lowPercent, fullPercent }: typeof local) => ({
    low: (own?.lowPercent ?? lowPercent) / 100,
    full: (own?.fullPercent ?? fullPercent) / 100,
  });
  return {
    local: of(local),
    network: of(network),
    warnBeforeMs: own?.warnBeforeMs ?? warnBeforeMs,
  };
}

function outletPlan(id: string, config: SiteConfig, spoofable: ReadonlySet<string>): OutletPlan {
  const { limits } = config.outlets.find((outlet) => outlet.id === id)!;
  return { id, ...limits, isSpoofable: spoofable.has(id) };
}

/**
 * A backup stands ready for the same key, and only one may publish on it. Each leg of a
 * `primaryBackup` destination has a key of its own, and the spares of that leg share it. A spare
 * of relayed streams feeds one of their relays, and must not go on by itself.
 */
function sharesAnExclusiveKey(encoder: string, legs: readonly StreamPlan[]): boolean {
  return legs.some(
    (leg) =>
      (leg.encoders.length > 1 || leg.spares !== undefined) &&
      leg.encoders.some((ref) => ref.encoder === encoder),
  );
}

/** What publishes for the relay, or another box, may get that key after it. */
const mayReplaceRelay = (encoder: string, legs: readonly StreamPlan[]): boolean =>
  legs.some(({ relay }) => relay?.directly?.some((ref) => ref.encoder === encoder));

function settingsPlan({
  width,
  height,
  profile,
  ...rest
}: NonNullable<SiteConfig["streams"][number]["settings"]>): EncoderSettings {
  return {
    ...rest,
    ...(profile !== undefined && { h264Profile: profile }),
    ...(width !== undefined && { sizeOf: "settings", widthPx: width }),
    ...(height !== undefined && { sizeOf: "settings", heightPx: height }),
  };
}

function eventPlan(events: NonNullable<SiteConfig["streams"][number]["events"]>): EventPlan {
  const { startAtBegin, stopAtEnd, missedAfterMs, lineUpBeforeMs, freezeBeforeMs } = events;
  return { startAtBegin, stopAtEnd, missedAfterMs, lineUpBeforeMs, freezeBeforeMs };
}

/** The windows of a stream as it is configured; a second leg has those of its programme. */
export function onAirRulesOf(config: SiteConfig, leg: StreamPlan): EventsConfig | undefined {
  const events = config.streams.find(({ id }) => id === (leg.backupOf ?? leg.id))?.events;
  if (!events) return undefined;
  const { zone, windows, calendar } = events;
  const rules = windows.map((window) => ({
    ...window,
    id: `${window.start} ${window.rrule ?? "once"}`,
    zone,
  }));
  return { rules, ...(calendar !== undefined && { calendar: { file: calendar, zone } }) };
}

function legsOf(
  stream: SiteConfig["streams"][number],
  config: SiteConfig,
  vendors: Readonly<Record<string, Vendor>>,
): StreamPlan[] {
  const destination = config.destinations.find((d) => d.id === stream.destination)!;
  const encoders = stream.encoders.map((ref) => {
    const driver = config.encoders.find((e) => e.id === ref.encoder)!.driver;
    const output = "output" in ref ? ref.output : undefined;
    return { encoder: ref.encoder, output: output ?? vendors[driver]!.outputs[0]! };
  });
  const spares = stream.encoders.flatMap((e) => ("spare" in e && e.spare ? [e.encoder] : []));
  const cold = stream.encoders.flatMap((e) =>
    "level" in e && e.level === "cold" ? [e.encoder] : [],
  );
  const plan: StreamPlan = {
    id: stream.id,
    ...(stream.name !== undefined && { name: stream.name }),
    destination: destination.id,
    encoders,
    ...(spares.length > 0 && { spares }),
    ...(cold.length > 0 && { cold }),
    ...(stream.settings && { settings: settingsPlan(stream.settings) }),
    autoStart: stream.autoStart && !stream.sessions,
    ...(stream.sessions && { sessions: true }),
    allowUnproven: destination.allowUnproven,
    directFreezeMs: stream.directFreezeMs,
    ...(stream.drills && destination.test && { drillEveryMs: stream.drills.everyMs }),
    content: contentPlan(stream.content, destination),
    ...(stream.carry && { carry: carryPlan(stream.carry) }),
    fenceTimeoutMs: destination.fenceTimeoutMs,
    recording: stream.recording,
    failbackMs: stream.failbackMs ?? "manual",
    budget: stream.takeoverBudget,
    ...(stream.events && { events: eventPlan(stream.events) }),
  };
  if (destination.takeover !== "primaryBackup") return [plan];
  // Two addresses, both published all the time: nothing switches, a lost leg is restored. The
  // third encoder and later are spares of either leg; the site gives each output to one of them.
  const [first, second, ...others] = encoders;
  return [
    { ...plan, encoders: [first!, ...others] },
    {
      ...plan,
      id: backupLegOf(stream.id),
      backupOf: stream.id,
      destination: backupLegOf(destination.id),
      encoders: [second ?? first!, ...others],
    },
  ];
}
