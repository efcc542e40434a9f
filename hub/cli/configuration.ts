/** Where the command line gets its hub and key, and whether a process's own file is fine. */
import { existsSync, readFileSync } from "node:fs";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { loadHub } from "../../config/hub.ts";
import { ConfigError } from "../../config/problems.ts";
import type { Program } from "./cli.ts";
import { handOver } from "./hand-over.ts";

const usual = ["/etc/understudy/site.yaml", "/etc/understudy/hub.yaml"];

export function addConfiguration(program: Program): void {
  const config = program.noun(
    "config",
    "which hub and key are used, and whether files are fine",
    `
  understudy config show                  which hub, and where its key comes from
  understudy config check site.yaml       before the daemon is restarted`,
  );
  config.verb("show", "which hub, and where its key comes from", ({ access, print }) => {
    const { hub, keyFrom } = access();
    const shown = {
      ...{ hub: hub.value, hubBy: hub.by },
      ...{ keyBy: keyFrom?.by ?? null, keyFile: keyFrom?.file ?? null },
    };
    print.one(shown, [
      ["Hub", (s) => s.hub],
      ["Said by", (s) => s.hubBy],
      ["Key", (s) => (s.keyBy === null ? "none" : (s.keyFile ?? "in the environment"))],
      ["Key by", (s) => s.keyBy],
    ]);
  });
  config.verb(
    "check [file]",
    "site.yaml or hub.yaml, also with every secret it names",
    async ({ print }, _, given) => {
      const file = given ?? usual.find(existsSync) ?? "/etc/understudy/site.yaml";
      if (isOfASite(file)) return handOver(["check", "--config", file]);
      try {
        loadHub(file);
      } catch (cause) {
        if (cause instanceof ConfigError) throw new Ending(exitCode.usage, cause.message);
        throw cause;
      }
      print.text(`${file} is fine\n`);
      return exitCode.done;
    },
  );
}

/** @throws Ending where it cannot be read */
function isOfASite(file: string): boolean {
  try {
    return /^site:/m.test(readFileSync(file, "utf8"));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new Ending(exitCode.usage, `${file} cannot be read: ${code}`);
  }
}
