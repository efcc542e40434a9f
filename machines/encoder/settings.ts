/** What an encoder is set to make of its input. Address and key are never among it. */

/** A setting that a box cannot tell is left out, and compared with nothing. */
export type EncoderSettings = {
  videoBitrateBps?: number;
  audioBitrateBps?: number;
  /** Left out where the picture is as large as the input. */
  widthPx?: number;
  heightPx?: number;
  /** Whether size is the input's, whatever that is. */
  sizeOf?: "input" | "settings";
  framesPerSecond?: number;
  /** Of boxes that halve the input's rate: 1, 0.5 or 0.25 of it. */
  frameRateShare?: number;
  /** Frames from one keyframe to the next. */
  gopFrames?: number;
  h264Profile?: "constrainedBaseline" | "baseline" | "main" | "high";
};
export type SettingName = keyof EncoderSettings;

/** One setting that is not as it should be. */
export type Drift = { setting: SettingName; wanted: number | string; actual: number | string };

const kbps = (bps: number | string) => `${Number(bps) / 1_000} kb/s`;
const plain = (value: number | string) => String(value);
/** In the order they are told; with the words for people. */
const names: Record<SettingName, { called: string; said: (value: number | string) => string }> = {
  videoBitrateBps: { called: "video bit rate", said: kbps },
  audioBitrateBps: { called: "audio bit rate", said: kbps },
  sizeOf: {
    called: "picture size",
    said: (of) => (of === "input" ? "as its input" : "set by hand"),
  },
  widthPx: { called: "width", said: plain },
  heightPx: { called: "height", said: plain },
  framesPerSecond: { called: "frames a second", said: plain },
  frameRateShare: {
    called: "frame rate",
    said: (share) => `${Number(share) * 100} % of its input`,
  },
  gopFrames: { called: "frames between keyframes", said: plain },
  h264Profile: { called: "H.264 profile", said: plain },
};
const settingNames = Object.keys(names) as SettingName[];

/** Of the settings that both tell, those that differ. */
export function driftBetween(wanted: EncoderSettings, actual: EncoderSettings): Drift[] {
  return settingNames.flatMap((setting) => {
    const [want, is] = [wanted[setting], actual[setting]];
    const differs = want !== undefined && is !== undefined && want !== is;
    return differs ? [{ setting, wanted: want, actual: is }] : [];
  });
}

/** What says the same in other words, or is the input's: of those one is enough. */
const alike: readonly SettingName[][] = [
  ["framesPerSecond", "frameRateShare"],
  ["sizeOf", "widthPx", "heightPx"],
];

/** Settings that one of the two does not tell: in these they may differ, and nobody knows. */
export function notCompared(one: EncoderSettings, other: EncoderSettings): SettingName[] {
  const isTold = (name: SettingName) => one[name] !== undefined && other[name] !== undefined;
  return settingNames.filter(
    (name) => !isTold(name) && !alike.some((names) => names.includes(name) && names.some(isTold)),
  );
}

/** Those of `settings` that `other` tells, too. */
export function told(settings: EncoderSettings, other: EncoderSettings): EncoderSettings {
  return Object.fromEntries(
    Object.entries(settings).filter(([name]) => other[name as SettingName] !== undefined),
  );
}

export const driftSentence = (drift: readonly Drift[]): string =>
  drift
    .map(({ setting, wanted, actual }) => {
      const { called, said } = names[setting];
      return `${called} ${said(actual)} instead of ${said(wanted)}`;
    })
    .join(", ");

/** FNV-1a over the settings in a fixed order: the same on every host and in every version. */
export function settingsHash(settings: EncoderSettings): string {
  const text = settingNames
    .flatMap((name) => (settings[name] === undefined ? [] : `${name}=${settings[name]}`))
    .join(";");
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
