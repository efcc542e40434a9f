/**
 * Who may import whom. Each row has a made-up breach in `breaches/`, which `check.mjs` must name.
 */

const packages = "(^|/)node_modules/";
const ourFolders = "^(daemon|hub|machines|config|test)/";
const shipped = "^(daemon|hub|machines|config)/";

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
export const rules = [
  {
    name: "machines-decide-and-nothing-else",
    comment: "A machine imports machines, xstate and zod; no I/O, so not even node:.",
    from: { path: "^machines/" },
    to: { pathNot: ["^machines/", `${packages}(xstate|zod)/`] },
  },
  {
    name: "a-driver-knows-only-the-driver-contract",
    comment: "A driver imports the contracts, shared/, its own folder, machines and packages.",
    from: { path: "^daemon/drivers/([^/]+)/", pathNot: "^daemon/drivers/auto/" },
    to: {
      path: ourFolders,
      pathNot: [
        "^daemon/drivers/(driver|outlet|storage|recogniser)\\.ts$",
        "^daemon/drivers/(shared|$1)/",
        "^machines/",
        "^test/",
      ],
    },
  },
  {
    name: "who-chooses-between-programs-knows-those",
    comment: "The driver auto imports what every driver may, and the two that it chooses between.",
    from: { path: "^daemon/drivers/auto/" },
    to: {
      path: ourFolders,
      pathNot: [
        "^daemon/drivers/driver\\.ts$",
        "^daemon/drivers/(shared|auto|ffmpeg|gstreamer)/",
        "^machines/",
        "^test/",
      ],
    },
  },
  {
    name: "the-daemon-works-without-the-hub",
    comment: "The daemon imports daemon, machines, config and packages.",
    from: { path: "^daemon/" },
    to: { path: "^hub/" },
  },
  {
    name: "the-hub-never-touches-a-device",
    comment: "The hub imports nothing of the daemon; it asks a site over MQTT.",
    from: { path: "^hub/" },
    to: { path: "^daemon/" },
  },
  {
    name: "the-hub-sees-contracts-not-machines",
    comment: "The hub knows what is published and what is a good stream, not how sites decide.",
    from: { path: "^hub/" },
    to: {
      path: "^machines/",
      pathNot: [
        "^machines/(breaker|contract|id|published|time)\\.ts$",
        "^machines/[^/]+/[^/]+\\.contract\\.ts$",
        "^machines/(placement|profile)/",
      ],
    },
  },
  {
    name: "the-client-stands-alone",
    comment: "What others install knows the hub by its OpenAPI document only.",
    from: { path: "^hub/client/" },
    to: { path: ourFolders, pathNot: ["^hub/client/", "^test/"] },
  },
  {
    name: "the-command-line-asks-as-everybody-does",
    comment:
      "It asks the hub through the client, in the page's words; only the audit file and backups are read, which need no hub.",
    from: { path: "^hub/cli/" },
    to: {
      path: "^hub/",
      pathNot: ["^hub/(cli|client|web|audit|backup)/", "^hub/store/sqlite-audit\\.ts$"],
    },
  },
  {
    name: "config-stays-plain",
    comment: "Config imports config, zod, yaml, node: and the pure words of machines.",
    from: { path: "^config/" },
    to: {
      pathNot: ["^config/", `${packages}(zod|yaml)/`, "^machines/(?!.*\\.machine\\.ts$)", "^test/"],
      dependencyTypesNot: ["core"],
    },
  },
  {
    name: "nobody-imports-a-program",
    comment: "main.ts wires a process and starts it; what others need lives in another file.",
    from: { path: shipped },
    to: { path: "(^|/)main\\.ts$" },
  },
  {
    name: "shipped-code-does-not-import-tests",
    comment: "What is installed on a site must not need test/.",
    from: { path: shipped },
    to: { path: "^test/" },
  },
  {
    name: "shipped-code-needs-listed-packages",
    comment: "A package used at run time is in dependencies. The page's script is bundled whole.",
    from: { path: shipped, pathNot: "^hub/web/" },
    to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
  },
  {
    name: "no-cycles",
    comment: "Two files that need each other are one subject, or need a third file.",
    from: {},
    to: { circular: true },
  },
  {
    name: "every-import-resolves",
    comment: "An import that leads nowhere would otherwise pass every other rule.",
    from: {},
    to: { couldNotResolve: true },
  },
].map((rule) => ({ ...rule, severity: /** @type {const} */ ("error") }));
