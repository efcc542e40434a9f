import type { Keys } from "../machines/site/keys.ts";
import type { EncoderDriver } from "./drivers/driver.ts";

const lookMs = 2_000;

/**
 * Looks at the engines found running, before anything is decided. One that runs on a newer key
 * generation than the journal has given out proves that the journal is an older copy: then its
 * word on who holds a key would make the rightful carrier look like an intruder.
 *
 * @param engines drivers whose outputs carry a key generation, by encoder; asked once, at once
 * @param keys as the journal remembers them, undefined when it does not
 * @returns why the journal is not to be believed, or undefined
 */
export async function olderThanWhatRuns(
  engines: ReadonlyMap<string, EncoderDriver>,
  keys: Keys | undefined,
): Promise<string | undefined> {
  if (!keys) return undefined;
  for (const [encoder, driver] of engines) {
    const { outputs } = await driver.poll(AbortSignal.timeout(lookMs));
    for (const { state, target, keyGeneration } of Object.values(outputs)) {
      if (state !== "streaming" && state !== "starting") continue;
      const given = typeof target === "object" ? keys[target.destination]?.generation : undefined;
      if (given === undefined || keyGeneration === undefined || keyGeneration <= given) continue;
      return (
        `${encoder} publishes with key generation ${keyGeneration}, ` +
        `this journal knows of ${given} only: it is an old copy`
      );
    }
  }
  return undefined;
}
