/** What a stream's picture and sound are seen to be, and whether its understudy shows the same. */
import { h } from "./dom.ts";
import type { StreamItem } from "./items.ts";
import { lengthOf, type Tone, word } from "./words.ts";

type Content = NonNullable<StreamItem["content"]>;
type EncoderName = (id: string) => string;

export const faultWords: Record<string, string> = {
  black: "black",
  frozen: "stands still",
  silent: "no sound",
  loudness: "too loud or too quiet",
};

/** Of each place one line: what is wrong there, or that it is seen, or that nobody can tell. */
export function pictureLines(
  content: Content,
  nowMs: number,
  encoderName: EncoderName,
): HTMLElement[] {
  return content.views.map(({ of, picture, sound, faults, figures }) => {
    const where = of === "farEnd" ? "at the far end" : encoderName(of);
    const wrong = faults.map(({ fault, does, since }) =>
      word(
        does === "act" ? "critical" : "warning",
        `${faultWords[fault] ?? fault} for ${lengthOf(nowMs - Date.parse(since ?? ""))}`,
      ),
    );
    const lufs = figures?.shortTermLufs;
    const [tone, text] = known(picture === "seen", sound !== "unknown");
    return h(
      "div",
      {},
      h("span", { class: "muted" }, `${where}: `),
      ...(wrong.length > 0 ? wrong : [word(tone, text)]),
      ...(lufs ? [h("span", { class: "muted" }, loudnessOf(lufs, nowMs))] : []),
    );
  });
}

const loudnessOf = ({ value, at }: { value: number; at: string | null }, nowMs: number) =>
  `, ${value.toFixed(1)} LUFS${at === null ? "" : ` (${lengthOf(nowMs - Date.parse(at))} ago)`}`;

function known(picture: boolean, sound: boolean): [Tone, string] {
  if (picture && sound) return ["good", "picture and sound"];
  if (picture) return ["good", "picture, sound not known"];
  return sound ? ["unknown", "sound, picture not known"] : ["unknown", "not known"];
}

/** Of the encoder on air with its source. Nothing before the first time. */
export function qualityLine({ quality }: Content, nowMs: number, encoderName: EncoderName) {
  if (!quality) return null;
  const { encoder, figures, because, lowBeganAt } = quality;
  const { ssim, psnrDb } = figures;
  if (encoder === null || !ssim || !psnrDb)
    return h("div", { class: "muted" }, `not available: ${because ?? "it was not measured"}`);
  const low =
    lowBeganAt == null ? null : `loses too much for ${lengthOf(nowMs - Date.parse(lowBeganAt))}`;
  const age = ssim.at === null ? "" : ` (${lengthOf(nowMs - Date.parse(ssim.at))} ago)`;
  return h(
    "div",
    {},
    h("span", { class: "muted" }, `${encoderName(encoder)}: `),
    ...(low === null ? [] : [word("warning", low), " "]),
    `SSIM ${ssim.value.toFixed(3)}, PSNR ${psnrDb.value.toFixed(1)} dB${age}`,
  );
}

/** Nothing before the first comparison. */
export function comparisonLine(content: Content, nowMs: number, encoderName: EncoderName) {
  const { comparison } = content;
  if (comparison === null) return null;
  const { carrier, with: other, because, at } = comparison;
  const [tone, text] = comparisonWords[comparison.word] ?? ["unknown", comparison.word];
  const age = at === null ? "" : `, ${lengthOf(nowMs - Date.parse(at))} ago`;
  return h(
    "div",
    {},
    word(tone, `${encoderName(carrier)} and ${encoderName(other)} ${text}`),
    " ",
    h("span", { class: "muted" }, `(${because}${age})`),
  );
}

const comparisonWords: Record<string, [Tone, string]> = {
  same: ["good", "show the same programme"],
  different: ["critical", "show different programmes: no takeover for a bad picture"],
  cannotTell: ["unknown", "cannot be compared"],
};
