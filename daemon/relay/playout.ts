import type {
  RelayOrders,
  RelayReason,
  RelayReport,
} from "../../machines/stream/relay-protocol.ts";
import type { ElementaryStream, Frame, Ticks } from "./frame.ts";
import { ticksPerMs } from "./frame.ts";
import type { Gop, Sound } from "./gop-store.ts";
import { doubtMs, type InputLine } from "./input-line.ts";
import { OutputClock, type ClockState } from "./output-clock.ts";
import { Pacer } from "./pacer.ts";
import { PassingPictures } from "./passing-pictures.ts";
import type { SpliceLine } from "./splice-line.ts";
import { type OutFrame, type Progress, Restamp } from "./restamp.ts";
import { type Candidate, chooseNext } from "./selection.ts";
import type { Slate } from "./slate.ts";
import type { Timeline } from "./timeline.ts";
import { movedBy } from "../../machines/stream/scte35.ts";
import { wrapTicks } from "./ts/clock-33.ts";

export type Mode =
  /** Whole GOPs only: encoders on their source's clock with the same GOPs lose and double nothing. */
  | { kind: "gop-atomic"; marginMs: number }
  /** Held until another's keyframe has come: encoders with clocks and GOPs of their own. */
  | { kind: "delay-line"; marginMs: number }
  /** Held by nothing. `sourceClocked`: the encoders are on their source's clock, with the same GOPs. */
  | { kind: "next-keyframe"; sourceClocked?: boolean };

export type PlayoutState = {
  orders: Omit<RelayOrders, "type">;
  selected: string | null;
  clock: ClockState | null;
  /** See {@link Pacer}. */
  baseMs: number | null;
  /** What has not been sent came at most so long ago, ms. */
  behindMs?: number | undefined;
};

/** Frames that are due within this leave together, so that the process wakes up less often, ms. */
const togetherMs = 4;
/** While nothing can be chosen, which input and time may change, ms. */
const lookAgainMs = 10;
/** What is kept beyond hold and one GOP of encoders whose GOPs are compared, ms. */
const spareMs = 1_000;
/** So long it takes until the least delay of an encoder was seen, ms. */
const settledMs = 5_000;
/** For how long the very first GOP is waited for where there is a slate, ms. */
const firstGopMs = 5_000;
/** For how long an output that stands still is waited for, ms. */
const mostLateMs = 10_000;

/** It does not keep up, or something of what is still to go out is damaged. */
const isPoor = ({ isLate, store }: InputLine) =>
  isLate || store.gops.some(({ damaged }) => damaged);

const isFine = (line: InputLine, nowMs: number) =>
  line.isLive(nowMs) && !isPoor(line) && !line.isDoubtful(nowMs);

type Run = { line: InputLine; gop: Gop; shift: Ticks; index: number };

/** Chooses what goes out, restamps it and says when it leaves. It alone selects. */
export class Playout {
  readonly #lines: Map<string, InputLine>;
  readonly #mode: Mode;
  /** The same picture has the same time, whoever brings it. */
  readonly #sourceClocked: boolean;
  readonly #watchdogMs: number;
  readonly #splices: SpliceLine | undefined;
  #slate: Slate | undefined;
  /** While another one is on air. */
  #nextSlate: Slate | undefined;
  readonly #changed: () => void;
  readonly #clock: OutputClock;
  readonly #pacer: Pacer;
  readonly #restamp: Restamp;
  #orders: Omit<RelayOrders, "type">;
  #run: Run | undefined;
  #selected: string | undefined;
  #wanted: string | undefined;
  #reason: RelayReason = "noInput";
  #startedMs: number | undefined;
  #tickedMs = -Infinity;
  /** Nothing can be sent before something comes. */
  waitsForInput = true;
  switches = 0;
  missingMs = 0;
  /** How long the slate was shown, ms; not yet counted while it is. */
  slateMs = 0;
  #slateFrom: Ticks = 0;
  /** Of who carries, with the times that they came with. */
  readonly #passing = new PassingPictures();

  constructor(p: {
    lines: InputLine[];
    mode: Mode;
    watchdogMs: number;
    slate?: Slate | undefined;
    /** Goes beside whoever carries, and beside the slate. */
    splices?: SpliceLine | undefined;
    orders: Omit<RelayOrders, "type">;
    /** What an earlier process has sent and known. */
    resume?: { state: PlayoutState; progress: Progress };
    send: (frame: OutFrame, streams: ElementaryStream[]) => void;
    /** Another input carries now, or none. */
    changed: () => void;
  }) {
    this.#lines = new Map(p.lines.map((line) => [line.id, line]));
    this.#mode = p.mode;
    this.#sourceClocked =
      p.mode.kind === "gop-atomic" ||
      (p.mode.kind === "next-keyframe" && p.mode.sourceClocked === true);
    this.#watchdogMs = p.watchdogMs;
    this.#slate = p.slate;
    this.#splices = p.splices;
    this.#changed = p.changed;
    this.#orders = p.resume?.state.orders ?? p.orders;
    this.#selected = p.resume?.state.selected ?? undefined;
    this.#wanted = p.resume ? undefined : (p.orders.preferred ?? undefined);
    this.#clock = new OutputClock(this.#sourceClocked, p.resume?.state.clock ?? undefined);
    this.#pacer = new Pacer(p.resume?.state.baseMs ?? undefined);
    this.#restamp = new Restamp({
      clock: this.#clock,
      progress: p.resume?.progress,
      watchdogMs: p.watchdogMs,
      send: p.send,
    });
  }

  get orders(): Omit<RelayOrders, "type"> {
    return this.#orders;
  }

  get reason(): RelayReason {
    return this.#reason;
  }

  state(): PlayoutState {
    const selected = this.#selected ?? null;
    const clock = this.#clock.state() ?? null;
    const baseMs = this.#pacer.baseMs ?? null;
    return { orders: this.#orders, selected, clock, baseMs, behindMs: this.#behindMs() };
  }

  /** Who carries; undefined while nobody brings anything. */
  get carrier(): string | undefined {
    return this.#reason === "noInput" ? undefined : this.#selected;
  }

  get onSlate(): boolean {
    return this.#run !== undefined && this.#run.line === this.#slate?.line;
  }

  /** Of what is handed to the outputs. */
  get sent(): NonNullable<RelayReport["sent"]> | null {
    const { clock } = this.#passing;
    return clock && this.#selected !== undefined ? { input: this.#selected, ...clock } : null;
  }

  get hasSlate(): boolean {
    return this.#slate !== undefined;
  }

  /** From now on; where one is on air, when that is through. */
  show(slate: Slate): void {
    if (this.onSlate) this.#nextSlate = slate;
    else [this.#slate, this.#nextSlate] = [slate, undefined];
  }

  /** @returns why they are not followed */
  order(orders: Omit<RelayOrders, "type">): "older" | "unknownInput" | undefined {
    const { generation, eligible, preferred } = orders;
    if (generation < this.#orders.generation) return "older";
    const named = preferred === null ? eligible : [...eligible, preferred];
    if (named.some((id) => !this.#lines.has(id))) return "unknownInput";
    if (generation > this.#orders.generation && preferred !== this.#selected) {
      this.#wanted = preferred ?? undefined;
    }
    this.#orders = orders;
    return undefined;
  }

  /** Sends what is due. @returns when to look again, ms */
  tick(nowMs: number): number {
    if (this.#startedMs === undefined) {
      this.#startedMs = nowMs;
      this.#goOn();
    }
    this.#tickedMs = nowMs;
    for (;;) {
      const chosen = this.#isRunOver(nowMs) ? this.#choose(nowMs) : undefined;
      if (chosen && chosen.dueMs > nowMs + togetherMs) return chosen.dueMs;
      if (chosen) this.#begin(chosen, nowMs);
      const run = this.#run;
      const frame = run?.gop.frames[run.index];
      if (run === undefined || frame === undefined || (!chosen && this.#isCut(run, frame, nowMs))) {
        this.#judgeSilence(nowMs);
        if (this.#beginSlate(nowMs)) continue;
        this.waitsForInput = true;
        return nowMs + lookAgainMs;
      }
      this.waitsForInput = false;
      const dueMs = this.#pacer.dueMs(frame.dts + run.shift);
      if (dueMs > nowMs + togetherMs) return dueMs;
      this.#sounds(run, frame.dts + run.shift);
      const streams = this.#told(run.line.streams, nowMs);
      this.#splice(frame.dts + run.shift, streams, nowMs);
      this.#restamp.picture(frame, run.shift, streams);
      this.#pacer.sent(frame.dts + run.shift, nowMs);
      if (!this.onSlate) this.#passing.picture(frame.pts, run.gop.timeline, nowMs);
      run.index++;
    }
  }

  /** In the middle of the GOP that an earlier process was sending, where it is still there. */
  #goOn(): void {
    const { dts } = this.#restamp.last;
    const clock = this.#clock.state();
    const line = this.#lines.get(this.#selected ?? "");
    if (line === undefined || clock === undefined || dts === null) return;
    for (const gop of line.store.gops) {
      // That process may have counted times over more wraps of the 33 bits.
      const apart = dts - clock.shift - gop.frames[0]!.dts;
      const shift = clock.shift + Math.round(apart / wrapTicks) * wrapTicks;
      const sent = gop.frames.findIndex((frame) => frame.dts + shift === dts);
      if (sent === -1) continue;
      this.#clock.goOn(gop.timeline, shift);
      this.#run = { line, gop, shift, index: sent + 1 };
      this.#reason = "start";
      return;
    }
  }

  #isRunOver(nowMs: number): boolean {
    const next = this.#run?.gop.frames[this.#run.index];
    return next === undefined || this.#isCut(this.#run!, next, nowMs);
  }

  /**
   * Between GOPs of unlike encoders the carrier that is given up plays up to the other's keyframe;
   * the slate plays up to anybody's.
   */
  #isCut(run: Run, next: Frame, nowMs: number): boolean {
    if (this.onSlate) return this.#choose(nowMs) !== undefined;
    if (this.#mode.kind === "gop-atomic" || !this.#givesWay(run.line.id, nowMs)) return false;
    const others = this.#candidates(nowMs).filter(({ input }) => input !== run.line.id);
    return others.some(
      ({ startPts }) => next.pts + run.shift >= startPts - this.#restamp.halfPicture,
    );
  }

  #isGivenUp(id: string, nowMs: number): boolean {
    const asked = this.#asked(nowMs);
    const wanted = asked !== undefined && asked !== id;
    const line = this.#lines.get(id)!;
    if (wanted || !this.#orders.eligible.includes(id) || !line.isLive(nowMs)) return true;
    if (this.#hasJumped(line)) return true;
    const isPoorly = isPoor(line) || this.#hasSentDoubtful(line, nowMs);
    return isPoorly && this.#eligible().some((it) => it !== line && isFine(it, nowMs));
  }

  /** What is not held is sent before damage near it is seen. */
  #hasSentDoubtful(line: InputLine, nowMs: number): boolean {
    return this.#mode.kind === "next-keyframe" && line.isDoubtful(nowMs);
  }

  /** Who is wished for; where arrival tells which pictures are the same, not before it does well. */
  #asked(nowMs: number): string | undefined {
    const { timeline } = this.#lines.get(this.#wanted ?? "") ?? {};
    const isKnown = timeline !== undefined && nowMs - timeline.bornMs >= settledMs;
    return this.#sourceClocked || isKnown ? this.#wanted : undefined;
  }

  /** It is given up, and not all others are as well: then it plays what it has. */
  #givesWay(id: string, nowMs: number): boolean {
    if (!this.#isGivenUp(id, nowMs)) return false;
    return this.#eligible().some((line) => line.id !== id && line.isLive(nowMs));
  }

  /** What it brings now does not follow on what goes out of it: up to its next keyframe it is a hole. */
  #hasJumped(line: InputLine): boolean {
    const { gop } = this.#run ?? {};
    return this.#run?.line === line && line.timeline !== gop?.timeline;
  }

  #choose(nowMs: number): Candidate | undefined {
    const candidates = this.#candidates(nowMs);
    const { onSlate } = this;
    const selected = onSlate ? undefined : this.#selected;
    const wholeGops = this.#mode.kind === "gop-atomic";
    if (candidates.length === 0) return this.#chooseAnew(nowMs);
    const chosen = chooseNext(candidates, {
      ...{ wholeGops, selected, wanted: this.#asked(nowMs), nowMs, ranks: this.#rank },
      mayTakeOver: wholeGops || selected === undefined || this.#isGivenUp(selected, nowMs),
      patienceMs: this.#isAnyLive(nowMs) ? this.#watchdogMs : 0,
      toleranceTicks: this.#restamp.halfPicture,
    });
    return onSlate ? this.#reached(chosen) : chosen;
  }

  /** The slate plays up to it. */
  #reached(chosen: Candidate | undefined): Candidate | undefined {
    const latest = this.#nextDts()! + this.#restamp.halfPicture;
    return chosen && chosen.startPts <= latest ? chosen : undefined;
  }

  readonly #rank = (id: string): number => {
    // Of what it has left, nobody knows how much will come.
    if (this.#mode.kind !== "gop-atomic" && id === this.#selected && this.#lines.has(id)) {
      if (this.#givesWay(id, this.#tickedMs)) return Infinity;
    }
    const first = [this.#wanted, this.#selected, this.#orders.preferred].indexOf(id);
    return first === -1 ? 3 + this.#orders.eligible.indexOf(id) : first;
  };

  #eligible(): InputLine[] {
    return this.#orders.eligible.flatMap((id) => this.#lines.get(id) ?? []);
  }

  #candidates(nowMs: number): Candidate[] {
    const after = (this.#restamp.last.pts ?? -Infinity) + this.#restamp.halfPicture;
    const eligible = this.#eligible();
    const found = eligible.flatMap((line) => this.#firstAfter(after, line, nowMs));
    // Who may not carry any more still plays up to the keyframe of who may.
    const carrier = this.#lines.get(this.#selected ?? "");
    const playsOn = this.#mode.kind !== "gop-atomic" && found.length > 0 && carrier;
    if (!playsOn || eligible.includes(carrier)) return found;
    return [...found, ...this.#firstAfter(after, carrier, nowMs)];
  }

  #firstAfter(after: Ticks, line: InputLine, nowMs: number): Candidate[] {
    this.#recognise(line);
    let again: Candidate | undefined;
    for (const gop of line.store.gops) {
      const shift = this.#clock.shiftOf(gop.timeline);
      const [key] = gop.frames;
      if (shift === undefined || key === undefined || key.damaged) continue;
      if (key.pts + shift > after) return [this.#candidate(line, gop, shift, nowMs)];
      if (this.#goesBackTo(line, gop, nowMs)) again = this.#candidate(line, gop, shift, nowMs);
    }
    return again ? [again] : [];
  }

  /**
   * Damage is seen only after some of it was sent, and by then its next keyframe may be more than a
   * GOP after that. Where the last one is nearer, all from there on goes out again, whole.
   */
  #goesBackTo(line: InputLine, gop: Gop, nowMs: number): boolean {
    const carrier = this.#lines.get(this.#selected ?? "");
    if (!carrier || carrier === line || !this.#hasSentDoubtful(carrier, nowMs)) return false;
    const nearMs = Math.min(doubtMs, (line.store.longestGopMs ?? 0) / 2);
    return nowMs - gop.arrivedMs <= nearMs && isFine(line, nowMs);
  }

  /**
   * Damage also hits the times by which it is known how late an encoder is, and then its arrival does
   * not tell that it is right again. Encoders of one source put their keyframes on the same pictures.
   */
  #recognise(line: InputLine): void {
    const newest = line.store.gops.at(-1)?.timeline;
    if (newest === undefined || !this.#sourceClocked) return;
    const isKnown = this.#clock.shiftOf(newest) !== undefined;
    for (const other of this.#lines.values()) {
      if (other !== line && this.#soundsAlike(line, other, newest) && !isKnown) {
        const own = line.store.gops.filter((gop) => gop.timeline === newest && !gop.damaged);
        const keys = ({ timeline, frames }: Gop) => ({ timeline, pts: frames[0]!.pts });
        if (this.#clock.prove(newest, own.slice(-2).map(keys), other.store.keys)) return;
      }
    }
  }

  /** The sound too may be on times of its own after damage; it is compared where both have it. */
  #soundsAlike(line: InputLine, other: InputLine, pictures: Timeline): boolean {
    const time = ({ timeline, frame }: Sound) => ({ timeline, pts: frame.pts });
    return line.store.sounds.every((sounds, track) => {
      const timeline = sounds?.at(-1)?.timeline;
      if (timeline === undefined || timeline === pictures) return true;
      if (this.#clock.shiftOf(timeline) !== undefined) return true;
      const own = sounds.slice(-20, -10).filter((sound) => sound.timeline === timeline);
      const known = (other.store.sounds[track] ?? []).map(time);
      return this.#clock.prove(timeline, own.slice(0, 3).map(time), known);
    });
  }

  #candidate(line: InputLine, gop: Gop, shift: Ticks, nowMs: number): Candidate {
    const [key] = gop.frames;
    return {
      input: line.id,
      gop,
      startPts: key!.pts + shift,
      endDts: gop.endDts === undefined ? undefined : gop.endDts + shift,
      dueMs: this.#pacer.dueMs(key!.dts + shift),
      doubtful: line.isDoubtful(gop.lastMs),
      growing: gop.endDts === undefined && gop === line.store.gops.at(-1) && line.isLive(nowMs),
    };
  }

  /** Nobody is on the output's clock any more, or there is none yet: the source began anew. */
  #chooseAnew(nowMs: number): Candidate | undefined {
    const sinceMs =
      this.#restamp.last.dts === null
        ? this.#startedMs!
        : this.#pacer.dueMs(this.#restamp.last.dts);
    // Until one is whole it is not known for how long to hold.
    const wholeGops = this.#mode.kind !== "next-keyframe";
    const live = this.#eligible()
      .filter((line) => line.isLive(nowMs))
      .sort((a, b) => this.#rank(a.id) - this.#rank(b.id));
    // Of what is not held the next keyframe has yet to come.
    const onClock = wholeGops ? [] : live.filter((line) => this.#isOnClock(line));
    const keyMs = Math.max(0, ...onClock.map(({ store }) => store.longestGopMs ?? 0));
    const isPatient = nowMs < sinceMs + this.#watchdogMs + keyMs;
    for (const line of live) {
      const newest = line.store.gops.at(-1)?.timeline;
      if (newest === undefined || this.#clock.shiftOf(newest) !== undefined) continue;
      const usable = line.store.gops.filter(
        ({ timeline, damaged, endDts }) =>
          timeline === newest && !damaged && (!wholeGops || endDts !== undefined),
      );
      const gop = usable.at(wholeGops ? 0 : -1);
      if (gop && this.onSlate) return this.#reached(this.#afterSlate(line, gop, nowMs));
      const first = this.#restamp.last.dts === null && this.#rank(line.id) === 0;
      if (gop && (first || !isPatient))
        return { ...this.#candidate(line, gop, 0, nowMs), dueMs: nowMs };
    }
    return undefined;
  }

  #isOnClock({ timeline }: InputLine): boolean {
    return timeline !== undefined && this.#clock.shiftOf(timeline) !== undefined;
  }

  /** Where the output is when this GOP has been held as long as any: until then the slate plays. */
  #afterSlate(line: InputLine, gop: Gop, nowMs: number): Candidate {
    const [key] = gop.frames;
    const dueMs = gop.timeline.offsetMs + key!.dts / ticksPerMs + this.#holdMs();
    const held = Math.round((dueMs - this.#pacer.baseMs!) * ticksPerMs);
    const wished = Math.max(held, this.#nextDts()!);
    return { ...this.#candidate(line, gop, wished - key!.dts, nowMs), wished };
  }

  /** @returns false while something else may be sent in time */
  #beginSlate(nowMs: number): boolean {
    if (this.#slate === undefined) return false;
    const next = this.#nextDts();
    const dueMs = next === undefined ? this.#startedMs! : this.#pacer.dueMs(next);
    if (!this.onSlate && nowMs < this.#slateFromMs(dueMs, nowMs)) return false;
    const from = next ?? Math.round(nowMs * ticksPerMs);
    const entered = !this.onSlate;
    this.#slate = this.#nextSlate ?? this.#slate;
    this.#nextSlate = undefined;
    const gop = this.#slate.pass(from, this.#restamp.last.sounds);
    this.#run = { line: this.#slate.line, gop, shift: 0, index: 0 };
    this.#pacer.aim(from, Math.max(nowMs, dueMs), 0, nowMs);
    this.#reason = "noInput";
    if (!entered) return true;
    this.#passing.forget();
    this.#slateFrom = from;
    this.#changed();
    return true;
  }

  /** At once, but for what may still come. */
  #slateFromMs(dueMs: number, nowMs: number): number {
    // After a start of ours nobody seems to be live.
    const soonestMs = Math.max(dueMs, this.#startedMs! + this.#watchdogMs);
    // Before anything is on air its encoders are only just starting: nobody misses them yet.
    if (this.#restamp.last.dts === null) return soonestMs + firstGopMs;
    if (!this.#isAnyLive(nowMs)) return this.#candidates(nowMs).length > 0 ? Infinity : soonestMs;
    return soonestMs + 2 * this.#watchdogMs;
  }

  /** When the next picture begins, where none is missing. */
  #nextDts(): Ticks | undefined {
    const { dts } = this.#restamp.last;
    return dts === null ? undefined : dts + 2 * this.#restamp.halfPicture;
  }

  #isAnyLive(nowMs: number): boolean {
    return this.#eligible().some((line) => line.isLive(nowMs));
  }

  #begin({ input, gop, wished }: Candidate, nowMs: number): void {
    const line = this.#lines.get(input)!;
    const [key] = gop.frames;
    const why = this.#whyChosen(input, nowMs);
    const shift = this.#clock.follow(gop.timeline, key!.dts, this.#nextDts(), wished);
    // Who was on air has the sound up to the very picture; who comes may begin with that one.
    const before = this.#run;
    const goesOnAlike = this.onSlate || this.#sourceClocked;
    if (before && before.line !== line && goesOnAlike) this.#sounds(before, key!.dts + shift - 1);
    if (this.onSlate) this.slateMs += (key!.dts + shift - this.#slateFrom) / ticksPerMs;
    this.#run = { line, gop, shift, index: 0 };
    if (this.#restamp.last.pts !== null) {
      const missing = key!.pts + shift - this.#restamp.last.pts - 2 * this.#restamp.halfPicture;
      if (missing > this.#restamp.halfPicture) this.missingMs += missing / ticksPerMs;
    }
    const lengthMs = line.store.longestGopMs ?? 0;
    const out = key!.dts + shift;
    this.#pacer.aim(out, this.#clock.arrivalMs(out) + this.#holdMs(), lengthMs, nowMs);
    line.store.dropBefore(gop);
    this.forget(nowMs);
    if (this.#wanted === input) this.#wanted = undefined;
    const isOther = this.#selected !== input;
    if (this.#selected !== undefined && isOther) this.switches++;
    if (isOther) this.#passing.forget();
    this.#selected = input;
    // What is left of an input that is gone does not make it live.
    if (!line.isLive(nowMs) || (!isOther && this.#reason !== "noInput")) return;
    this.#reason = why;
    this.#changed();
  }

  /** Encoders on their source's clock bring the same sound. */
  #sounds({ line, gop, shift }: Run, until: Ticks): void {
    const isShared = this.#sourceClocked && line !== this.#slate?.line;
    const others = isShared ? [...this.#lines.values()].filter((other) => other !== line) : [];
    this.#restamp.sounds([line, ...others], gop, shift, until);
  }

  /** Encoders on their source's clock have its times: the same shift leads to the same picture. */
  #splice(until: Ticks, streams: ElementaryStream[], nowMs: number): void {
    const { shift } = this.#clock.state() ?? {};
    if (this.#splices === undefined || shift === undefined) return;
    for (const { dts, ...found } of this.#splices.due(until, shift, nowMs)) {
      const payload = Buffer.from(movedBy(found.section, shift));
      if (this.#restamp.splice(dts, payload, streams)) this.#splices.sent(found);
    }
  }

  /** That there is splice information is told before the first of it comes. */
  #told(streams: ElementaryStream[], nowMs: number): ElementaryStream[] {
    const [picture, ...sounds] = streams;
    if (!picture || this.#splices?.isThere(nowMs) !== true) return streams;
    return [{ ...picture, splices: true }, ...sounds];
  }

  #whyChosen(next: string, nowMs: number): RelayReason {
    const before = this.#selected;
    if (before === undefined || before === next) return "start";
    if (!this.#orders.eligible.includes(before)) return "notEligible";
    if (this.#wanted === next) return "preferred";
    const line = this.#lines.get(before)!;
    if (!line.isLive(nowMs)) return "silent";
    const newest = line.store.gops.at(-1);
    if (newest && this.#clock.shiftOf(newest.timeline) === undefined) return "timestamps";
    if (this.#mode.kind !== "gop-atomic" && this.#hasJumped(line)) return "timestamps";
    const after = (this.#restamp.last.pts ?? 0) + this.#restamp.halfPicture;
    const damaged = line.store.gops.some(
      (gop) =>
        (gop.damaged || line.isDoubtful(gop.lastMs)) &&
        gop.frames.at(-1)!.pts + (this.#clock.shiftOf(gop.timeline) ?? 0) > after,
    );
    return damaged || this.#hasSentDoubtful(line, nowMs) ? "damaged" : "late";
  }

  #holdMs(): number {
    if (this.#mode.kind === "next-keyframe") return 0;
    const lengths = [...this.#lines.values()].map(({ store }) => store.longestGopMs ?? 0);
    const lates = [...this.#lines.values()].map(({ lateMs }) => lateMs);
    const noticedMs = this.#mode.kind === "delay-line" ? this.#watchdogMs + Math.max(...lates) : 0;
    return Math.max(...lengths) + noticedMs + this.#mode.marginMs;
  }

  /** While it catches up the output is further behind than it means to be. */
  #behindMs(): number {
    const lengths = [...this.#lines.values()].map(({ store }) => store.longestGopMs ?? 0);
    const arrivedMs = this.#run?.gop.arrivedMs ?? Infinity;
    return Math.max(this.#holdMs() + Math.max(...lengths), this.#tickedMs - arrivedMs);
  }

  /** Drops what was sent, of every input, and what is too old. To be called once a second too. */
  forget(nowMs: number): void {
    const { dts } = this.#restamp.last;
    // After a restart of the relay the output is behind by as long as nobody ran.
    const lateMs = dts === null ? 0 : Math.max(0, nowMs - this.#pacer.plannedMs(dts));
    for (const line of this.#lines.values()) {
      const longestMs = line.store.longestGopMs ?? 0;
      const neededMs = this.#holdMs() + longestMs + Math.min(lateMs, mostLateMs);
      const spare = this.#sourceClocked ? this.#watchdogMs + spareMs : 0;
      const sinceMs = nowMs - neededMs - spare;
      const carries = line === this.#run?.line;
      if (carries) this.#run!.index = line.store.shed(this.#run!.gop, this.#run!.index);
      line.store.trim(carries ? Math.min(sinceMs, this.#run!.gop.arrivedMs) : sinceMs);
      if (carries || this.#restamp.last.pts === null) continue;
      const sentTo = this.#restamp.last.pts + this.#restamp.halfPicture;
      const needed = line.store.gops.find(({ timeline, frames }) => {
        const shift = this.#clock.shiftOf(timeline);
        return shift === undefined || frames[0]!.pts + shift > sentTo;
      });
      if (needed) line.store.dropBefore(needed);
    }
  }

  #judgeSilence(nowMs: number): void {
    if (this.#reason === "noInput") return;
    if (this.#isAnyLive(nowMs)) return;
    this.#reason = "noInput";
    this.#changed();
  }
}
