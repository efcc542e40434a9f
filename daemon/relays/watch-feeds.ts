/** That an encoder's process has ended is known before a relay sees its silence. */
import { join } from "node:path";
import { EngineDirectory } from "../drivers/shared/engine/engine-directory.ts";
import type { RelayedStream } from "./with-relays.ts";

/**
 * @param stateDir of the site
 * @param ended with the encoder, once for each end of what it wrote for the relay
 * @returns lets go of them
 */
export function watchFeeds(
  stateDir: string,
  inputs: RelayedStream["inputs"],
  ended: (encoder: string) => void,
): () => void {
  // What a box sends is no process here.
  const own = inputs.filter(({ isProcess }) => isProcess);
  const watched = own.map(({ encoder, output, address }) => {
    const directory = new EngineDirectory(join(stateDir, "encoders", encoder), output);
    let told: string | undefined;
    return directory.watch(() => {
      const record = directory.record();
      if (record?.address !== address || record.run === told) return;
      if (directory.exit(record.run) === undefined) return;
      told = record.run;
      ended(encoder);
    });
  });
  return () => watched.forEach((files) => files?.close());
}
