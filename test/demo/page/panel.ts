/** The demo's panel: what the far end gets, and buttons that break things. */
import Hls from "hls.js";
import { h, show } from "../../../hub/web/dom.ts";
import type { FaultItem } from "../faults.ts";

type StreamItem = {
  id: string;
  name: string;
  encoders: string[];
  onAir: string | null;
  hls: string;
};

const readEveryMs = 1_000;
/** Segments are 1 s long and two are kept in hand. */
const standsAfterMs = 700;
const retryMs = 1_000;

const panel = document.getElementById("picture");
if (!panel) throw new Error("the page has no #picture");
const answer = h("p", { class: "answer muted", role: "status" }, "Break something and watch.");
const siteButtons = h("div", { class: "breakers" });
const screens = new Map<string, Screen>();

type Screen = { video: HTMLVideoElement; still: HTMLElement; by: HTMLElement; buttons: Element };

function screen({ id, name, hls }: StreamItem): Screen {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  video.setAttribute("aria-label", `What the far end gets of ${name}`);
  video.dataset["stream"] = id;
  const [still, by] = [h("span"), h("span")];
  const buttons = h("div", { class: "breakers", role: "group", "aria-label": `Break ${name}` });
  panel!.insertBefore(
    h("article", { class: "screen" }, video, h("p", {}, h("strong", {}, name), by, still), buttons),
    footer,
  );
  play(video, hls);
  watch(video, still);
  return { video, still, by, buttons };
}

function play(video: HTMLVideoElement, url: string): void {
  if (!Hls.isSupported()) {
    video.src = url;
    return;
  }
  const player = new Hls({ liveSyncDurationCount: 2, liveMaxLatencyDurationCount: 5 });
  player.on(Hls.Events.ERROR, (_, { fatal, type }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR) return player.recoverMediaError();
    setTimeout(() => player.loadSource(url), retryMs);
  });
  player.attachMedia(video);
  player.loadSource(url);
}

/** The only judge of a picture is whether it moves. */
function watch(video: HTMLVideoElement, still: HTMLElement): void {
  let position = 0;
  let movedAtMs = performance.now();
  let gap = "";
  setInterval(() => {
    const nowMs = performance.now();
    if (video.currentTime !== position) {
      const gapMs = nowMs - movedAtMs;
      if (position > 0 && gapMs > standsAfterMs) gap = `, stood ${(gapMs / 1_000).toFixed(1)} s`;
      position = video.currentTime;
      movedAtMs = nowMs;
    } else if (video.paused) {
      // Only fails where autoplay is forbidden; then the picture says so by standing still.
      video.play().catch(() => undefined);
    }
    const stillMs = nowMs - movedAtMs;
    const stands = stillMs > standsAfterMs;
    still.className = `word ${stands ? "critical" : "good"}`;
    still.textContent = stands ? `■ stands, ${(stillMs / 1_000).toFixed(1)} s` : `● moves${gap}`;
  }, 200);
}

async function read<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init);
  const body = (await response.json()) as T & { detail?: string };
  if (!response.ok) throw new Error(body.detail ?? `the demo answered ${response.status}`);
  return body;
}

function faultButton(fault: FaultItem, target: string, nameIt: boolean): HTMLElement {
  const isOn = fault.active.some((one) => one.target === target);
  const name = nameIt ? `${fault.title}: ${target}` : fault.title;
  return h(
    "button",
    {
      type: "button",
      title: fault.what,
      "data-key": `${fault.name} ${target}`,
      "data-fault": fault.name,
      "data-target": target,
      "aria-pressed": String(isOn),
    },
    name,
  );
}

const heal = h(
  "span",
  { class: "breakers" },
  h("button", { type: "button", class: "heal", "data-fault": "heal" }, "Heal all"),
);
const footer = h("div", {}, siteButtons, answer);
panel.append(h("h2", {}, "What the far end gets", heal), footer);

async function refresh(): Promise<void> {
  const [{ streams }, { faults }] = await Promise.all([
    read<{ streams: StreamItem[] }>("/demo/streams"),
    read<{ faults: FaultItem[] }>("/demo/faults"),
  ]);
  for (const stream of streams) {
    const known = screens.get(stream.id) ?? screen(stream);
    screens.set(stream.id, known);
    known.by.textContent = `from ${stream.onAir ?? "nobody"}`;
    const onAir = stream.onAir ?? stream.encoders[0] ?? "";
    const own = faults.flatMap((fault) => {
      if (fault.targets.includes(stream.id)) return [faultButton(fault, stream.id, false)];
      // One button for whoever is on air, and one for each that is broken already.
      const hit = stream.encoders.filter(
        (id) => fault.targets.includes(id) && id !== onAir && isActive(fault, id),
      );
      const now = fault.targets.includes(onAir) ? [onAir] : [];
      return [...now, ...hit].map((id) => faultButton(fault, id, id !== onAir));
    });
    show(known.buttons, own);
  }
  const site = faults.filter(({ targets }) => targets.length === 1);
  show(
    siteButtons,
    site.map((fault) => faultButton(fault, fault.target, false)),
  );
}
const isActive = (fault: FaultItem, id: string) => fault.active.some(({ target }) => target === id);

panel.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLButtonElement>("button[data-fault]");
  const { fault, target } = button?.dataset ?? {};
  if (fault === undefined) return;
  const what = button?.title ?? "";
  answer.textContent = `${button?.textContent ?? fault} …`;
  read(`/demo/faults/${fault}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(target === undefined ? {} : { target }),
  })
    .then(() => (fault === "heal" ? "Every fault has been undone." : `${target}: ${what}`))
    .catch((error: unknown) => (error instanceof Error ? error.message : "no answer"))
    .then((text) => {
      answer.textContent = text;
      return refresh();
    })
    .catch(() => undefined);
});

// While hub or demo are away the last state stays; the pictures say what is true.
const again = () => void refresh().catch(() => undefined);
setInterval(again, readEveryMs);
again();
