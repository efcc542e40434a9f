import { BaseSequencer, type TestSpecification } from "vitest/node";
import { waiting } from "./waiting.ts";

/**
 * Files that take half a minute or more on two cores, the longest first. One of them begun last
 * would run alone at the end; without a cache, as in a fresh checkout, vitest knows only their sizes.
 */
const long = [
  ...waiting,
  "test/e2e/hot-pair.e2e.test.ts",
  "test/e2e/relayed.e2e.test.ts",
  "test/daemon/outputs/hls.e2e.test.ts",
  "test/daemon/outputs/ladder.e2e.test.ts",
  "test/daemon/relay/relay.e2e.test.ts",
  "test/e2e/outputs.e2e.test.ts",
  "test/e2e/local-broker.e2e.test.ts",
  "test/daemon/ingest/ingest.e2e.test.ts",
  "test/daemon/drivers/gstreamer/gstreamer.e2e.test.ts",
  "test/daemon/ingest/whip.e2e.test.ts",
  "test/e2e/slate.e2e.test.ts",
  "test/hub/hub.e2e.test.ts",
  "test/demo/demo.e2e.test.ts",
];

export class LongestFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(specs);
    const named = long.flatMap((name) => usual.filter(({ moduleId }) => moduleId.endsWith(name)));
    // One that is named twice would be run twice.
    if (new Set(named).size < named.length) throw new Error("a file is named twice");
    // Projects stay apart: all that is named is of the last one.
    const others = usual.filter((spec) => !named.includes(spec));
    const from = others.findIndex(({ project }) => project.name === named[0]?.project.name);
    return from < 0 ? [...others, ...named] : others.toSpliced(from, 0, ...named);
  }
}
