/** What the file alone shows to be weak, though nothing in it is wrong. */
import { isLoopback } from "./fields.ts";
import { profileAt, profiles } from "../machines/profile/profiles.ts";
import type { SiteConfig } from "./site.schema.ts";
import { splicesFrom } from "./splices.ts";

/** Sentences for the start log, `--check` and the site's warnings. */
export const configWarnings = (config: SiteConfig): string[] => [
  ...commandKeyWarnings(config),
  ...fencePathWarnings(config),
  ...sourceWarnings(config),
  ...keyWarnings(config),
  ...drillWarnings(config),
  ...relayWarnings(config),
  ...soundWarnings(config),
  ...spliceWarnings(config),
  ...colourWarnings(config),
  ...timecodeWarnings(config),
  ...listenerWarnings(config),
];

/** A listener cannot look at who calls but by the passphrase. */
const listenerWarnings = ({ ingests }: SiteConfig): string[] =>
  ingests.flatMap((ingest) => {
    if (ingest.kind !== "srt" || ingest.mode !== "listener") return [];
    const { id, host, port, passphrase, sessions } = ingest;
    return passphrase !== undefined || sessions || isLoopback(host)
      ? []
      : [
          `${id} takes SRT without a passphrase: whoever reaches UDP port ${port} may send the programme; give it a \`passphrase\``,
        ];
  });

/** What goes out by RTMP loses all sounds but the first, and nothing says so. */
const soundWarnings = ({ streams, destinations }: SiteConfig): string[] =>
  streams
    .filter(({ carry, destination }) => {
      const address = destinations.find(({ id }) => id === destination)?.address ?? "";
      return (carry?.sounds?.length ?? 0) > 1 && address.startsWith("rtmp");
    })
    .map(
      ({ id, destination, carry }) =>
        `${id}: of its ${carry!.sounds!.length} sounds only the first reaches ${destination}, RTMP carries one; its outputs have all of them`,
    );

/** Where splice information that has to be there cannot go, and where it cannot come from. */
const spliceWarnings = (config: SiteConfig): string[] =>
  config.streams.flatMap((stream) => {
    const { id, carry, destination, outputs } = stream;
    if (carry?.splices !== "keep") return [];
    const { destinations } = config;
    const { address = "" } = destinations.find((one) => one.id === destination) ?? {};
    const without = outputs.filter(
      (output) =>
        (output.kind === "recording" && output.container === "fmp4") ||
        output.kind === "ladder" ||
        output.kind === "rtmp",
    );
    return [
      ...(splicesFrom(stream, config) === undefined
        ? [
            `${id}: its splice information cannot be kept: it is looked for in one ingest by SRT or UDP that all of its encoders hear, and these have to be ffmpeg's`,
          ]
        : []),
      ...(address.startsWith("rtmp")
        ? [
            `${id}: its splice information does not reach ${destination}: RTMP carries none; outputs by TS have it`,
          ]
        : []),
      ...without.map(
        (output) =>
          `${id}: its splice information is not in ${output.id}: ${output.kind === "rtmp" ? "RTMP carries none" : "only transport streams and lists of plain HLS have it"}`,
      ),
    ];
  });

/** What comes in is seen by an ingest only. */
const colourWarnings = ({ streams, encoders }: SiteConfig): string[] =>
  streams.flatMap(({ id, carry, encoders: chosen }) => {
    const unseen = chosen
      .map(({ encoder }) => encoders.find((box) => box.id === encoder)!)
      .filter(({ options }) => (options as { input?: { kind?: string } }).input?.kind !== "ingest");
    if (carry?.colour !== "keep" || unseen.length === 0) return [];
    const names = unseen.map((box) => box.id).join(", ");
    return [
      `${id}: the colour that ${names} gets is seen by no ingest: \`carry.colour: keep\` looks at nothing there`,
    ];
  });

/**
 * x264 writes none for FFmpeg 5.1; GStreamer 1.22 can (h264parse, update-timecode), with messages that
 * decoders call cut off.
 */
const timecodeWarnings = ({ streams, encoders }: SiteConfig): string[] =>
  streams.flatMap(({ id, carry, encoders: chosen }) => {
    const drop = chosen
      .map(({ encoder }) => encoders.find((box) => box.id === encoder)!)
      .filter(({ driver, options }) => {
        const { video } = options as { video?: { codec?: string } };
        return ["ffmpeg", "gstreamer", "auto"].includes(driver) && video?.codec !== "copy";
      });
    if (carry?.timecode !== "keep" || drop.length === 0) return [];
    const names = drop.map((box) => box.id).join(", ");
    return [
      `${id}: timecode is to be kept, and lost in ${names}: who encodes on this host drops it; \`video.codec: copy\` of ffmpeg passes it on`,
    ];
  });

/** Who would give the programme to an encoder that publishes itself runs where the relay does. */
const relayWarnings = ({ streams }: SiteConfig): string[] =>
  streams
    .filter(({ path }) => path === "relayed")
    .map(
      ({ id }) =>
        `${id}: its relay is on this host, as the daemon is: when the host fails nothing falls back to path direct`,
    );

/** Nothing that viewers see is done because a schedule says so. */
function drillWarnings({ streams, destinations }: SiteConfig): string[] {
  return streams
    .filter(({ drills, destination }) => {
      const isSeen = destinations.find(({ id }) => id === destination)?.test === false;
      return drills !== undefined && isSeen;
    })
    .map(
      ({ id, destination }) =>
        `${id} is not drilled by itself: its viewers would see it, ${destination} is not marked test: true`,
    );
}

/** Whoever can publish to a broker that others reach commands this site, unless it knows its hub. */
function commandKeyWarnings({ mqtt }: SiteConfig): string[] {
  const { hostname } = new URL(mqtt.url);
  const isHere = isLoopback(hostname.replace(/^\[|\]$/g, ""));
  return mqtt.commandKeys.length > 0 || isHere
    ? []
    : [
        `no \`commandKeys\` are named under mqtt: whoever may publish to ${hostname} commands this site; \`understudy hub-key list\` says the hub's`,
      ];
}

/** What may fail for a box and for the way to its outlet at once. */
const shared = {
  network: {
    means: (of: string, name: string) =>
      `${of} hang on the same switch (${name}): when that fails, neither answers`,
    unsaid: "one switch takes both away",
  },
  power: {
    means: (of: string, name: string) =>
      `${of} hang on the same supply (${name}): when that fails, nobody can prove the box off`,
    unsaid: "one supply takes both away",
  },
} as const;

/** Is the way to an outlet worth something when its box is in trouble? */
export function fencePathWarnings({ encoders, outlets, power }: SiteConfig): string[] {
  const fenced = encoders.flatMap((box) => {
    const outlet = outlets.find(({ id }) => id === box.outlet);
    return outlet ? [{ box, outlet }] : [];
  });
  const ofHost = fenced.flatMap(({ box }) =>
    box.power !== undefined && box.power === power
      ? [shared.power.means(`${box.id} and this host`, power)]
      : [],
  );
  const ofOutlets = (["network", "power"] as const).flatMap((what) => {
    const { means, unsaid } = shared[what];
    const same = fenced.flatMap(({ box, outlet }) => {
      const name = box[what];
      if (name === undefined || name !== outlet[what]) return [];
      return [means(`${box.id} and its outlet ${outlet.id}`, name)];
    });
    const [first, ...more] = fenced
      .filter(({ box, outlet }) => box[what] === undefined || outlet[what] === undefined)
      .map(({ box }) => box.id);
    if (first === undefined) return same;
    const all = more.length > 0 ? `${first} and ${more.length} more` : first;
    return [
      ...same,
      `no \`${what}\` is named for ${all} or the outlet: nobody can tell whether ${unsaid}`,
    ];
  });
  return [...ofOutlets, ...ofHost];
}

/** A lost input moves a programme only to a box that is known to be fed by the same source. */
function sourceWarnings({ encoders, streams }: SiteConfig): string[] {
  const named = encoders.filter(
    ({ source, options }) => source ?? (options as { inputs?: unknown }).inputs,
  );
  const ids = new Set(named.map(({ id }) => id));
  return streams.flatMap(({ id, encoders: chosen }) => {
    const names = chosen.map(({ encoder }) => encoder);
    const without = names.filter((name) => !ids.has(name));
    if (names.length < 2 || without.length === 0) return [];
    return [
      `${id}: no \`source\` is named for ${without.join(", ")}, so a lost input or a black picture never moves it there`,
    ];
  });
}

/**
 * A far end says what is wrong with a key only when the programme is to begin. What is judged is its
 * form; the key itself is never told.
 */
function keyWarnings({ destinations }: SiteConfig): string[] {
  return destinations.flatMap(({ id, address, profile, streamKey }) => {
    const { name, key } = profiles[profile ?? profileAt(new URL(address))];
    if (streamKey === "" || key.pattern.test(streamKey)) return [];
    return [`${id}: its stream key does not look like one of ${name}: ${key.looks}`];
  });
}
