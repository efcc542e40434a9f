/** Fields that every software encoder's options share. Each driver adds its own to them. */
import { z } from "zod";

export const rate = z.number().min(1).max(120);
export const side = z.int().min(16).max(8_192).multipleOf(2);
export const absolutePath = z
  .string()
  .max(1_024)
  .regex(/^\/[^\p{Cc}]*$/u, "an absolute path");

export const testPattern = z.strictObject({
  kind: z.literal("testPattern").describe("moving bars with the encoder's name and a clock"),
  width: side.default(1_280).describe("pixels"),
  height: side.default(720).describe("pixels"),
  framesPerSecond: rate.default(25).describe("frames a second"),
  label: z
    .string()
    .regex(/^[A-Za-z0-9 ._-]{1,40}$/, "letters, digits, blank, point, _ and -, at most 40")
    .optional()
    .describe("what stands in the picture; the encoder's id when left out"),
});

export const ingest = z.strictObject({
  kind: z.literal("ingest").describe("what an ingest of this site takes in"),
  ingest: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and -, at most 63")
    .optional()
    .describe(
      "its id, under `ingests`; a spare may leave it out and takes what its stream's primary takes",
    ),
});

export const udp = z.strictObject({
  kind: z.literal("udp").describe("MPEG-TS by UDP, unicast or multicast"),
  url: z
    .string()
    .regex(/^udp:\/\/[A-Za-z0-9.:[\]-]{1,255}:\d{1,5}$/, "an address like udp://239.1.1.1:5000")
    .describe("group or own address, and port"),
});

export const pictureFields = {
  width: side.optional().describe("pixels; as the input when left out"),
  height: side.optional().describe("pixels; as the input when left out"),
  framesPerSecond: rate.default(25).describe("frames a second"),
  bitrateBps: z.int().min(50_000).max(100_000_000).default(4_000_000).describe("constant bit rate"),
  gopSeconds: z.number().min(0.2).max(10).default(2).describe("a keyframe this often"),
  preset: z
    .enum(["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"])
    .default("veryfast")
    .describe("speed against quality"),
  threads: z.int().min(1).max(64).optional().describe("as many as x264 likes when left out"),
};

export type Picture = z.infer<z.ZodObject<typeof pictureFields>>;

export const soundFields = {
  bitrateBps: z.int().min(16_000).max(512_000).default(128_000).describe("of all channels"),
  sampleRateHz: z
    .union([z.literal(44_100), z.literal(48_000)])
    .default(48_000)
    .describe("Hz"),
  channels: z.int().min(1).max(8).default(2).describe("number of channels"),
};

export const source = z
  .string()
  .min(1)
  .max(64)
  .optional()
  .describe("name of what the input takes: two encoders on one source share its faults");

const limits = z
  .strictObject({
    cpuWeight: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe("its share of the processors where several want them; 100 is usual"),
    cpuCores: z
      .number()
      .min(0.1)
      .max(1_024)
      .optional()
      .describe("never more than so many processors, also while others are idle"),
    memoryBytes: z
      .int()
      .min(16 * 1024 ** 2)
      .optional()
      .describe("above this it is slowed down and its memory taken back; it is not ended"),
    nice: z
      .int()
      .min(0)
      .max(19)
      .optional()
      .describe("started with this; 5 where its share of the processors cannot be kept otherwise"),
  })
  .prefault({})
  .describe("of the host, for each of its outputs, by a control group of its own");

export const engineFields = {
  limits,
  outputs: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/))
    .min(1)
    .max(8)
    .default(["stream-1"])
    .describe("ids of its outputs; each is a process of its own"),
  captions: z
    .boolean()
    .default(false)
    .describe(
      "the programme carries captions: the frame rate is never halved to relieve the host, which " +
        "would garble them",
    ),
  suspectAfterMs: z
    .int()
    .min(150)
    .max(60_000)
    .default(250)
    .describe("output that stands still this long is called frozen, ms"),
  firstFrameGraceMs: z
    .int()
    .min(0)
    .max(300_000)
    .default(10_000)
    .describe("after a start nothing is judged for this long, ms"),
  stopGraceMs: z
    .int()
    .min(0)
    .max(30_000)
    .default(1_000)
    .describe("how long a healthy process may take to end its stream before it is killed, ms"),
};

/** A frame may be late by one and a half: a suspicion must not be earlier. */
export const suspectsInTime = {
  holds: (options: { suspectAfterMs: number; video: { framesPerSecond: number } }) =>
    options.suspectAfterMs >= 2_500 / options.video.framesPerSecond,
  says: { path: ["suspectAfterMs"], error: "is shorter than two and a half frames" },
};
