import type { Alarms } from "./alarms.ts";
import type { Parameters } from "./parameters.ts";

/** A box warms towards a temperature set by room and load, with one time constant. */
export type HeatOptions = {
  ambientC: number;
  /** `Near_Over_Temp_Alarm` rises here. Not known of real units. */
  nearOverC: number;
  /** The box switches itself off here. */
  overC: number;
};
export const usualHeat: HeatOptions = { ambientC: 24, nearOverC: 75, overC: 90 };

const idleRiseC = 18;
const encodeRiseC = 8;
const bitrateRiseC = 8;
const sizeRiseC = 8;
/** The alarm falls this far below the point where it rose. */
const hysteresisC = 4;

export class Heat {
  readonly #options: HeatOptions;
  readonly #parameters: Parameters;
  readonly #alarms: Alarms;
  #temperatureC: number;
  #heldC: number | undefined;
  #near = false;

  constructor(options: HeatOptions, parameters: Parameters, alarms: Alarms) {
    this.#options = options;
    this.#parameters = parameters;
    this.#alarms = alarms;
    this.#temperatureC = options.ambientC + idleRiseC;
    this.show();
  }

  /** A hair dryer: this temperature from the next tick on, until {@link release}. */
  hold(temperatureC: number): void {
    this.#heldC = temperatureC;
  }

  /** Fresh air: cools down from now on, with the box's own time constant. */
  release(): void {
    this.#heldC = undefined;
  }

  show(): void {
    this.#parameters.write("Temperature", String(Math.round(this.#temperatureC)));
  }

  /** @returns true when the box is too hot to stay on */
  tick(passedMs: number, thermalMs: number, running: { encoders: number }): boolean {
    const goal = this.#options.ambientC + idleRiseC + this.#load(running.encoders);
    const share = 1 - Math.exp(-passedMs / thermalMs);
    this.#temperatureC = this.#heldC ?? this.#temperatureC + (goal - this.#temperatureC) * share;
    this.show();
    this.#judge();
    return this.#temperatureC >= this.#options.overC;
  }

  #load(encoders: number): number {
    const kbps = this.#parameters.number("StreamingVideoBitrate");
    const pixels =
      this.#parameters.number("StreamingWidth") * this.#parameters.number("StreamingHeight");
    const one = encodeRiseC + bitrateRiseC * (kbps / 20_000) + sizeRiseC * (pixels / 2_073_600);
    return encoders * one;
  }

  #judge(): void {
    const near = this.#options.nearOverC - (this.#near ? hysteresisC : 0);
    const isNear = this.#temperatureC >= near;
    if (isNear === this.#near) return;
    this.#near = isNear;
    if (isNear) this.#alarms.raise("Near_Over_Temp_Alarm");
    else this.#alarms.clear("Near_Over_Temp_Alarm");
  }
}
