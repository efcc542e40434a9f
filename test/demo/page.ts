/** The demo's page: the hub's own live page with a panel of ours in the place it keeps for one. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";

const file = (name: string) => fileURLToPath(new URL(`page/${name}`, import.meta.url));
const place = '<div id="picture"></div>';

export type DemoPage = {
  script: string;
  style: string;
  /** @throws when the hub's page has no place for a panel */
  into: (hubPage: string) => string;
};

export async function buildPage(): Promise<DemoPage> {
  const built = await build({
    entryPoints: [file("panel.ts")],
    ...{ bundle: true, minify: true, write: false, format: "esm", target: "es2022" },
    legalComments: "none",
  });
  await stop();
  return {
    script: built.outputFiles[0]?.text ?? "",
    style: readFileSync(file("panel.css"), "utf8"),
    into: (hubPage) => {
      if (!hubPage.includes(place)) throw new Error(`the hub's page has no ${place}`);
      const panel =
        '<link rel="stylesheet" href="/demo/panel.css" />' +
        '<section id="picture" aria-label="Far end"></section>' +
        '<script type="module" src="/demo/panel.js"></script>';
      return hubPage.replace(place, panel).replace("<title>", "<title>Demo · ");
    },
  };
}
