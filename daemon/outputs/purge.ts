import { readdirSync } from "node:fs";
import type { Answer } from "../command-memory.ts";
import { sentenceOf, tellPurge } from "./cdn-push.ts";
import { typeOf } from "./serve.ts";
import type { OutputTarget } from "./settings.ts";

const mostSaid = 200;

/**
 * Because a person asks for it: the CDN is to forget all that it may have of this output, the
 * segments, too, which it is told of else as what never changes.
 */
export async function purge(output: string, target: OutputTarget): Promise<Answer> {
  const isList = target.kind === "hls" || target.kind === "ladder";
  const { purge, token } = (isList && target.push) || {};
  if (!isList || purge === undefined) {
    const message = `${output} has no push.purge: nobody is told what a CDN is to forget`;
    return { status: "refused", code: "no_purge", message };
  }
  // What is being written has no name yet.
  const files = readdirSync(target.folder).filter((name) => typeOf(name) !== "");
  try {
    const { status, said } = await tellPurge({ purge, token }, { files, all: true });
    const why = said
      .replace(/[\p{C}\s]+/gu, " ")
      .trim()
      .slice(0, mostSaid);
    const message = `the CDN answered ${status}${why && `: ${why}`}`;
    if (status >= 300) return { status: "refused", code: "cdn_refused", message };
    return { status: "done", message, data: { files: files.length } };
  } catch (cause) {
    return { status: "refused", code: "cdn_away", message: sentenceOf(cause as Error) };
  }
}
