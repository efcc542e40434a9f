/** Words, shapes and colours. Colour never stands alone. */
import { h } from "./dom.ts";

export type Tone = "good" | "warning" | "critical" | "offline" | "unknown";
export const shapes: Record<Tone, string> = {
  good: "●",
  warning: "▲",
  critical: "■",
  offline: "◇",
  unknown: "?",
};

export function word(tone: Tone, text: string, more = ""): HTMLElement {
  // A no-break space: a shape at the end of a line would belong to nothing.
  const shape = h("span", { "aria-hidden": "true" }, `${shapes[tone]}\u00a0`);
  return h("span", { class: `word ${tone} ${more}`.trim() }, shape, text);
}

/** @param misses the programme is known not to be what is on air */
export function carriage(
  of: string | undefined,
  misses = false,
  isOnSlate = false,
): [Tone, string] {
  if (of === "onAir" && isOnSlate) return ["critical", "ON AIR WITH THE SLATE"];
  if (of === "onAir" && misses) return ["critical", "ON AIR, NOT THE PROGRAMME"];
  if (of === "onAir") return ["good", "ON AIR"];
  if (of === "offAir") return ["critical", "OFF AIR"];
  if (of === "notExpected") return ["offline", "NOT EXPECTED"];
  return ["unknown", "NOT KNOWN"];
}

const tones: Record<string, Tone> = {
  ...{ carried: "good", reachable: "good", normal: "good", streaming: "good", publishing: "good" },
  ...{ inService: "good", ready: "good", ok: "good", recovered: "good", tookOver: "good" },
  ...{ synchronised: "good", agrees: "good" },
  ...{ restarted: "good", idle: "offline", stopped: "offline", unreachable: "critical" },
  ...{ needsHuman: "critical", waitingForFence: "critical", failing: "critical", lost: "critical" },
  ...{ protected: "critical", refusing: "critical", quarantined: "critical", none: "critical" },
  ...{
    hot: "critical",
    healthy: "good",
    full: "critical",
    missing: "critical",
    retired: "offline",
  },
  ...{ unknown: "unknown", maintenance: "offline", quiet: "offline", aborted: "offline" },
};

/** A machine's word as people read it: `waitingForFence` → "waiting for fence". */
export function state(machineWord: string | undefined): HTMLElement {
  if (machineWord === undefined) return h("span", { class: "muted" }, "not available");
  return word(toneOf(machineWord), plain(machineWord));
}

export function toneOf(machineWord: string): Tone {
  return tones[machineWord] ?? (machineWord === "good" ? "good" : "warning");
}

export function plain(machineWord: string): string {
  return machineWord.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}

/** 4.2 s · 3 min 20 s · 2 h 5 min · 7 d 17 h */
export function lengthOf(ms: number): string {
  const s = Math.max(0, ms) / 1_000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  if (s >= 48 * 3_600) return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h`;
  return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`;
}

/** 14:03:07.2, and the day before it when that is another one. */
export function clock(iso: string | null | undefined): string {
  if (iso === null || iso === undefined) return "not known";
  const at = new Date(iso);
  const two = (n: number) => String(n).padStart(2, "0");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  const isToday = at.toDateString() === new Date().toDateString();
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(two).join("-");
  return `${isToday ? "" : `${day} `}${time}.${Math.floor(at.getMilliseconds() / 100)}`;
}
