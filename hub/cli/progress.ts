import { lengthOf } from "../web/words.ts";
import type { Cli } from "./cli.ts";

/** One line that counts where a terminal can do that, a line now and then where not. */
export function tellProgress({ io, isQuiet }: Cli, what: string): { end: () => void } {
  if (isQuiet) return { end: () => undefined };
  const isLive = io.terminal.err !== undefined && io.env["TERM"] !== "dumb";
  const startedAtMs = performance.now();
  const said = () => `${what}, ${lengthOf(performance.now() - startedAtMs)}`;
  const timer = setInterval(
    () => io.err(isLive ? `\r\u001b[K${said()} (Ctrl-C stops waiting)` : `${said()}\n`),
    isLive ? 500 : 5_000,
  );
  return {
    end: () => {
      clearInterval(timer);
      if (isLive) io.err("\r\u001b[K");
    },
  };
}
