/**
 * What the OpenAPI document says of each route beside its schemas: a name for programs, a line for
 * people, and the headers that matter there. A row stands for both spellings of a path.
 */
export const tags = {
  Streams: "What is on air, and by whom",
  Sessions: "A stream for whoever asks, on boxes that the site picks",
  Encoders: "The boxes and programs that make the picture",
  Sites: "The sites, and what else they are made of",
  Commands: "Asking a site for something, and what became of it",
  Monitoring: "Health, load and temperature, in the words that older scripts know",
  History: "What happened: incidents and decisions",
  Login: "People: passwords, accounts of a provider, tokens",
  Users: "Who may log in",
  Keys: "Keys of programs and of sites",
  Webhooks: "Other systems that are told by HTTP",
  Hub: "The hub itself",
  Later: "Promised and not built yet: each answers 501",
} as const;
export type Tag = keyof typeof tags;

export const requestHeaders = {
  "Idempotency-Key":
    "A word of your own. What comes again with it within 24 h is done once and answered alike; " +
    "something else with it is refused with 422",
  Prefer: "`wait=10`: answer when it is done or refused, at the latest after so many seconds (60)",
  "If-Match": "Only while the `ETag` is this one; else 412",
  "If-None-Match": "While the `ETag` is this one: 304 and no body",
} as const;
export type RequestHeader = keyof typeof requestHeaders;

export const responseHeaders = {
  ETag: "A name of what this answer holds",
  "Cache-Control":
    "`no-store`: it holds a secret, or is old at once; `no-cache`: to be asked for again",
  Age: "Of the picture, in whole seconds",
  "Last-Modified": "When the picture was taken, by the hub's clock",
  Link: '`rel="next"`: the page after this one',
  Location: "Where to look next",
  "Preference-Applied": "How long it was ready to wait",
  "Set-Cookie": "Of the way to the provider and back; gone when that ends",
  "RateLimit-Policy": "`q` requests in `w` seconds, of one address or one key",
  RateLimit: "`r` are left, and in `t` seconds there are all again",
  "Retry-After": "Seconds to wait",
  "WWW-Authenticate": "How to say who asks",
} as const;
export type ResponseHeader = keyof typeof responseHeaders;

type Traits = {
  takes?: readonly RequestHeader[];
  /** By status, or with each answer of the route. */
  gives?: Readonly<Partial<Record<number | "always", readonly ResponseHeader[]>>>;
};
export type Operation = Traits & { id: string; tag: Tag; summary: string };

const held = ["ETag", "Cache-Control"] as const;
const paged = [...held, "Link"] as const;
const asked = ["Location", "Preference-Applied"] as const;
/** Not sent again to whoever has it. */
const item: Traits = { takes: ["If-None-Match"], gives: { 200: held, 304: held } };
const list: Traits = { takes: ["If-None-Match"], gives: { 200: paged, 304: paged } };
const ofPicture = [...held, "Age", "Last-Modified"] as const;
const picture: Traits = {
  takes: ["If-None-Match"],
  gives: { 200: ofPicture, 304: ofPicture },
};
const command: Traits = { takes: ["Idempotency-Key", "Prefer"], gives: { 200: asked, 202: asked } };
const opened: Traits = {
  takes: ["Idempotency-Key"],
  gives: { 200: ["Cache-Control"], 201: ["Cache-Control", "Location"] },
};
const config: Traits = { gives: { 200: ["ETag"] } };
const changed: Traits = { takes: ["If-Match"], gives: { 200: ["ETag"] } };
const ended: Traits = { takes: ["If-Match"], gives: { 202: ["Location"] } };
const secret: Traits = { gives: { always: ["Cache-Control"] } };
const secretOnce: Traits = { gives: { 201: ["Cache-Control"] } };
const made: Traits = { gives: { 201: ["Cache-Control", "Location"] } };
const errand: Traits = { gives: { always: ["Cache-Control", "Set-Cookie"], 302: ["Location"] } };

type Row = readonly [route: string, tag: Tag, id: string, summary: string, traits?: Traits];
const rows: readonly Row[] = [
  ["GET /streams", "Streams", "listStreams", "All streams", list],
  ["GET /streams/{id}", "Streams", "getStream", "One stream, as it is now", item],
  [
    "GET /thumbnails",
    "Streams",
    "listThumbnails",
    "Small pictures of all that is seen, and their age",
    { gives: { 200: ["Cache-Control"] } },
  ],
  ["GET /ingests/{id}/thumbnail", "Sites", "getIngestThumbnail", "What comes in, as JPEG", picture],
  [
    "GET /encoders/{id}/thumbnail",
    "Encoders",
    "getEncoderThumbnail",
    "What its preview shows, as JPEG",
    picture,
  ],
  [
    "GET /destinations/{id}/thumbnail",
    "Sites",
    "getDestinationThumbnail",
    "What the far end plays, as JPEG",
    picture,
  ],
  ["GET /streams/{id}/health", "Streams", "getStreamHealth", "Is it on air, and how well", item],
  [
    "GET /streams/{id}/slate",
    "Streams",
    "getSlate",
    "What it shows while no encoder brings pictures",
  ],
  ["PUT /streams/{id}/slate", "Streams", "putSlatePicture", "Another picture: PNG or JPEG, 4 MiB"],
  ["PATCH /streams/{id}/slate", "Streams", "changeSlate", "Another text, with a clock or without"],
  ["DELETE /streams/{id}/slate", "Streams", "resetSlate", "As the site's configuration says again"],
  ["POST /streams/{id}/commands", "Streams", "commandStream", "Ask for a stream", command],
  ["POST /streams/validate", "Streams", "validateStream", "Would this stream work there"],

  ["POST /streams/init", "Sessions", "openSession", "Have a stream, its key and its boxes", opened],
  ["GET /streams/{id}/config", "Sessions", "getSession", "How the stream is set", config],
  ["PUT /streams/{id}/config", "Sessions", "changeSession", "Set the stream otherwise", changed],
  ["DELETE /streams/{id}", "Sessions", "endSession", "Give the stream back", ended],

  ["GET /encoders", "Encoders", "listEncoders", "All encoders", list],
  ["GET /encoders/{id}", "Encoders", "getEncoder", "One encoder, as it is now", item],
  [
    "GET /encoders/{id}/status",
    "Encoders",
    "getEncoderStatus",
    "The same as without /status",
    item,
  ],
  ["GET /encoders/{id}/metrics", "Encoders", "getEncoderMetrics", "What it measures"],
  [
    "GET /encoders/{id}/connection/history",
    "Encoders",
    "getConnectionHistory",
    "How it was to talk to, for a week",
  ],
  ["GET /encoders/{id}/control", "Encoders", "listEncoderVerbs", "What may be asked for one"],
  ["POST /encoders/{id}/control", "Commands", "controlEncoder", "Ask for an encoder", command],
  ["POST /encoders/{id}/commands", "Commands", "commandEncoder", "Ask for an encoder", command],
  ["GET /encoders/system/status", "Encoders", "getSystemStatus", "Every encoder and their sum"],

  ["GET /sites", "Sites", "listSites", "All sites", list],
  ["GET /sites/{site}", "Sites", "getSite", "One site, as it is now", item],
  ["POST /sites/{id}/commands", "Commands", "commandSite", "Ask for a whole site", command],
  ["GET /destinations", "Sites", "listDestinations", "All far ends", list],
  ["GET /destinations/{id}", "Sites", "getDestination", "What a far end was seen to receive", item],
  ["GET /storage", "Sites", "listStorage", "All storage", list],
  ["GET /storage/{id}", "Sites", "getStorage", "Whether there is room to record", item],
  ["POST /storage/{id}/commands", "Commands", "commandStorage", "Ask for a storage", command],
  ["GET /ingests", "Sites", "listIngests", "All ingests", list],
  ["GET /ingests/{id}", "Sites", "getIngest", "What comes in, and from whom", item],
  ["GET /outputs", "Sites", "listOutputs", "All outputs of relayed streams", list],
  ["GET /outputs/{id}", "Sites", "getOutput", "Where else a stream goes, and how", item],
  ["POST /outputs/{id}/purge", "Commands", "purgeOutput", "Have its CDN forget what it has"],
  ["GET /commands/{id}", "Commands", "getCommand", "What became of a command"],

  ["GET /health/encoder/{id}", "Monitoring", "getEncoderHealth", "How an encoder is, and why"],
  ["GET /monitoring/status", "Monitoring", "getMonitoringStatus", "All in a few figures"],
  ["GET /monitoring/metrics", "Monitoring", "getSystemMetrics", "All that is measured, as JSON"],
  [
    "GET /monitoring/encoders/{id}/metrics",
    "Monitoring",
    "getMonitoredEncoder",
    "The same as below /encoders",
  ],
  ["GET /monitoring/streams/health", "Monitoring", "listStreamHealth", "Every stream's health"],
  [
    "GET /monitoring/streams/config/{id}",
    "Monitoring",
    "getEncoderStreams",
    "What a box is set to",
  ],
  ["GET /monitoring/load-balancer", "Monitoring", "rankEncoders", "Who would take one stream more"],
  ["GET /monitoring/thermal/status", "Monitoring", "listTemperatures", "How hot the boxes are"],
  [
    "GET /monitoring/thermal/{id}/temperature",
    "Monitoring",
    "getTemperature",
    "How hot one box is",
  ],
  [
    "POST /monitoring/thermal/{id}/cooldown",
    "Commands",
    "coolDownEncoder",
    "One cooling step more, now",
    command,
  ],

  ["GET /incidents", "History", "listIncidents", "Losses of picture, the newest first", list],
  ["GET /incidents/{id}", "History", "getIncident", "One loss of picture and its story", item],
  ["GET /events", "History", "listEvents", "Every decision, the newest first", list],
  ["GET /audit", "History", "listAudit", "Who did what, the newest first"],

  ["POST /auth/login", "Login", "logIn", "With name and password", secret],
  ["POST /auth/key", "Login", "openPage", "A token for a page that is opened with a key", secret],
  ["POST /auth/refresh", "Login", "refreshLogin", "A new token for the one that ends", secret],
  ["POST /auth/logout", "Login", "logOut", "End this session"],
  ["GET /auth/me", "Login", "getMe", "Who I am, and what I may do"],
  ["POST /auth/password", "Login", "changePassword", "My own password", secret],
  ["POST /auth/accept", "Login", "acceptInvitation", "The first password", secret],
  ["GET /auth/oidc", "Login", "listProviders", "By whose accounts one may come in"],
  ["GET /auth/oidc/{provider}/login", "Login", "goToProvider", "For browsers: there", errand],
  [
    "GET /auth/oidc/{provider}/callback",
    "Login",
    "comeFromProvider",
    "For browsers: and back",
    errand,
  ],
  ["POST /auth/oidc/session", "Login", "logInByProvider", "After that: the tokens", errand],
  ["GET /.well-known/jwks.json", "Login", "getTokenKeys", "By which tokens are checked"],

  ["GET /users", "Users", "listUsers", "All people"],
  ["POST /users", "Users", "addUser", "One person more", made],
  ["GET /users/{id}", "Users", "getUser", "One person"],
  ["PATCH /users/{id}", "Users", "changeUser", "Role, sites, hours, password, accounts"],
  ["DELETE /users/{id}", "Users", "removeUser", "Remove a person"],
  ["GET /users/{id}/sessions", "Users", "listUserSessions", "Where a person is logged in"],
  ["DELETE /users/{id}/sessions", "Users", "endUserSessions", "Log a person out everywhere"],
  ["GET /users/{id}/data", "Users", "exportUser", "All that is known of a person", secret],

  ["GET /keys", "Keys", "listKeys", "All keys; none of the secrets"],
  ["POST /keys", "Keys", "addKey", "A new key, shown once", secretOnce],
  ["POST /keys/{id}/rotate", "Keys", "rotateKey", "Another in its place", secretOnce],
  ["DELETE /keys/{id}", "Keys", "revokeKey", "End a key at once"],
  ["GET /hub-keys", "Hub", "listHubKeys", "What the hub signs with; what sites pin"],
  ["POST /hub-keys/{name}/rotate", "Hub", "rotateHubKey", "Another in its place", secret],

  ["GET /webhooks", "Webhooks", "listWebhooks", "All webhooks, and how they fare"],
  ["POST /webhooks", "Webhooks", "addWebhook", "Tell another system", secretOnce],
  ["DELETE /webhooks/{id}", "Webhooks", "removeWebhook", "Tell it no more"],
  ["POST /webhooks/{id}/secret", "Webhooks", "renewWebhookSecret", "A new secret", secretOnce],
  ["POST /webhooks/{id}/test", "Webhooks", "testWebhook", "Send it something, now"],
  ["GET /webhooks/{id}/dead", "Webhooks", "listDeadEvents", "What it could not be told"],
  ["POST /webhooks/{id}/retry", "Webhooks", "retryWebhook", "Try what waits at once"],

  ["GET /health", "Hub", "getHealth", "Does it work? 200 as long as it answers"],
  ["GET /health/ready", "Hub", "getReadiness", "Does all of it work? 503 while it does not"],
  ["GET /health/detailed", "Hub", "getDetailedHealth", "What works, and what does not"],
  ["GET /metrics", "Hub", "getMetrics", "For Prometheus"],

  ["GET /monitoring/alerts", "Later", "listAlerts", "Alerts"],
  ["POST /upload", "Later", "upload", "A file to be made into qualities"],
  ["GET /status/{job_id}", "Later", "getUpload", "How far an upload is"],
  ["GET /video/{job_id}/{quality}", "Later", "getVideo", "One quality of an upload"],
  ["GET /jobs", "Later", "listJobs", "The queue; with /api: the uploads"],
  ["POST /jobs", "Later", "addJob", "One job more"],
  ["GET /jobs/{id}", "Later", "getJob", "One job"],
  ["GET /nodes", "Later", "listNodes", "Machines that work for the queue"],
  ["POST /nodes/register", "Later", "registerNode", "One machine more"],
];

/** By method and path, without the prefix /api. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  rows.map(([route, tag, id, summary, traits]) => [route, { tag, id, summary, ...traits }]),
);
