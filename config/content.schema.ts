/** Where pictures can be seen, and what is done about black, frozen and silent ones. */
import { z } from "zod";
import { url } from "./fields.ts";
import { duration, durationOr, section } from "./units.ts";

const delayAtMost = (usual: string) =>
  duration({ atMost: "60s" })
    .prefault(usual)
    .describe("A moment is seen there this much later than it happened, at most");

export const preview = section({
  url: url("rtmp", "rtmps", "rtsp", "srt", "udp", "http", "https").describe(
    "Also HLS; without HTTP login",
  ),
  delayAtMost: delayAtMost("3s"),
});

export const playback = (usualDelay: string) =>
  section({ delayAtMost: delayAtMost(usualDelay) })
    .exactOptional()
    .describe("Watch picture and sound here, too; it reads the whole stream");

const fault = (what: string, usual: { do: "off" | "observe" | "act"; after: string }) =>
  section({
    do: z
      .enum(["off", "observe", "act"])
      .prefault(usual.do)
      .describe("off; observe: say so; act: also take over, if an understudy has it and is alike"),
    after: duration({ atLeast: "1s", atMost: "1h" })
      .prefault(usual.after)
      .describe("When it has lasted this long"),
  })
    .prefault({})
    .describe(what);

export const streamContent = section({
  lost: fault("The encoder says that its input is lost", { do: "act", after: "5s" }),
  black: fault("The picture is black", { do: "observe", after: "10s" }),
  frozen: fault("The picture stands still; slides do, too", { do: "observe", after: "20s" }),
  silent: fault("A channel pair is below silenceBelowDbfs", { do: "observe", after: "20s" }),
  loudness: section({
    do: z
      .enum(["off", "observe"])
      .prefault("off")
      .describe("off: not measured; observe: show what it is, and say so"),
    after: duration({ atLeast: "1s", atMost: "1h" })
      .prefault("30s")
      .describe("When it has lasted this long"),
    leastLufs: z.number().min(-70).max(0).prefault(-28).describe("Of each 3 s, by EBU R128"),
    mostLufs: z.number().min(-70).max(0).prefault(-18).describe("Of each 3 s, by EBU R128"),
  })
    .refine((band) => band.leastLufs < band.mostLufs, "leastLufs must be below mostLufs")
    .prefault({})
    .describe("The sound is too quiet or too loud; silence is not meant"),
  silenceBelowDbfs: z.int().min(-90).max(-10).prefault(-50).describe("RMS of the louder channel"),
  pairs: z
    .array(z.int().min(1).max(16))
    .min(1)
    .max(16)
    .prefault([1])
    .describe("Channel pairs that must carry sound, from 1"),
  quality: section({
    every: durationOr("never", { atLeast: "30s", atMost: "1h" })
      .prefault("60s")
      .describe("How often a picture on air is compared with its source, on path relayed"),
    leastSsim: z
      .number()
      .min(0)
      .max(1)
      .prefault(0.8)
      .describe("Structural similarity; less is told"),
    after: duration({ atLeast: "1s", atMost: "1h" })
      .prefault("3min")
      .describe("When it has lasted this long"),
  })
    .prefault({})
    .describe("Encoding loses too much of the picture"),
  compareEvery: durationOr("never", { atLeast: "30s", atMost: "1h" })
    .prefault("60s")
    .describe("How often carrier and understudy are compared, where both can be seen"),
});
