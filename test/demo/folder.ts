/** The one folder that a demo writes to. */
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const folderPrefix = "understudy-demo-";

export type DemoFolder = {
  path: string;
  siteFile: string;
  siteState: string;
  hubState: string;
  hls: string;
  /** Writes a secret for our eyes only and answers how a configuration refers to it. */
  secret(name: string, value: string): string;
};

export function makeFolder(): DemoFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), folderPrefix)));
  const made = (name: string) => {
    const folder = join(path, name);
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  };
  const credentials = made("credentials");
  return {
    path,
    siteFile: join(path, "site.yaml"),
    siteState: made("site"),
    hubState: made("hub"),
    hls: made("hls"),
    secret: (name, value) => {
      const file = join(credentials, name);
      writeFileSync(file, `${value}\n`, { mode: 0o600 });
      return `file:${file}`;
    },
  };
}
