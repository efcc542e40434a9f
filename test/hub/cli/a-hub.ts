/** A hub that really listens, with a site that answers commands as the test says. */
import type {
  CommandRequest,
  CommandResponse,
} from "../../../machines/command/command.contract.ts";
import { withAStudio } from "../api/an-api.ts";

type Says = Pick<CommandResponse, "status"> & Partial<CommandResponse>;

export async function aHub() {
  const api = await withAStudio();
  const asked: (Pick<CommandRequest, "args" | "dryRun"> & { verb: string })[] = [];
  const site: { says: Says | undefined } = { says: { status: "done", message: "it is so" } };
  api.wire.answer = (topic, payload) => {
    const [, path] = /\/request\/(.+)$/.exec(topic) ?? [];
    if (path === undefined) return;
    const { id, args, dryRun } = JSON.parse(payload) as CommandRequest;
    asked.push({ verb: path, ...(args && { args }), ...(dryRun && { dryRun }) });
    const response = { id, message: "said the site", atMs: 1, ...site.says };
    if (site.says) setImmediate(() => api.hears("studio", `response/${path}`, response));
  };
  const url = await api.app.listen({ host: "127.0.0.1", port: 0 });
  return { ...api, asked, site, url, env: { UNDERSTUDY_HUB: url, UNDERSTUDY_API_KEY: api.secret } };
}
