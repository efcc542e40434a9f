/** Keys, people, webhooks and the audit log: for admins. */
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { contentOf, type HubClient, type Schemas } from "../client/client.ts";
import { verifyAudit } from "./audit-file.ts";
import { asList, asMs, asNumber, type Cli, type Option, type Program, textFrom } from "./cli.ts";
import * as columns from "./columns.ts";
import { titled } from "./columns.ts";
import type { Column } from "./print.ts";

const byId = (id: string) => ({ params: { path: { id } } });
const sites: Option = ["--sites <sites>", "limited to these, separated by commas", asList];

export function addAdmin(program: Program): void {
  addKeys(program);
  addHubKeys(program);
  addUsers(program);
  addWebhooks(program);
  addAudit(program);
}

function addKeys(program: Program): void {
  const key = program.noun(
    "key",
    "API keys for programs and sites",
    `
  understudy key list
  understudy key make panel --scopes read --days 365
  understudy key make studio --site studio     what the site logs in with, over MQTT
  understudy key rotate 3f0c… --grace 1h`,
  );
  const made: readonly Column<Schemas["KeyItem"] & { key: string }>[] = [
    ...columns.key.map(titled),
    ["Secret", (k) => k.key],
  ];
  const tellMade = (cli: Cli, item: Schemas["KeyItem"] & { key: string }) => {
    cli.note("The secret is shown only this once.");
    cli.print.one(item, made);
  };
  key.verb("list", "all, without their secrets", async ({ hub, print }) =>
    print.list((await hub()).list("keys"), columns.key),
  );
  type Make = { scopes?: string[]; site?: string; sites?: string[]; days?: number };
  key.verb<Make>(
    "make <name>",
    "a new one; its secret is data on stdout",
    async (cli, { scopes, site, sites, days }, name = "") => {
      const may = (scopes ?? ["read"]) as NonNullable<Schemas["KeyItem"]["scopes"]>;
      const body = {
        ...{ name, ...(site === undefined ? { scopes: may } : { kind: "site" as const, site }) },
        ...(sites && { sites }),
        ...(days !== undefined && { days }),
      };
      tellMade(cli, await contentOf((await cli.hub()).api.POST("/api/keys", { body })));
    },
    [
      ["--scopes <scopes>", "read, write, admin, separated by commas (read)", asList],
      ["--site <site>", "a site's own key, for MQTT"],
      sites,
      ["--days <number>", "how long it is valid (90)", asNumber],
    ],
  );
  key.verb<{ grace?: number }>(
    "rotate <key>",
    "a new one in its place",
    async (cli, { grace }, id = "") => {
      const body = grace === undefined ? {} : { graceS: Math.round(grace / 1_000) };
      const { api } = await cli.hub();
      tellMade(cli, await contentOf(api.POST("/api/keys/{id}/rotate", { ...byId(id), body })));
    },
    [["--grace <time>", "how long both are valid (1d)", asMs]],
  );
  key.verb("revoke <key>", "it is refused from now on", async ({ hub, note }, _, id = "") => {
    await (await hub()).api.DELETE("/api/keys/{id}", byId(id));
    note(`revoked: ${id}`);
  });
}

function addHubKeys(program: Program): void {
  const hubKey = program.noun(
    "hub-key",
    "what the hub signs with",
    `
  understudy hub-key list                  the key that sites pin in mqtt.commandKeys
  understudy hub-key rotate command        both hold for 30 days: pin the new one meanwhile`,
  );
  hubKey.verb("list", "its own keys, and what sites pin", async ({ hub, print }) => {
    const { items } = await contentOf((await hub()).api.GET("/api/hub-keys"));
    await print.list(items, columns.hubKey);
  });
  hubKey.verb("rotate <name>", "token, webhook or command", async (cli, _, given = "") => {
    const name = columns.hubKeyNames.find((one) => one === given);
    if (!name) throw new Ending(exitCode.usage, `one of ${columns.hubKeyNames.join(", ")}`);
    const { api } = await cli.hub();
    const path = { params: { path: { name } } };
    const made = await contentOf(api.POST("/api/hub-keys/{name}/rotate", path));
    if (made.webhooks.length > 0) cli.note("Give each receiver its new secret.");
    cli.print.one(made, [
      ...columns.hubKey.map(titled),
      ["Secrets", (k) => k.webhooks.map(({ url, secret }) => `${url} ${secret}`).join("\n")],
    ]);
  });
}

function addUsers(program: Program): void {
  const user = program.noun(
    "user",
    "people who may log in",
    `
  understudy user list
  understudy user add anna --role operator          prints an invitation to send her
  understudy user add bert --email bert@example.org   also comes in with that account
  understudy user change anna --disable`,
  );
  const limits: readonly Option[] = [
    ["--role <role>", "admin, operator, viewer or api_client"],
    sites,
    ["--department <name>", "sites of this department"],
    ["--region <name>", "sites of this region"],
    ["--password-file <file>", "- is stdin"],
    ["--email <address>", "by which a provider's account is known the first time"],
  ];
  type Limits = {
    email?: string;
    role?: Schemas["UserItem"]["role"];
    sites?: string[];
    department?: string;
    region?: string;
    passwordFile?: string;
  };
  async function bodyOf({ io }: Cli, { passwordFile, ...limits }: Limits) {
    const password = passwordFile === undefined ? undefined : await textFrom(passwordFile, io);
    return { ...limits, ...(password !== undefined && { password: password.trimEnd() }) };
  }
  /** People are named; the hub knows them by id. */
  async function idOf(hub: HubClient, name: string): Promise<string> {
    for await (const one of hub.list("users"))
      if (one.name === name || one.id === name) return one.id;
    throw new Ending(exitCode.notFound, `no user ${name}`);
  }
  const one = [...columns.user.map(titled)];
  user.verb("list", "all of them", async ({ hub, print }) =>
    print.list((await hub()).list("users"), columns.user),
  );
  user.verb("show <name>", "one", async (cli, _, name = "") => {
    const hub = await cli.hub();
    const id = await idOf(hub, name);
    cli.print.one(await contentOf(hub.api.GET("/api/users/{id}", byId(id))), one);
  });
  user.verb<Limits>(
    "add <name>",
    "without a password: prints an invitation",
    async (cli, { role = "viewer", ...options }, name = "") => {
      const body = { name, role, ...(await bodyOf(cli, options)) };
      const made = await contentOf((await cli.hub()).api.POST("/api/users", { body }));
      cli.print.one(made, [...one, ["Invitation", (u) => u.invitation]]);
    },
    limits,
  );
  user.verb<Limits & { disable?: boolean; enable?: boolean; unlink?: boolean }>(
    "change <name>",
    "role, limits, password, or whether",
    async (cli, { disable, enable, unlink, ...options }, name = "") => {
      const hub = await cli.hub();
      const disabled = disable === true ? true : enable === true ? false : undefined;
      const body = {
        ...(await bodyOf(cli, options)),
        ...(disabled !== undefined && { disabled }),
        ...(unlink === true && { identities: [] }),
      };
      const id = await idOf(hub, name);
      cli.print.one(await contentOf(hub.api.PATCH("/api/users/{id}", { ...byId(id), body })), one);
    },
    [
      ...limits,
      ["--disable", "may not log in"],
      ["--enable", "may log in again"],
      ["--unlink", "forget the accounts at providers"],
    ],
  );
  user.verb("remove <name>", "for good", async (cli, _, name = "") => {
    const hub = await cli.hub();
    await hub.api.DELETE("/api/users/{id}", byId(await idOf(hub, name)));
    cli.note(`removed: ${name}`);
  });
  user.verb(
    "data <name>",
    "all that the hub holds about one, as JSON",
    async (cli, _, name = "") => {
      const hub = await cli.hub();
      const id = await idOf(hub, name);
      const data = await contentOf(hub.api.GET("/api/users/{id}/data", byId(id)));
      cli.print.text(`${JSON.stringify(data, null, 2)}\n`);
    },
  );
  user.verb("log-out <name>", "everywhere", async (cli, _, name = "") => {
    const hub = await cli.hub();
    await hub.api.DELETE("/api/users/{id}/sessions", byId(await idOf(hub, name)));
    cli.note(`logged out everywhere: ${name}`);
  });
}

function addWebhooks(program: Program): void {
  const webhook = program.noun(
    "webhook",
    "who is told by HTTP what happens",
    `
  understudy webhook add https://example.org/hook --types 'stream.*'
  understudy webhook test 3f0c…
  understudy webhook dead 3f0c…           what was given up`,
  );
  const one = columns.webhook.map(titled);
  type Made = Schemas["WebhookItem"] & { secret: string };
  const made: readonly Column<Made>[] = [...one, ["Secret", (w) => w.secret]];
  webhook.verb("list", "all of them", async ({ hub, print }) =>
    print.list((await hub()).list("webhooks"), columns.webhook),
  );
  webhook.verb<{ types?: string[]; sites?: string[] }>(
    "add <url>",
    "its secret is data on stdout",
    async ({ hub, print }, options, url = "") => {
      const body = { url, ...options };
      print.one(await contentOf((await hub()).api.POST("/api/webhooks", { body })), made);
    },
    [["--types <types>", "like stream.*, separated by commas", asList], sites],
  );
  webhook.verb("remove <webhook>", "for good", async ({ hub, note }, _, id = "") => {
    await (await hub()).api.DELETE("/api/webhooks/{id}", byId(id));
    note(`removed: ${id}`);
  });
  webhook.verb("test <webhook>", "sends it an event now", async ({ hub, print }, _, id = "") => {
    const answer = await contentOf((await hub()).api.POST("/api/webhooks/{id}/test", byId(id)));
    print.one(answer, [
      ["Taken", (a) => (a.taken ? "yes" : "no")],
      ["Trouble", (a) => a.error],
    ]);
    return answer.taken ? exitCode.done : exitCode.failed;
  });
  webhook.verb(
    "dead <webhook>",
    "events that were given up",
    async ({ hub, print }, _, id = "") => {
      const { items } = await contentOf((await hub()).api.GET("/api/webhooks/{id}/dead", byId(id)));
      await print.list(items, [
        ["GIVEN UP", (d) => ({ at: d.givenUpAt })],
        ["EVENT", (d) => String(d.event["type"])],
        ["TROUBLE", (d) => d.error],
      ]);
    },
  );
  webhook.verb(
    "retry <webhook>",
    "tries at once what waits",
    async ({ hub, print }, _, id = "") => {
      const { api } = await hub();
      print.one(await contentOf(api.POST("/api/webhooks/{id}/retry", byId(id))), [
        ["Taken", (r) => r.taken],
        ["Left", (r) => r.left],
      ]);
    },
  );
  webhook.verb(
    "new-secret <webhook>",
    "in the old one's place",
    async ({ hub, print }, _, id = "") => {
      const { api } = await hub();
      print.one(await contentOf(api.POST("/api/webhooks/{id}/secret", byId(id))), made);
    },
  );
}

function addAudit(program: Program): void {
  const audit = program.noun(
    "audit",
    "who did what",
    `
  understudy audit list --since 24h
  understudy audit verify                 on the hub: is every row as it was written?`,
  );
  type Query = { limit?: number; since?: number; type?: string; actor?: string };
  audit.verb<Query>(
    "list",
    "the newest first",
    async ({ hub, print, io }, { limit = 50, since, ...query }) => {
      const from = since === undefined ? {} : { since: new Date(Date.now() - since).toISOString() };
      const all = (await hub()).list(
        "audit",
        { ...query, ...from, limit: Math.min(limit, 500) },
        io.signal,
      );
      await print.list(columns.first(limit, all), columns.audit);
    },
    [
      ["--limit <number>", "the newest so many (50)", asNumber],
      ["--since <time>", "of the last 2h, 7d, …", asMs],
      ["--type <type>", "for example command.asked"],
      ["--actor <actor>", "key:<id> or user:<id>"],
    ],
  );
  audit.verb<{ stateDir?: string; head?: string[]; archive?: string }>(
    "verify",
    "is every row as it was written? Read from the hub's own file",
    ({ io, print }, options) => verifyAudit({ io, print }, options),
    [
      ["--state-dir <folder>", "of the hub ($STATE_DIRECTORY, /var/lib/understudy-hub)"],
      ["--head <n:hash...>", "a head the hub has logged (code audit_head)"],
      ["--archive <folder>", "of the files that old rows went to: they are checked as well"],
    ],
  );
}
