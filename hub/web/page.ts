/**
 * The live page. It asks REST for the whole board, at once when the socket says that something
 * changed and every second otherwise, so a lost socket costs a second and never the truth.
 */
import { io } from "socket.io-client";
import { HubError } from "../client/client.ts";
import { listen } from "./actions.ts";
import { readBoard, readThumbnails } from "./data.ts";
import { h, show } from "./dom.ts";
import { encoderBox } from "./encoders.ts";
import { openEntrance } from "./entrance.ts";
import { incidentCard } from "./incidents.ts";
import type { Board } from "./items.ts";
import { token, whoIsHere } from "./login.ts";
import { openMosaic } from "./mosaic.ts";
import type { Now } from "./now.ts";
import { encoderRank, inOrder, storageRank, streamRank } from "./order.ts";
import { siteCard } from "./sites.ts";
import { storageBox, tellsSomething } from "./storage.ts";
import { streamCard } from "./streams.ts";
import { clock, lengthOf } from "./words.ts";

/** Data older than this is called stale, loudly. */
const staleAfterMs = 3_000;
const readEveryMs = 1_000;
/** Between two readings, however often something changes. */
const restMs = 200;
/** Ages go on also when nothing is read; more often would only cost a phone its battery. */
const drawEveryMs = 1_000;

let board: Board | undefined;
let drawn = { atMs: 0, stale: false };
let readAtMs = 0;
let trouble = "";
let reading = false;
let beganAtMs = -Infinity;
/** Of what the socket has said. */
let ringing: ReturnType<typeof setTimeout> | undefined;
let readAgain = false;
/** Nobody is logged in: there is nothing to ask for. */
let isOut = false;

const part = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
};

async function read(): Promise<void> {
  if (document.hidden || isOut) return;
  if (reading) {
    readAgain = true;
    return;
  }
  reading = true;
  beganAtMs = performance.now();
  const cameWith = token();
  try {
    board = await readBoard();
    readAtMs = performance.now();
    trouble = "";
    entrance.shut();
  } catch (error) {
    trouble = error instanceof Error ? error.message : "the hub did not answer";
    const stranger = error instanceof HubError && error.status === 401;
    // Somebody may have come in meanwhile.
    isOut = stranger && token() === cameWith;
    if (stranger) {
      // What somebody else saw here is not for whoever comes next.
      board = undefined;
      entrance.open(trouble);
      trouble = "log in to see your sites";
    }
  } finally {
    reading = false;
  }
  draw();
  if (readAgain) {
    readAgain = false;
    setTimeout(() => void read(), restMs);
  }
}

/** @param isDue whether the lists are to be drawn though nothing may have changed */
function draw(isDue = true): void {
  if (document.hidden) return;
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
  const who = whoIsHere();
  part("who").textContent = who ?? "";
  part("log-out").hidden = who === undefined || board === undefined;
  const nowMs = performance.now();
  if (!board || (!isDue && stale === drawn.stale && nowMs - drawn.atMs < drawEveryMs)) return;
  drawn = { atMs: nowMs, stale };
  drawBoard(board, stale);
}

function drawBoard(board: Board, stale: boolean): void {
  const { talk, plan, isOpen } = doing;
  const nowMs = Date.now() + board.clockOffsetMs;
  const now: Now = { board, nowMs, stale, talk, plan, isOpen };
  const streams = ordered("stream-list", board.streams, streamRank);
  const storage = board.storage.filter(tellsSomething);
  const encoders = ordered("encoder-list", board.encoders, encoderRank);
  fill(
    "stream-list",
    streams.map((s) => streamCard(s, now)),
  );
  fill(
    "encoder-list",
    encoders.map((e) => encoderBox(e, now)),
  );
  fill(
    "incident-list",
    board.incidents.map((i) => incidentCard(i, nowMs, stale)),
  );
  fill(
    "storage-list",
    ordered("storage-list", storage, storageRank).map((s) => storageBox(s, now)),
  );
  fill(
    "site-list",
    board.sites.map((s) => siteCard(s, now)),
  );
}

function fill(list: string, cards: HTMLElement[]): void {
  show(part(list), cards.length > 0 ? cards : [h("p", { class: "muted" }, "None.")]);
}

/** Of each list, the order on the page. */
const orders = new Map<string, string[]>();
function ordered<T extends { ref: string }>(list: string, items: T[], rankOf: (item: T) => number) {
  const keep = doing.isBusy() ? orders.get(list) : undefined;
  const wanted = inOrder(items, rankOf, keep);
  orders.set(
    list,
    wanted.map(({ ref }) => ref),
  );
  return wanted;
}

const doing = listen(document.querySelector("main") ?? document.body, {
  draw: () => draw(),
  read: () => void read(),
  stream: (ref) => board?.streams.find((stream) => stream.ref === ref),
});

/** Somebody else is here now: what is shown and heard from now on is theirs. */
function changed(): void {
  isOut = false;
  otherEyes();
  void read();
  socket.disconnect().connect();
}
const entrance = openEntrance(part, changed);
const otherEyes = openMosaic(part("mosaic"), part("picture-list"), () =>
  isOut ? Promise.resolve([]) : readThumbnails(),
);
show(
  part("zones"),
  Intl.supportedValuesOf("timeZone").map((value) => h("option", { value })),
);

const socket = io({
  auth: (give) => give({ token: token() }),
  reconnectionDelayMax: 5_000,
});
socket.on("connect", () => socket.emit("subscribe", { board: true }));
socket.onAny(() => (ringing ??= setTimeout(rung, beganAtMs + restMs - performance.now())));
function rung(): void {
  ringing = undefined;
  void read();
}

document.addEventListener("visibilitychange", () => {
  draw();
  void read();
});
setInterval(() => draw(false), 250);
setInterval(() => void read(), readEveryMs);
void read();
