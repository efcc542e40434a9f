/** The page in a real browser, with a hub behind it that answers what a test says. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { chromium, type Page } from "playwright-core";
import { board } from "./board.ts";

type Board = Record<string, unknown[]>;
/** `/api/streams/studio~main/commands` */
export type Asked = { path: string; body: Record<string, unknown> };
export type Answer = Record<string, unknown>;

const file = (name: string) => new URL(`../../../hub/web/${name}`, import.meta.url);
const refusal = { status: "refused", code: "not_possible", message: "no understudy is ready" };

export type ServedPage = Awaited<ReturnType<typeof servePage>>;

export async function servePage() {
  const built = await build({
    ...{ entryPoints: [file("page.ts").pathname], bundle: true, format: "esm", write: false },
    minify: true,
  });
  const script = built.outputFiles[0]?.text ?? "";
  const hub = {
    board: (): Board => board(),
    /** The hub is there and says nothing of use. */
    silent: false,
    wantsKey: false,
    /** What was really asked for, and what only would have been. */
    asked: [] as Asked[],
    foreseen: [] as Asked[],
    answer: (_: Asked): Answer => refusal,
    /** Of connections, by the encoder; one that is not here is refused. */
    histories: {} as Record<string, object>,
  };
  const files: Record<string, [type: string, text: () => string]> = {
    "/": ["text/html", () => readFileSync(file("index.html"), "utf8")],
    "/page.css": ["text/css", () => readFileSync(file("page.css"), "utf8")],
    "/page.js": ["text/javascript", () => script],
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    const known = files[path];
    if (known) return void response.setHeader("Content-Type", known[0]).end(known[1]());
    if (hub.silent) {
      return void response.writeHead(503).end(JSON.stringify({ detail: "the hub rests" }));
    }
    if (hub.wantsKey && request.headers.authorization !== "Bearer open-sesame") {
      return void response.writeHead(401).end(JSON.stringify({ detail: "Unknown or expired key" }));
    }
    if (path === "/api/auth/key") {
      return void response.end(JSON.stringify({ access_token: "open-sesame" }));
    }
    if (request.method === "POST") {
      let text = "";
      request.on("data", (piece: Buffer) => (text += piece.toString()));
      request.on("end", () => {
        const { dryRun, ...body } = JSON.parse(text) as Asked["body"];
        const asked = { path: decodeURIComponent(path), body };
        (dryRun === true ? hub.foreseen : hub.asked).push(asked);
        response.end(JSON.stringify(hub.answer(asked)));
      });
      return;
    }
    const [, encoder] = /^\/api\/encoders\/([^/]+)\/connection\/history$/.exec(path) ?? [];
    const history = encoder === undefined ? undefined : hub.histories[decodeURIComponent(encoder)];
    if (history) return void response.end(JSON.stringify(history));
    if (encoder !== undefined) {
      return void response.writeHead(409).end(JSON.stringify({ detail: "others are asking" }));
    }
    const items = hub.board()[path.replace("/api/", "")];
    if (!items) return void response.writeHead(404).end("{}");
    response.end(JSON.stringify({ items, nextCursor: null }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const { port } = server.address() as AddressInfo;
  return {
    hub,
    async open(width: number, colorScheme: "dark" | "light" = "dark"): Promise<Page> {
      const page = await browser.newPage({
        ...{ viewport: { width, height: 900 }, colorScheme, timezoneId: "Europe/Vienna" },
      });
      page.setDefaultTimeout(10_000);
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.locator(".carriage, #login:visible").first().waitFor();
      return page;
    },
    async close(): Promise<void> {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Text of all of it, with ordinary spaces. */
export const textOf = async (page: Page, selector: string) =>
  ((await page.locator(selector).textContent()) ?? "").replaceAll("\u00a0", " ");
