/**
 * The live page. It asks REST for the whole board, at once when the socket says that something
 * changed and every second otherwise, so a lost socket costs a second and never the truth.
 */
import { io } from "socket.io-client";
import { apiKey, command, HubError, readBoard, rememberKey } from "./data.ts";
import { show } from "./dom.ts";
import { encoderCard, siteCard } from "./encoders.ts";
import { incidentCard } from "./incidents.ts";
import type { Board } from "./items.ts";
import { storageCard, tellsSomething } from "./storage.ts";
import { streamCard } from "./streams.ts";
import { labelOf, type List, type Talk } from "./talk.ts";
import { clock, lengthOf } from "./words.ts";

/** Data older than this is called stale, loudly. */
const staleAfterMs = 3_000;
const readEveryMs = 1_000;

let board: Board | undefined;
let readAtMs = 0;
let trouble = "";
let talk: Talk | undefined;
let reading = false;
let readAgain = false;

const part = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
};

async function read(): Promise<void> {
  if (reading) {
    readAgain = true;
    return;
  }
  reading = true;
  try {
    board = await readBoard();
    readAtMs = performance.now();
    trouble = "";
    part("key").hidden = true;
  } catch (error) {
    trouble = error instanceof Error ? error.message : "the hub did not answer";
    const stranger = error instanceof HubError && error.status === 401;
    part("key").hidden = !stranger;
    if (stranger) part("key-answer").textContent = apiKey() === null ? "" : trouble;
  } finally {
    reading = false;
  }
  draw();
  if (readAgain) {
    readAgain = false;
    setTimeout(() => void read(), 200);
  }
}

function draw(): void {
  const ageMs = performance.now() - readAtMs;
  const stale = board === undefined || ageMs > staleAfterMs;
  const lastRead = new Date(Date.now() - ageMs).toISOString();
  part("link").textContent =
    board === undefined
      ? trouble || "connecting …"
      : stale
        ? `STALE since ${clock(lastRead)}`
        : `live, ${ageMs < 1_500 ? "now" : lengthOf(ageMs)}`;
  const loud = part("stale");
  loud.hidden = board === undefined || !stale;
  if (!loud.hidden) {
    loud.textContent = `■ DATA IS STALE, ${lengthOf(ageMs)}: ${trouble || "the hub is silent"}`;
  }
  if (!board) return;
  const nowMs = Date.now() + board.clockOffsetMs;
  const { streams, encoders, storage, sites, incidents } = board;
  const current = board;
  show(
    part("stream-list"),
    streams.map((s) => streamCard(s, current, nowMs, stale, talk)),
  );
  show(
    part("encoder-list"),
    encoders.map((e) => encoderCard(e, nowMs, stale, talk)),
  );
  show(
    part("incident-list"),
    incidents.map((i) => incidentCard(i, nowMs, stale)),
  );
  show(
    part("storage-list"),
    storage.filter(tellsSomething).map((s) => storageCard(s, nowMs, stale)),
  );
  show(
    part("site-list"),
    sites.map((s) => siteCard(s, nowMs, stale)),
  );
}

async function ask(asked: Talk): Promise<void> {
  const label = labelOf(asked.list, asked.verb) ?? asked.verb;
  talk = { ...asked, step: "asking", answer: `${label}: waiting for the site …` };
  draw();
  let answer: string;
  try {
    const { status, code, message } = await command(asked.list, asked.ref, asked.verb);
    answer = `${status}${code == null ? "" : ` (${code})`}: ${message ?? "the site has it"}`;
  } catch (error) {
    answer = `refused: ${error instanceof Error ? error.message : "the hub did not answer"}`;
  }
  talk = { ...asked, step: "answered", answer: `${label}: ${answer}` };
  void read();
}

function listen(list: List, cards: HTMLElement): void {
  cards.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-do]");
    const { ref, do: what } = button?.dataset ?? {};
    if (ref === undefined || what === undefined) return;
    if (labelOf(list, what) !== undefined) {
      talk = { list, ref, verb: what, step: "sure?", answer: "" };
    } else if (what === "sure" && talk) return void ask(talk);
    else talk = undefined;
    draw();
    // The safe choice gets the focus; back again, the button that was pressed.
    const next = talk ? `[data-do="no"]` : "";
    cards.querySelector<HTMLElement>(`button[data-ref="${ref}"]${next}`)?.focus();
  });
}
listen("streams", part("stream-list"));
listen("encoders", part("encoder-list"));

part("key").addEventListener("submit", (event) => {
  event.preventDefault();
  rememberKey((part("api-key") as HTMLInputElement).value.trim());
  void read();
  socket.disconnect().connect();
});

const socket = io({
  auth: (give) => give({ token: apiKey() ?? undefined }),
  reconnectionDelayMax: 5_000,
});
socket.on("connect", () => socket.emit("subscribe", { board: true }));
socket.onAny(() => void read());

setInterval(draw, 250);
setInterval(() => void read(), readEveryMs);
void read();
