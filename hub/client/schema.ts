/** Made from the hub's OpenAPI document by `npm run schemas`: not by hand. */
export interface paths {
  "/api/audit": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who did what, the newest first */
    get: operations["listAudit"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/accept": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** The first password */
    post: operations["acceptInvitation"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/key": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * A token for a page that is opened with a key
     * @description A token for a page that somebody opens with a key: asked with the key, again when it ends.
     */
    post: operations["openPage"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/login": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** With name and password */
    post: operations["logIn"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/logout": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** End this session */
    post: operations["logOut"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/me": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who I am, and what I may do */
    get: operations["getMe"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/oidc": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** By whose accounts one may come in */
    get: operations["listProviders"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/oidc/session": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** After that: the tokens */
    post: operations["logInByProvider"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/password": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** My own password */
    post: operations["changePassword"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/refresh": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** A new token for the one that ends */
    post: operations["refreshLogin"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/commands/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What became of a command */
    get: operations["getCommand"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/destinations": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All far ends */
    get: operations["listDestinations"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/destinations/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What a far end was seen to receive */
    get: operations["getDestination"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/destinations/{id}/thumbnail": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What the far end plays, as JPEG */
    get: operations["getDestinationThumbnail"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/encoders": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All encoders */
    get: operations["listEncoders"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/encoders/system/status": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Every encoder and their sum */
    get: operations["getSystemStatus"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/encoders/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One encoder, as it is now */
    get: operations["getEncoder"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/encoders/{id}/commands": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Ask for an encoder */
    post: operations["commandEncoder"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/encoders/{id}/connection/history": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How it was to talk to, for a week */
    get: operations["getConnectionHistory"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/encoders/{id}/control": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What may be asked for one */
    get: operations["listEncoderVerbs"];
    put?: never;
    /** Ask for an encoder */
    post: operations["controlEncoder"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/encoders/{id}/metrics": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What it measures */
    get: operations["getEncoderMetrics"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/encoders/{id}/status": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The same as without /status */
    get: operations["getEncoderStatus"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/encoders/{id}/thumbnail": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What its preview shows, as JPEG */
    get: operations["getEncoderThumbnail"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/events": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Every decision, the newest first */
    get: operations["listEvents"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/health/detailed": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What works, and what does not */
    get: operations["getDetailedHealth"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/health/encoder/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How an encoder is, and why */
    get: operations["getEncoderHealth"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/hub-keys": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What the hub signs with; what sites pin */
    get: operations["listHubKeys"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/hub-keys/{name}/rotate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Another in its place
     * @description Makes another. The one before holds for an hour (token), a week (webhook) or 30 days (command), and whatever was before that is over.
     */
    post: operations["rotateHubKey"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/incidents": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Losses of picture, the newest first */
    get: operations["listIncidents"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/incidents/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One loss of picture and its story */
    get: operations["getIncident"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/ingests": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All ingests */
    get: operations["listIngests"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/ingests/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What comes in, and from whom */
    get: operations["getIngest"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/ingests/{id}/thumbnail": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What comes in, as JPEG */
    get: operations["getIngestThumbnail"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/keys": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All keys; none of the secrets */
    get: operations["listKeys"];
    put?: never;
    /** A new key, shown once */
    post: operations["addKey"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/keys/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** End a key at once */
    delete: operations["revokeKey"];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/keys/{id}/rotate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Another in its place */
    post: operations["rotateKey"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/monitoring/encoders/{id}/metrics": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The same as below /encoders */
    get: operations["getMonitoredEncoder"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/monitoring/load-balancer": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who would take one stream more */
    get: operations["rankEncoders"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/monitoring/metrics": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All that is measured, as JSON */
    get: operations["getSystemMetrics"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/monitoring/status": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All in a few figures */
    get: operations["getMonitoringStatus"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/monitoring/streams/config/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What a box is set to */
    get: operations["getEncoderStreams"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/monitoring/streams/health": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Every stream's health */
    get: operations["listStreamHealth"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/monitoring/thermal/status": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How hot the boxes are */
    get: operations["listTemperatures"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/monitoring/thermal/{id}/cooldown": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** One cooling step more, now */
    post: operations["coolDownEncoder"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/monitoring/thermal/{id}/temperature": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How hot one box is */
    get: operations["getTemperature"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/outputs": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All outputs of relayed streams */
    get: operations["listOutputs"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/outputs/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Where else a stream goes, and how */
    get: operations["getOutput"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/outputs/{id}/purge": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Have its CDN forget what it has */
    post: operations["purgeOutput"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/sites": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All sites */
    get: operations["listSites"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/sites/{id}/commands": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Ask for a whole site */
    post: operations["commandSite"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/sites/{site}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One site, as it is now */
    get: operations["getSite"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/storage": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All storage */
    get: operations["listStorage"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/storage/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether there is room to record */
    get: operations["getStorage"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/storage/{id}/commands": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Ask for a storage */
    post: operations["commandStorage"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/streams": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All streams */
    get: operations["listStreams"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/streams/init": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Have a stream, its key and its boxes */
    post: operations["openSession"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/streams/validate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Would this stream work there */
    post: operations["validateStream"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/streams/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One stream, as it is now */
    get: operations["getStream"];
    put?: never;
    post?: never;
    /** Give the stream back */
    delete: operations["endSession"];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/streams/{id}/commands": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Ask for a stream */
    post: operations["commandStream"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/streams/{id}/config": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How the stream is set */
    get: operations["getSession"];
    /** Set the stream otherwise */
    put: operations["changeSession"];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/streams/{id}/health": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Is it on air, and how well */
    get: operations["getStreamHealth"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/streams/{id}/slate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What it shows while no encoder brings pictures */
    get: operations["getSlate"];
    /** Another picture: PNG or JPEG, 4 MiB */
    put: operations["putSlatePicture"];
    post?: never;
    /** As the site's configuration says again */
    delete: operations["resetSlate"];
    options?: never;
    head?: never;
    /** Another text, with a clock or without */
    patch: operations["changeSlate"];
    trace?: never;
  };
  "/api/thumbnails": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Small pictures of all that is seen, and their age */
    get: operations["listThumbnails"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/users": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All people */
    get: operations["listUsers"];
    put?: never;
    /** One person more */
    post: operations["addUser"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/users/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One person */
    get: operations["getUser"];
    put?: never;
    post?: never;
    /** Remove a person */
    delete: operations["removeUser"];
    options?: never;
    head?: never;
    /** Role, sites, hours, password, accounts */
    patch: operations["changeUser"];
    trace?: never;
  };
  "/api/users/{id}/data": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All that is known of a person */
    get: operations["exportUser"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/users/{id}/sessions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Where a person is logged in */
    get: operations["listUserSessions"];
    put?: never;
    post?: never;
    /** Log a person out everywhere */
    delete: operations["endUserSessions"];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/webhooks": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All webhooks, and how they fare */
    get: operations["listWebhooks"];
    put?: never;
    /** Tell another system */
    post: operations["addWebhook"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/webhooks/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Tell it no more */
    delete: operations["removeWebhook"];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/webhooks/{id}/dead": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What it could not be told
     * @description Events that were given up after 16 h, or that the receiver refused.
     */
    get: operations["listDeadEvents"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/webhooks/{id}/retry": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Try what waits at once
     * @description Tries at once what waits, and what was given up.
     */
    post: operations["retryWebhook"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/webhooks/{id}/secret": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** A new secret */
    post: operations["renewWebhookSecret"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/webhooks/{id}/test": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Send it something, now
     * @description Sends an event `understudy.ping` now and says what the receiver answered.
     */
    post: operations["testWebhook"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    AuditItem: {
      n: number;
      /** Format: date-time */
      at: string;
      type: string;
      actor: string;
      outcome: string;
      name?: string;
      address?: string;
      object?: string;
      site?: string;
      code?: string;
      detail?: {
        [key: string]: unknown;
      };
      requestId?: string;
      hash: string;
    };
    CommandItem: {
      id: string;
      site: string;
      kind: string;
      subject: string;
      verb: string;
      args: {
        [key: string]: unknown;
      } | null;
      dryRun: boolean;
      by: string;
      /** @enum {string} */
      status: "sent" | "accepted" | "done" | "refused" | "unanswered";
      code: string | null;
      message: string | null;
      data: {
        [key: string]: unknown;
      } | null;
      sentAt: string | null;
      expiresAt: string | null;
      answeredAt: string | null;
    };
    ConnectionHistory: {
      ref: string;
      /** Format: date-time */
      from: string;
      /** Format: date-time */
      to: string;
      /** @description s */
      step: number;
      /** @description oldest first; none of a time that nobody watched it */
      points: components["schemas"]["ConnectionPoint"][];
    };
    ConnectionPoint: {
      /** @description 0 to 100, the lowest of the step */
      healthScore: number | null;
      /** @description of one exchange; the slowest half minute */
      latencyMs: number | null;
      requests: number;
      failed: number;
      /** @description connections that the box broke */
      resets: number;
      /** @description the hottest of the step; null: it told none */
      temperatureC: number | null;
      /**
       * Format: date-time
       * @description when the step began
       */
      at: string;
    };
    DestinationItem: {
      epoch?: string;
      seq?: number;
      session?: string;
      at?: string | null;
      name?: string;
      /**
       * @default unknown
       * @enum {string}
       */
      state?: "unknown" | "publishing" | "quiet" | "refusing";
      stalled?: boolean;
      by?: string | null;
      source?: string | null;
      observedAt?: string | null;
      since?: string | null;
      /**
       * @default unknown
       * @enum {string}
       */
      breaker?: "closed" | "open" | "halfOpen" | "unknown";
      figures?: {
        latencyMs?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      /**
       * @default unknown
       * @enum {string}
       */
      takeover?: "exclusive" | "primaryBackup" | "lastWins" | "firstWins" | "unknown";
      ref: string;
      id: string;
      site: string;
      online: boolean;
      stale: boolean;
      receivedAt: string | null;
    } & {
      [key: string]: unknown;
    };
    EncoderHealth: {
      ref: string;
      encoder_id: string;
      site_id: string;
      at: string | null;
      /** @description the last thing known, not the truth */
      stale: boolean;
      /** @enum {string} */
      status: "healthy" | "warning" | "critical" | "unknown";
      /** @description what is not as it should be */
      because: string[];
      device_status: {
        /** @enum {string} */
        link: "unknown" | "reachable" | "silent" | "unreachable";
        /** @enum {string} */
        service: "inService" | "maintenance" | "quarantined" | "rebooting" | "unknown";
        /** @enum {string} */
        thermal: "unknown" | "normal" | "warm" | "cooling" | "hot" | "protected";
        /** @enum {string} */
        input: "unknown" | "good" | "lost" | "black" | "frozen" | "silent";
        /** @description % */
        cpu_usage: number | null;
        /** @description % */
        memory_usage: number | null;
        /** @description °C, chassis */
        temperature: number | null;
        /** @description rpm */
        fan_speed: number | null;
      };
      connection_health: {
        /** @description 0 to 100 */
        health_score: number | null;
        /** @description what is worst of it */
        burden: string | null;
        /** @enum {string} */
        breaker: "closed" | "open" | "halfOpen" | "unknown";
        /** @description ms */
        latency: number | null;
        /** @description % */
        error_rate: number | null;
        /** @description 0 to 100 */
        connection_load: number | null;
      };
    };
    EncoderItem: {
      epoch?: string;
      seq?: number;
      session?: string;
      at?: string | null;
      name?: string;
      identity?: {
        vendor: string;
        model?: string;
        serialNumber?: string;
        firmware?: string;
      } & {
        [key: string]: unknown;
      };
      capabilities?: {
        hardwareEncoders: string[];
      } & {
        [key: string]: unknown;
      };
      encodes?: {
        by: string;
        because?: string;
      } & {
        [key: string]: unknown;
      };
      /**
       * @default unknown
       * @enum {string}
       */
      link?: "unknown" | "reachable" | "silent" | "unreachable";
      detection?: {
        silentWithinMs: number;
        unreachableWithinMs: number;
      } & {
        [key: string]: unknown;
      };
      connection?: {
        /**
         * @default unknown
         * @enum {string}
         */
        breaker: "closed" | "open" | "halfOpen" | "unknown";
        healthScore?: number;
        /**
         * @default unknown
         * @enum {string}
         */
        burden?: "latency" | "errors" | "resets" | "staleness" | "unknown";
        requestPressure?: number;
        latencyMs?: number;
        failedRatio?: number;
        resets?: number;
        predicted?: {
          what: string;
          reachesMs: number;
          inMs: number;
          method: string;
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      /**
       * @default unknown
       * @enum {string}
       */
      thermal?: "unknown" | "normal" | "warm" | "cooling" | "hot" | "protected";
      thermalStep?: number;
      /**
       * @default unknown
       * @enum {string}
       */
      service?: "inService" | "maintenance" | "quarantined" | "rebooting" | "unknown";
      /**
       * @default unknown
       * @enum {string}
       */
      input?: "unknown" | "good" | "lost" | "black" | "frozen" | "silent";
      outputs?: ({
        id: components["schemas"]["Id"];
        /**
         * @default unknown
         * @enum {string}
         */
        state: "unknown" | "idle" | "starting" | "streaming" | "failing" | "stopping";
        /**
         * @default unknown
         * @enum {string}
         */
        progress: "moving" | "frozen" | "unknown";
        /**
         * @default unknown
         * @enum {string}
         */
        sendQueue: "draining" | "stuck" | "unknown";
        stream?: components["schemas"]["Id"];
        keyGeneration?: number;
        since: string | null;
      } & {
        [key: string]: unknown;
      })[];
      onlyWatched?: {
        [key: string]: "unknown" | "idle" | "starting" | "streaming" | "failing" | "stopping";
      };
      recording?: {
        /**
         * @default unknown
         * @enum {string}
         */
        state: "unknown" | "idle" | "starting" | "streaming" | "failing" | "stopping";
        isLinked?: boolean;
        medium?: string;
      } & {
        [key: string]: unknown;
      };
      profiles?: {
        streaming?: {
          number: number;
          name?: string;
          names?: string[];
        } & {
          [key: string]: unknown;
        };
        recording?: {
          number: number;
          name?: string;
          names?: string[];
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      repair?: {
        /**
         * @default unknown
         * @enum {string}
         */
        consent: "observe" | "propose" | "act" | "unknown";
        playbooks?: {
          [key: string]: "observe" | "propose" | "act" | "unknown";
        };
        /**
         * @default unknown
         * @enum {string}
         */
        state:
          | "well"
          | "lowered"
          | "givingBack"
          | "watching"
          | "expectedOff"
          | "deciding"
          | "coolingFirst"
          | "observing"
          | "proposing"
          | "rejected"
          | "clearing"
          | "heldBack"
          | "resting"
          | "acting"
          | "proving"
          | "givenUp"
          | "unknown";
        /**
         * @default unknown
         * @enum {string}
         */
        trouble?: "unreachable" | "failing" | "overload" | "network" | "unknown";
        /**
         * @default unknown
         * @enum {string}
         */
        next?: "lowerLoad" | "restart" | "reboot" | "powerCycle" | "unknown";
        nextLoad?: string;
        nextCostsPicture?: boolean;
        loadStep?: number;
        proposalEndsAt?: string | null;
        wouldHaveActed?: {
          times: number;
          byAction: {
            [key: string]: number;
          };
          since: string | null;
          lastAt: string | null;
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      /**
       * @default unknown
       * @enum {string}
       */
      clock?: "unknown" | "right" | "wrong";
      controls?: string[];
      settings?: {
        videoBitrateBps?: number;
        audioBitrateBps?: number;
        /**
         * @default unknown
         * @enum {string}
         */
        sizeOf?: "input" | "settings" | "unknown";
        widthPx?: number;
        heightPx?: number;
        framesPerSecond?: number;
        frameRateShare?: number;
        gopFrames?: number;
        /**
         * @default unknown
         * @enum {string}
         */
        h264Profile?: "constrainedBaseline" | "baseline" | "main" | "high" | "unknown";
      } & {
        [key: string]: unknown;
      };
      wanted?: {
        stream: components["schemas"]["Id"];
        like?: components["schemas"]["Id"];
        settings: {
          videoBitrateBps?: number;
          audioBitrateBps?: number;
          /**
           * @default unknown
           * @enum {string}
           */
          sizeOf?: "input" | "settings" | "unknown";
          widthPx?: number;
          heightPx?: number;
          framesPerSecond?: number;
          frameRateShare?: number;
          gopFrames?: number;
          /**
           * @default unknown
           * @enum {string}
           */
          h264Profile?: "constrainedBaseline" | "baseline" | "main" | "high" | "unknown";
        } & {
          [key: string]: unknown;
        };
        hash: string;
        comparedHash?: string;
        actualHash?: string;
        drift?: ({
          setting: string;
          wanted: number | string;
          actual: number | string;
        } & {
          [key: string]: unknown;
        })[];
        isAlarmed: boolean;
        /**
         * @default unknown
         * @enum {string}
         */
        sync: "observe" | "propose" | "act" | "unknown";
        isProposed: boolean;
        notSetBecause?: string;
        notCompared?: string[];
      } & {
        [key: string]: unknown;
      };
      practice?: {
        lastOnAirAt: string | null;
        isOverdue: boolean;
        /**
         * @default unknown
         * @enum {string}
         */
        consent?: "observe" | "propose" | "act" | "unknown";
        lastPractisedAt?: string | null;
        startMs?: number;
        failure?: string;
        underWayAt?: components["schemas"]["Id"];
        hindrance?: string;
      } & {
        [key: string]: unknown;
      };
      inUseFor?: components["schemas"]["Id"];
      figures?: {
        temperatureC?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        cpuUsageRatio?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        memoryUsageRatio?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        fanSpeedRpm?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        bitrateBps?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        framesPerSecond?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        droppedFrames?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        outputBytes?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        cpuSeconds?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        memoryBytes?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        ioReadBytes?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        ioWrittenBytes?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        clockAheadMs?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        clockExactToMs?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        clientCount?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        networkSentBps?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        networkReceivedBps?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        networkLinkBps?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      selfStart?: {
        autoRecover: boolean;
        /**
         * @default unknown
         * @enum {string}
         */
        powerUp: "idle" | "record" | "stream" | "both" | "unknown";
        scheduler: boolean;
      } & {
        [key: string]: unknown;
      };
      /**
       * @default unknown
       * @enum {string}
       */
      power?: "on" | "cutting" | "cut" | "unknown" | "restoring";
      alarms?: ({
        code: string;
        /**
         * @default unknown
         * @enum {string}
         */
        severity: "warning" | "error" | "unknown";
        text: string;
        since: string | null;
      } & {
        [key: string]: unknown;
      })[];
      warnings?: string[];
      ref: string;
      id: string;
      site: string;
      online: boolean;
      stale: boolean;
      receivedAt: string | null;
      live?: {
        bitrateBps?: number;
        framesPerSecond?: number;
        droppedFrames?: number;
        temperatureC?: number;
        cpuUsageRatio?: number;
        outputBytes?: number;
        socketsOpen?: number;
        socketsBusy?: number;
        requestsWaiting?: number;
        /** Format: date-time */
        at: string;
      };
    } & {
      [key: string]: unknown;
    };
    EncoderMetrics: {
      ref: string;
      encoder_id: string;
      site_id: string;
      at: string | null;
      /** @description the last thing known, not the truth */
      stale: boolean;
      /** @description % */
      cpu_usage: number | null;
      /** @description % */
      memory_usage: number | null;
      /** @description °C, chassis */
      temperature: number | null;
      /** @description rpm */
      fan_speed: number | null;
      /** @description bit/s, of what it sends */
      bitrate: number | null;
      /** @description frames a second */
      fps: number | null;
      /** @description since its start */
      dropped_frames: number | null;
      /** @description since its start */
      output_bytes: number | null;
      /** @description ms, of one question to it */
      latency: number | null;
      /** @description % of the questions to it */
      error_rate: number | null;
      /** @description 0 to 100: what our asking does to it */
      connection_load: number | null;
      /** @description viewers at the box */
      client_count: number | null;
      /** @description streams and recordings under way */
      active_encoding_sessions: number | null;
      storage_health:
        | (
            | "unknown"
            | "healthy"
            | "filling"
            | "nearlyFull"
            | "full"
            | "failing"
            | "missing"
            | "readOnly"
            | "retired"
          )
        | null;
      /** @description the figures that nobody measures here */
      not_available: string[];
    };
    EncoderStreamConfig: {
      ref: string;
      encoder_id: string;
      site_id: string;
      stale: boolean;
      settings: {
        /** @description 1920x1080, or input: as its input */
        resolution: string | null;
        fps: number | null;
        /** @description bit/s of the picture */
        bitrate: number | null;
        /** @description bit/s */
        audio_bitrate: number | null;
        gop_frames: number | null;
        h264_profile: string | null;
      };
      drift:
        | {
            setting: string;
            wanted: number | string;
            actual: number | string;
          }[]
        | null;
      streams: {
        stream_id: string;
        destination_id: string | null;
        /** @enum {string} */
        role: "primary" | "backup" | "spare";
        is_carrier: boolean;
        takeover: string | null;
      }[];
    };
    EventItem: {
      epoch: string;
      seq: number;
      session: string;
      at: string | null;
      type: string;
      subject: {
        kind: string;
        id: components["schemas"]["Id"];
      } & {
        [key: string]: unknown;
      };
      /**
       * @default unknown
       * @enum {string}
       */
      severity: "info" | "warning" | "critical" | "unknown";
      message: string;
      data: {
        [key: string]: unknown;
      };
      undurable?: boolean;
      site: string;
      receivedAt: string | null;
    } & {
      [key: string]: unknown;
    };
    Grant: {
      access_token: string;
      /** @constant */
      token_type: "Bearer";
      expires_in: number;
      refresh_token: string;
    };
    HubKeyItem: {
      /** @enum {string} */
      name: "token" | "webhook" | "command";
      signs: string;
      publicKey: string | null;
      previousPublicKey: string | null;
      previousUntil: string | null;
    };
    Id: string;
    IdInput: string;
    IncidentItem: {
      id: string;
      stream: components["schemas"]["Id"];
      cause: string;
      openedAt: string | null;
      closedAt: string | null;
      /**
       * @default unknown
       * @enum {string}
       */
      outcome:
        | "open"
        | "recovered"
        | "tookOver"
        | "restarted"
        | "needsHuman"
        | "aborted"
        | "stopped"
        | "unknown";
      from: components["schemas"]["Id"] | null;
      to: components["schemas"]["Id"] | null;
      offAirMs: number | null;
      slateMs?: number;
      segments: {
        detectMs: number | null;
        decideMs: number | null;
        fenceMs: number | null;
        startMs: number | null;
        confirmMs: number | null;
      } & {
        [key: string]: unknown;
      };
      certificate:
        | ({
            level: number;
            encoder: components["schemas"]["Id"];
            output: components["schemas"]["Id"];
            destination: components["schemas"]["Id"];
            evidence: string[];
            at: string | null;
          } & {
            [key: string]: unknown;
          })
        | null;
      recordingGaps?: ({
        encoder: components["schemas"]["Id"];
        by: components["schemas"]["Id"];
        to: string | null;
        ms: number;
        because: string;
        coveredBy: components["schemas"]["Id"] | null;
      } & {
        [key: string]: unknown;
      })[];
      timeline: ({
        at: string | null;
        what: string;
      } & {
        [key: string]: unknown;
      })[];
      ref: string;
      site: string;
    } & {
      [key: string]: unknown;
    };
    IngestItem: {
      epoch?: string;
      seq?: number;
      session?: string;
      at?: string | null;
      name?: string;
      /**
       * @default unknown
       * @enum {string}
       */
      kind?:
        | "rtmp"
        | "srt"
        | "rtsp"
        | "udp"
        | "rtp"
        | "file"
        | "testPattern"
        | "whip"
        | "hls"
        | "nginx-rtmp"
        | "capture"
        | "unknown";
      /**
       * @default unknown
       * @enum {string}
       */
      state?: "unknown" | "starting" | "waiting" | "receiving" | "silent" | "failing";
      since?: string | null;
      because?: string | null;
      publisher?:
        | ({
            from: string;
            since: string | null;
          } & {
            [key: string]: unknown;
          })
        | null;
      video?:
        | ({
            codec: string;
            widthPx: number;
            heightPx: number;
            colour?: {
              primaries: string | null;
              transfer: string | null;
              matrix: string | null;
              fullRange: boolean;
            } & {
              [key: string]: unknown;
            };
          } & {
            [key: string]: unknown;
          })
        | null;
      audio?:
        | ({
            codec: string;
            sampleRateHz: number;
          } & {
            [key: string]: unknown;
          })
        | null;
      sounds?: ({
        codec: string;
        sampleRateHz: number;
        channels: number | null;
        language: string | null;
      } & {
        [key: string]: unknown;
      })[];
      scan?: {
        told: ("progressive" | "interlaced" | "unknown") | null;
        seen: ("progressive" | "interlaced" | "unknown") | null;
      } & {
        [key: string]: unknown;
      };
      figures?: {
        bitrateBps?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        framesPerSecond?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        bytes?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        frames?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        quietMs?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        readers?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        readerDrops?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      refused?: number;
      lastRefused?:
        | ({
            at: string | null;
            from: string;
            why: string;
          } & {
            [key: string]: unknown;
          })
        | null;
      restarts?: number;
      warnings?: string[];
      ref: string;
      id: string;
      site: string;
      online: boolean;
      stale: boolean;
      receivedAt: string | null;
    } & {
      [key: string]: unknown;
    };
    KeyItem: {
      id: string;
      name: string;
      /** @enum {string} */
      kind: "adm" | "op" | "ro" | "site";
      scopes: ("read" | "write" | "admin")[];
      site: string | null;
      sites: string[] | null;
      createdAt: string | null;
      expiresAt: string | null;
      lastUsedAt: string | null;
      lastUsedFrom: string | null;
      replacedBy: string | null;
    };
    LoadBalancer: {
      /** @enum {string} */
      strategy: "weighted" | "least_connections" | "round_robin";
      chosen: string | null;
      backup: string | null;
      because: string;
      active_encoding_sessions: number;
      /** @description best first; those that take none last */
      encoders: components["schemas"]["RankedEncoder"][];
    };
    Me: {
      id: string;
      name: string;
      permissions: (
        | "streaming:read"
        | "streaming:write"
        | "monitoring:read"
        | "encoder:control"
        | "scte35:manage"
        | "users:read"
        | "users:write"
        | "system:read"
        | "system:write"
      )[];
      sites: string[] | null;
    };
    MonitoringStatus: {
      /**
       * @description the worst of all
       * @enum {string}
       */
      status: "healthy" | "warning" | "critical" | "unknown";
      /** Format: date-time */
      at: string;
      sites: {
        total: number;
        online: number;
      };
      encoders: {
        total: number;
        healthy: number;
        warning: number;
        critical: number;
        unknown: number;
      };
      streams: {
        total: number;
        healthy: number;
        warning: number;
        critical: number;
        unknown: number;
        on_air: number;
        /** @description of those with several encoders */
        without_understudy: number;
      };
    };
    OutputItem: {
      epoch?: string;
      seq?: number;
      session?: string;
      at?: string | null;
      name?: string;
      /**
       * @default unknown
       * @enum {string}
       */
      kind?: "hls" | "ladder" | "recording" | "rtmp" | "srt" | "udp" | "rtp" | "unknown";
      stream?: components["schemas"]["Id"];
      /**
       * @default unknown
       * @enum {string}
       */
      state?: "unknown" | "starting" | "waiting" | "sending" | "failing";
      since?: string | null;
      because?: string | null;
      figures?: {
        bitrateBps?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        bytes?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        pictures?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        quietMs?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        segments?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        readers?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        droppedPictures?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      conformity?:
        | ({
            /**
             * @default unknown
             * @enum {string}
             */
            word: "ok" | "faulty" | "unknown";
            since: string | null;
            why: string | null;
            checked: number;
          } & {
            [key: string]: unknown;
          })
        | null;
      restarts?: number;
      warnings?: string[];
      ref: string;
      id: string;
      site: string;
      online: boolean;
      stale: boolean;
      receivedAt: string | null;
    } & {
      [key: string]: unknown;
    };
    PageGrant: {
      access_token: string;
      /** @constant */
      token_type: "Bearer";
      expires_in: number;
    };
    Problem: {
      type: string;
      title: string;
      status: number;
      detail: string;
      instance: string;
      code: string;
      message: string;
      requestId: string;
      candidates?: string[];
      errors?: {
        path: string;
        message: string;
      }[];
    };
    Purged: {
      ref: string;
      /** @description What the CDN answered */
      message: string;
      /** @description How many it was told of: all that are there */
      files: number;
    };
    RankedEncoder: {
      ref: string;
      encoder_id: string;
      site_id: string;
      /** @description 0 to 100 */
      score: number;
      admitted: boolean;
      /** @description why it takes none */
      refusals: string[];
      factors: {
        /** @enum {string} */
        name:
          | "load"
          | "sessions"
          | "thermal"
          | "health"
          | "errors"
          | "bandwidth"
          | "clients"
          | "capability";
        /** @description 0 worst to 1 best; null counts as 0.5 */
        value: number | null;
        points: number;
      }[];
      /** @description %; of a program: of its host */
      cpu_usage: number | null;
      /** @description %; of a program: of its host */
      memory_usage: number | null;
      /** @description bit/s, of what it sends */
      bandwidth: number | null;
      /** @description % */
      error_rate: number | null;
      /** @description viewers at the box */
      client_count: number | null;
      /** @description outputs under way, or not told */
      active_encoding_sessions: number;
      /** @description streams it stands ready for: each holds an output */
      standbys: number;
      outputs: number | null;
    };
    SessionItem: {
      id: string;
      createdAt: string | null;
      lastUsedAt: string | null;
      expiresAt: string | null;
      address: string;
      agent: string;
    };
    SiteItem: {
      name?: string;
      epoch?: string;
      session?: string;
      contractMinor?: number;
      version?: string;
      bootId?: string;
      startedAt?: string | null;
      publicHost?: string;
      seq?: number;
      id: string;
      online: boolean | null;
      stale: boolean;
      lastSeen: string | null;
      ackedSeq: number | null;
      quarantined: number;
      lostEvents: number;
      decider?: string;
      journal?: string;
      freeze?:
        | ({
            events: ({
              stream: components["schemas"]["Id"];
              name: string;
              endsAt: string | null;
            } & {
              [key: string]: unknown;
            })[];
            override:
              | ({
                  by: string;
                  why: string;
                  endsAt: string | null;
                } & {
                  [key: string]: unknown;
                })
              | null;
          } & {
            [key: string]: unknown;
          })
        | null;
      clock?: {
        /**
         * @default unknown
         * @enum {string}
         */
        state: "unknown" | "synchronised" | "agrees" | "unsynchronised" | "off";
        because: string;
        heardAt?: string | null;
        offset?: {
          aheadMs: number;
          exactToMs: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      host?: {
        cpuUsageRatio?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        memoryUsageRatio?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        temperatureC?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        networkSentBps?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        networkReceivedBps?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
        networkLinkBps?: {
          value: number;
          at: string | null;
          source: string;
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      uplink?: {
        publishedBps: number;
        unknown: components["schemas"]["Id"][];
        capacityBps?: number;
        headroomBps?: number;
      };
      warnings: string[];
      encoders: number;
      streams: number;
    } & {
      [key: string]: unknown;
    };
    SlateChangeInput: {
      /** @description in the middle; null: as site.yaml says; empty: none */
      text?: string | null;
      /** @description null: as site.yaml says */
      clock?: boolean | null;
    };
    SlateItem: {
      /** @enum {string} */
      picture: "uploaded" | "configured" | "none";
      widthPx: number | null;
      heightPx: number | null;
      sizeBytes: number | null;
      sha256: string | null;
      text: string;
      clock: boolean;
      changedBy: string | null;
      ref: string;
      changedAt: string | null;
    };
    StorageItem: {
      epoch?: string;
      seq?: number;
      session?: string;
      at?: string | null;
      name?: string;
      /**
       * @default unknown
       * @enum {string}
       */
      state?:
        | "unknown"
        | "healthy"
        | "filling"
        | "nearlyFull"
        | "full"
        | "failing"
        | "missing"
        | "readOnly"
        | "retired";
      media?: ({
        id: string;
        name?: string;
        /**
         * @default unknown
         * @enum {string}
         */
        kind?: "card" | "usb" | "smb" | "nfs" | "disk" | "raid" | "unknown";
        isNetwork?: boolean;
        fileSystem?: string;
        /**
         * @default unknown
         * @enum {string}
         */
        state:
          | "unknown"
          | "healthy"
          | "filling"
          | "nearlyFull"
          | "full"
          | "failing"
          | "missing"
          | "readOnly"
          | "retired";
        retiredBy?: string;
        since: string | null;
        figures: {
          freeRatio?: {
            value: number;
            at: string | null;
            source: string;
          } & {
            [key: string]: unknown;
          };
          freeBytes?: {
            value: number;
            at: string | null;
            source: string;
          } & {
            [key: string]: unknown;
          };
          totalBytes?: {
            value: number;
            at: string | null;
            source: string;
          } & {
            [key: string]: unknown;
          };
          writeBytesPerSecond?: {
            value: number;
            at: string | null;
            source: string;
          } & {
            [key: string]: unknown;
          };
          secondsToFull?: {
            value: number;
            at: string | null;
            source: string;
          } & {
            [key: string]: unknown;
          };
          temperatureC?: {
            value: number;
            at: string | null;
            source: string;
          } & {
            [key: string]: unknown;
          };
        } & {
          [key: string]: unknown;
        };
        warnings: string[];
      } & {
        [key: string]: unknown;
      })[];
      recording?: {
        /**
         * @default unknown
         * @enum {string}
         */
        state: "unknown" | "idle" | "recording" | "moving" | "waiting" | "lost";
        medium?: string;
        paths: string[];
        /**
         * @default unknown
         * @enum {string}
         */
        failover: "observe" | "propose" | "act" | "unknown";
        because?: string;
        proposedTo?: string;
        becauseOf?: string;
      } & {
        [key: string]: unknown;
      };
      warnings?: string[];
      ref: string;
      id: string;
      site: string;
      online: boolean;
      stale: boolean;
      receivedAt: string | null;
    } & {
      [key: string]: unknown;
    };
    StreamFinding: {
      code: string;
      /** @enum {string} */
      field:
        | "resolution"
        | "fps"
        | "bitrate"
        | "audio_bitrate"
        | "keyframe_interval"
        | "protocol"
        | "stream_key";
      message: string;
      /** @description where the limit is written down */
      source: string;
    };
    StreamHealth: {
      ref: string;
      stream_id: string;
      site_id: string;
      encoder_id: string | null;
      backup_encoder_id: string | null;
      at: string | null;
      stale: boolean;
      /** @enum {string} */
      status: "healthy" | "warning" | "critical" | "unknown";
      because: string | null;
      /** @enum {string} */
      carriage: "onAir" | "offAir" | "notKnown" | "notExpected" | "unknown";
      /** @enum {string} */
      carrier:
        | "stopped"
        | "starting"
        | "carried"
        | "suspect"
        | "remediating"
        | "fencing"
        | "takingOver"
        | "holding"
        | "waitingForFence"
        | "returning"
        | "needsHuman"
        | "unknown";
      /** @enum {string} */
      understudy: "ready" | "warming" | "none" | "unknown";
      /**
       * @description what the site wants
       * @enum {string}
       */
      commanded: "streaming" | "stopped" | "unknown";
      /**
       * @description what the encoder says of itself
       * @enum {string}
       */
      reported: "unknown" | "idle" | "starting" | "streaming" | "failing" | "stopping";
      /**
       * @description what the far end was seen to receive
       * @enum {string}
       */
      observed: "unknown" | "publishing" | "quiet" | "refusing";
      /** @description % of the encoder */
      cpu_usage: number | null;
      /** @description since the encoder's start */
      dropped_frames: number | null;
      /** @description bit/s */
      bitrate: number | null;
      /** @description frames a second */
      fps: number | null;
    };
    StreamItem: {
      epoch?: string;
      seq?: number;
      session?: string;
      at?: string | null;
      name?: string;
      /**
       * @default unknown
       * @enum {string}
       */
      carriage?: "onAir" | "offAir" | "notKnown" | "notExpected" | "unknown";
      /**
       * @default unknown
       * @enum {string}
       */
      carrier?:
        | "stopped"
        | "starting"
        | "carried"
        | "suspect"
        | "remediating"
        | "fencing"
        | "takingOver"
        | "holding"
        | "waitingForFence"
        | "returning"
        | "needsHuman"
        | "unknown";
      /**
       * @default unknown
       * @enum {string}
       */
      understudy?: "ready" | "warming" | "none" | "unknown";
      destination?: components["schemas"]["Id"];
      /**
       * @default unknown
       * @enum {string}
       */
      takeover?: "exclusive" | "primaryBackup" | "lastWins" | "firstWins" | "unknown";
      encoder?: components["schemas"]["Id"] | null;
      output?: components["schemas"]["Id"] | null;
      understudyEncoder?: components["schemas"]["Id"] | null;
      encoders?: components["schemas"]["Id"][];
      understudies?: ({
        encoder: components["schemas"]["Id"];
        /**
         * @default unknown
         * @enum {string}
         */
        role: "understudy" | "spare" | "unknown";
        /**
         * @default unknown
         * @enum {string}
         */
        wants: "cold" | "warm" | "hot" | "unknown";
        /**
         * @default unknown
         * @enum {string}
         */
        is: "none" | "cold" | "warm" | "hot" | "unknown";
        isAsWanted?: boolean;
        hindrance?: string;
        inUseFor?: components["schemas"]["Id"];
      } & {
        [key: string]: unknown;
      })[];
      /**
       * @default unknown
       * @enum {string}
       */
      path?: "direct" | "relayed" | "unknown";
      relay?:
        | ({
            /**
             * @default unknown
             * @enum {string}
             */
            health: "running" | "starting" | "lost" | "off" | "unknown";
            selected: components["schemas"]["Id"] | null;
            since: string | null;
            /**
             * @default unknown
             * @enum {string}
             */
            reason:
              | "start"
              | "preferred"
              | "silent"
              | "late"
              | "damaged"
              | "timestamps"
              | "notEligible"
              | "noInput"
              | "unknown";
            generation: number;
            inputs: ({
              encoder: components["schemas"]["Id"];
              brings: boolean;
              carried?:
                | ({
                    captions: boolean;
                    activeFormat: boolean;
                    timecode?: boolean;
                    /**
                     * @default unknown
                     * @enum {string}
                     */
                    scan: "progressive" | "interlaced" | "unknown";
                    sounds: ({
                      language: string | null;
                      channels: number | null;
                      sampleRateHz?: number | null;
                    } & {
                      [key: string]: unknown;
                    })[];
                    picture?: {
                      widthPx: number;
                      heightPx: number;
                      framesPerSecond: number | null;
                    } & {
                      [key: string]: unknown;
                    };
                    /**
                     * @default unknown
                     * @enum {string}
                     */
                    looks?: "progressive" | "interlaced" | "unknown";
                    colour?: {
                      primaries: string | null;
                      transfer: string | null;
                      matrix: string | null;
                      fullRange: boolean;
                    } & {
                      [key: string]: unknown;
                    };
                  } & {
                    [key: string]: unknown;
                  })
                | null;
              lacks?: string[];
              misfits?: string[];
              figures?: {
                bitrateBps?: {
                  value: number;
                  at: string | null;
                  source: string;
                } & {
                  [key: string]: unknown;
                };
                spreadRatio?: {
                  value: number;
                  at: string | null;
                  source: string;
                } & {
                  [key: string]: unknown;
                };
                avDriftMs?: {
                  value: number;
                  at: string | null;
                  source: string;
                } & {
                  [key: string]: unknown;
                };
                continuityErrors?: {
                  value: number;
                  at: string | null;
                  source: string;
                } & {
                  [key: string]: unknown;
                };
                latencyMs?: {
                  value: number;
                  at: string | null;
                  source: string;
                } & {
                  [key: string]: unknown;
                };
              } & {
                [key: string]: unknown;
              };
              faults?: ({
                /**
                 * @default unknown
                 * @enum {string}
                 */
                fault: "bitrate" | "avDrift" | "unknown";
                since: string | null;
              } & {
                [key: string]: unknown;
              })[];
            } & {
              [key: string]: unknown;
            })[];
            figures?: {
              latencyMs?: {
                value: number;
                at: string | null;
                source: string;
              } & {
                [key: string]: unknown;
              };
            } & {
              [key: string]: unknown;
            };
            switches: number;
            missingMs: number;
            splices?: {
              isThere: boolean | null;
              damaged: number;
              missed: number;
              last:
                | ({
                    number: number;
                    eventId: number | null;
                    direction: ("out" | "in" | "unknown") | null;
                    cancelled: boolean;
                    leadMs: number | null;
                    durationMs: number | null;
                  } & {
                    [key: string]: unknown;
                  })
                | null;
            } & {
              [key: string]: unknown;
            };
            /**
             * @default unknown
             * @enum {string}
             */
            slate?: "none" | "ready" | "on" | "unknown";
            slateBeganAt?: string | null;
            slateFormat?: {
              widthPx: number;
              heightPx: number;
              framesPerSecond: number;
              colour?: {
                primaries: string | null;
                transfer: string | null;
                matrix: string | null;
                fullRange: boolean;
              } & {
                [key: string]: unknown;
              };
              sounds: ({
                sampleRateHz: number;
                channels: number;
                language: string | null;
              } & {
                [key: string]: unknown;
              })[];
              /**
               * @default unknown
               * @enum {string}
               */
              from: "input" | "configuration" | "default" | "unknown";
            } & {
              [key: string]: unknown;
            };
            fellBack?:
              | ({
                  since: string | null;
                  because: string;
                } & {
                  [key: string]: unknown;
                })
              | null;
          } & {
            [key: string]: unknown;
          })
        | null;
      keyGeneration?: number;
      since?: string | null;
      because?: string;
      incident?:
        | ({
            id: string;
            stream: components["schemas"]["Id"];
            cause: string;
            openedAt: string | null;
            closedAt: string | null;
            /**
             * @default unknown
             * @enum {string}
             */
            outcome:
              | "open"
              | "recovered"
              | "tookOver"
              | "restarted"
              | "needsHuman"
              | "aborted"
              | "stopped"
              | "unknown";
            from: components["schemas"]["Id"] | null;
            to: components["schemas"]["Id"] | null;
            offAirMs: number | null;
            slateMs?: number;
            segments: {
              detectMs: number | null;
              decideMs: number | null;
              fenceMs: number | null;
              startMs: number | null;
              confirmMs: number | null;
            } & {
              [key: string]: unknown;
            };
            certificate:
              | ({
                  level: number;
                  encoder: components["schemas"]["Id"];
                  output: components["schemas"]["Id"];
                  destination: components["schemas"]["Id"];
                  evidence: string[];
                  at: string | null;
                } & {
                  [key: string]: unknown;
                })
              | null;
            recordingGaps?: ({
              encoder: components["schemas"]["Id"];
              by: components["schemas"]["Id"];
              to: string | null;
              ms: number;
              because: string;
              coveredBy: components["schemas"]["Id"] | null;
            } & {
              [key: string]: unknown;
            })[];
            timeline: ({
              at: string | null;
              what: string;
            } & {
              [key: string]: unknown;
            })[];
          } & {
            [key: string]: unknown;
          })
        | null;
      content?: {
        views: ({
          of: string;
          /**
           * @default unknown
           * @enum {string}
           */
          picture: "seen" | "unknown";
          /**
           * @default unknown
           * @enum {string}
           */
          sound: "heard" | "silent" | "unknown";
          faults: ({
            /**
             * @default unknown
             * @enum {string}
             */
            fault: "lost" | "black" | "frozen" | "silent" | "loudness" | "unknown";
            /**
             * @default unknown
             * @enum {string}
             */
            does: "off" | "observe" | "act" | "unknown";
            since: string | null;
          } & {
            [key: string]: unknown;
          })[];
          figures?: {
            shortTermLufs?: {
              value: number;
              at: string | null;
              source: string;
            } & {
              [key: string]: unknown;
            };
            integratedLufs?: {
              value: number;
              at: string | null;
              source: string;
            } & {
              [key: string]: unknown;
            };
          } & {
            [key: string]: unknown;
          };
        } & {
          [key: string]: unknown;
        })[];
        comparison:
          | ({
              carrier: components["schemas"]["Id"];
              with: components["schemas"]["Id"];
              /**
               * @default unknown
               * @enum {string}
               */
              word: "same" | "different" | "cannotTell" | "unknown";
              because: string;
              at: string | null;
            } & {
              [key: string]: unknown;
            })
          | null;
        quality?: {
          encoder: components["schemas"]["Id"] | null;
          figures: {
            ssim?: {
              value: number;
              at: string | null;
              source: string;
            } & {
              [key: string]: unknown;
            };
            psnrDb?: {
              value: number;
              at: string | null;
              source: string;
            } & {
              [key: string]: unknown;
            };
          } & {
            [key: string]: unknown;
          };
          because: string | null;
          lowBeganAt: string | null;
        } & {
          [key: string]: unknown;
        };
      } & {
        [key: string]: unknown;
      };
      missesProgramme?:
        | ({
            cause: string;
            since: string | null;
          } & {
            [key: string]: unknown;
          })
        | null;
      eventEndsAt?: string | null;
      budgetLeft?: number;
      latched?: ("moves" | "returns" | "unknown")[];
      legs?: ({
        /**
         * @default unknown
         * @enum {string}
         */
        leg: "primary" | "backup" | "unknown";
        encoder: components["schemas"]["Id"];
        /**
         * @default unknown
         * @enum {string}
         */
        state: "stopped" | "starting" | "publishing" | "lost" | "unknown";
      } & {
        [key: string]: unknown;
      })[];
      schedule?: {
        /**
         * @default unknown
         * @enum {string}
         */
        phase: "always" | "off" | "frozen" | "lineUp" | "on" | "unknown";
        window:
          | ({
              name?: string;
              startsAt: string | null;
              endsAt: string | null;
              /**
               * @default unknown
               * @enum {string}
               */
              from?: "configuration" | "calendar" | "command" | "unknown";
            } & {
              [key: string]: unknown;
            })
          | null;
        next: ({
          name?: string;
          startsAt: string | null;
          endsAt: string | null;
          /**
           * @default unknown
           * @enum {string}
           */
          from?: "configuration" | "calendar" | "command" | "unknown";
        } & {
          [key: string]: unknown;
        })[];
        startMissed: boolean;
        rules: ({
          id: components["schemas"]["Id"];
          name?: string;
          start: string;
          zone: string;
          durationMs: number;
          rrule?: string;
        } & {
          [key: string]: unknown;
        })[];
      } & {
        [key: string]: unknown;
      };
      lineUp?:
        | ({
            at: string | null;
            items: ({
              /**
               * @default unknown
               * @enum {string}
               */
              item:
                | "input"
                | "audio"
                | "sameProgramme"
                | "understudy"
                | "recording"
                | "clock"
                | "key"
                | "fencePath"
                | "ownWill"
                | "unknown";
              /**
               * @default unknown
               * @enum {string}
               */
              result: "ok" | "notOk" | "unknown";
              message: string;
              source: string | null;
            } & {
              [key: string]: unknown;
            })[];
          } & {
            [key: string]: unknown;
          })
        | null;
      drill?: {
        underWay:
          | ({
              by: string;
              beganAt: string | null;
              /**
               * @default unknown
               * @enum {string}
               */
              leg: "away" | "back" | "unknown";
              from: components["schemas"]["Id"];
              to: components["schemas"]["Id"];
            } & {
              [key: string]: unknown;
            })
          | null;
        last:
          | ({
              id: string;
              by: string;
              beganAt: string | null;
              endedAt: string | null;
              /**
               * @default unknown
               * @enum {string}
               */
              result: "passed" | "failed" | "broken" | "unknown";
              because: string | null;
              legs: ({
                from: components["schemas"]["Id"];
                to: components["schemas"]["Id"];
                offAirMs: number | null;
                segments: {
                  detectMs: number | null;
                  decideMs: number | null;
                  fenceMs: number | null;
                  startMs: number | null;
                  confirmMs: number | null;
                } & {
                  [key: string]: unknown;
                };
                incident: string;
              } & {
                [key: string]: unknown;
              })[];
            } & {
              [key: string]: unknown;
            })
          | null;
      } & {
        [key: string]: unknown;
      };
      keptFor?:
        | ({
            id: string;
            /**
             * @default unknown
             * @enum {string}
             */
            state: "preparing" | "waiting" | "running" | "restarting" | "ending" | "unknown";
            by: string;
            settings: {
              widthPx: number;
              heightPx: number;
              framesPerSecond: number;
              videoBps: number;
              audioBps?: number;
              keyframeEveryS?: number;
            } & {
              [key: string]: unknown;
            };
            encoder: components["schemas"]["Id"];
            backup: components["schemas"]["Id"] | null;
            ingest?: components["schemas"]["Id"];
            revision: number;
            openedAt: string | null;
            endsAt: string | null;
          } & {
            [key: string]: unknown;
          })
        | null;
      ref: string;
      id: string;
      site: string;
      online: boolean;
      stale: boolean;
      receivedAt: string | null;
    } & {
      [key: string]: unknown;
    };
    StreamJudgement: {
      valid: boolean;
      /** @enum {string} */
      destination: "youtube" | "facebook" | "twitch" | "rtmp" | "srt" | "hls";
      encoder_id: string | null;
      /** @description destination or encoder do not do this */
      errors: components["schemas"]["StreamFinding"][];
      /** @description works, and is worse than it need be */
      warnings: components["schemas"]["StreamFinding"][];
      /** @description good, and could be better */
      recommendations: components["schemas"]["StreamFinding"][];
      /** @description the nearest settings without errors and warnings */
      recommended: {
        resolution: string;
        bitrate: number;
        fps: number;
        audio_bitrate: number | null;
        keyframe_interval: number;
      };
      not_judged: string[];
    };
    StreamSession: {
      stream_id: string;
      /** @description null: a dry run */
      session_id: string | null;
      /** @description of the far end; with input push: yours for the time of this session */
      stream_key: string | null;
      /** @description where the encoder publishes; with input push: where you do (srt://… takes stream_key as its passphrase); null: a dry run */
      rtmp_url: string | null;
      /**
       * @description push: send your picture to rtmp_url; device: the encoder publishes by itself
       * @enum {string}
       */
      input: "device" | "push";
      /** @description with input push: what takes it in */
      ingest_id: string | null;
      site_id: string;
      encoder_id: string;
      /** @description set up the same, and kept free for it */
      backup_encoder_id: string | null;
      resolution: string;
      bitrate: number;
      fps: number;
      /** @description why that encoder; null: it was asked for before */
      because: string | null;
      score: number | null;
      warnings: string[];
      ends_at: string | null;
    };
    StreamSessionConfig: {
      stream_id: string;
      session_id: string;
      /**
       * @description waiting: for your picture at rtmp_url
       * @enum {string}
       */
      status: "preparing" | "waiting" | "running" | "restarting" | "ending" | "unknown";
      resolution: string;
      bitrate: number;
      fps: number;
      audio_bitrate: number | null;
      keyframe_interval: number | null;
      encoder_id: string;
      backup_encoder_id: string | null;
      ends_at: string | null;
    };
    StreamSessionEnd: {
      stream_id: string;
      session_id: string;
      /** @enum {string} */
      status: "ended" | "ending";
    };
    SystemMetrics: {
      /** Format: date-time */
      at: string;
      /** @description null for callers who are limited to some sites */
      hub: {
        version: string;
        /** @description s */
        uptime: number;
        /** @description resident */
        memory_bytes: number;
        /** @enum {string} */
        link: "up" | "down";
        /** @description taken from sites since the start */
        events_total: number;
      } | null;
      encoders: components["schemas"]["EncoderMetrics"][];
      streams: components["schemas"]["StreamHealth"][];
    };
    SystemStatus: {
      /**
       * @description the worst of all
       * @enum {string}
       */
      status: "healthy" | "warning" | "critical" | "unknown";
      /** Format: date-time */
      at: string;
      sites: {
        total: number;
        online: number;
      };
      encoders: {
        total: number;
        healthy: number;
        warning: number;
        critical: number;
        unknown: number;
      };
      streams: {
        total: number;
        healthy: number;
        warning: number;
        critical: number;
        unknown: number;
        on_air: number;
        /** @description of those with several encoders */
        without_understudy: number;
      };
      /** @description every encoder */
      items: components["schemas"]["EncoderHealth"][];
    };
    ThermalItem: {
      ref: string;
      encoder: string;
      site: string;
      /** @enum {string} */
      thermal: "unknown" | "normal" | "warm" | "cooling" | "hot" | "protected";
      thermalStep: number | null;
      temperatureC: number | null;
      at: string | null;
      source: string | null;
      requestPressure: number | null;
      stale: boolean;
    };
    ThumbnailItem: {
      ref: string;
      site: string;
      /** @enum {string} */
      kind: "ingest" | "encoder" | "destination";
      id: string;
      name: string | null;
      /** @description when the last picture was taken, by the hub's clock */
      at: string | null;
      /** @description of the last picture, when this was answered */
      ageMs: number | null;
      /** @description false from 30 s on, or where there is none */
      available: boolean;
      /** @description why it is not available */
      because: string | null;
      /** @description base64, with `pictures=true` */
      jpeg?: string | null;
    };
    UserItem: {
      id: string;
      name: string;
      email: string | null;
      /** @enum {string} */
      role: "admin" | "operator" | "viewer" | "api_client";
      sites: components["schemas"]["Id"][] | null;
      department: string | null;
      region: string | null;
      shifts:
        | {
            days: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
            from: string;
            to: string;
            /** @default UTC */
            timeZone: string;
          }[]
        | null;
      identities: {
        issuer: string;
        subject: string;
        linkedAt: string | null;
      }[];
      disabled: boolean;
      invited: boolean;
      createdAt: string | null;
      lastLoginAt: string | null;
    };
    WebhookItem: {
      id: string;
      url: string;
      types: string[] | null;
      sites: string[] | null;
      createdAt: string | null;
      createdBy: string;
      lastDeliveredAt: string | null;
      error: string | null;
      attempts: number;
      nextTryAt: string | null;
      disabledAt: string | null;
    };
    WindowRuleInput: {
      id: components["schemas"]["IdInput"];
      name?: string;
      start: string;
      zone: string;
      durationMs: number;
      rrule?: string;
    };
  };
  responses: never;
  parameters: {
    /** @description A word of your own. What comes again with it within 24 h is done once and answered alike; something else with it is refused with 422 */
    "Idempotency-Key": string;
    /** @description `wait=10`: answer when it is done or refused, at the latest after so many seconds (60) */
    Prefer: string;
    /** @description Only while the `ETag` is this one; else 412 */
    "If-Match": string;
    /** @description While the `ETag` is this one: 304 and no body */
    "If-None-Match": string;
  };
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  listAudit: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
        type?: string;
        /** @description key:<id> or user:<id> */
        actor?: string;
        since?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["AuditItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  acceptInvitation: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          invitation: string;
          password: string;
        };
      };
    };
    responses: {
      /** @description No Content */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  openPage: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["PageGrant"];
        };
      };
    };
  };
  logIn: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          name: string;
          password: string;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Grant"];
        };
      };
    };
  };
  logOut: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description No Content */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  getMe: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Me"];
        };
      };
    };
  };
  listProviders: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: {
              id: string;
              name: string;
              url: string;
            }[];
          };
        };
      };
    };
  };
  logInByProvider: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Grant"];
        };
      };
    };
  };
  changePassword: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          password: string;
          next: string;
        };
      };
    };
    responses: {
      /** @description No Content */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  refreshLogin: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          refresh_token: string;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Grant"];
        };
      };
    };
  };
  getCommand: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
    };
  };
  listDestinations: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
        site?: string;
      };
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["DestinationItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getDestination: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["DestinationItem"];
        };
      };
    };
  };
  getDestinationThumbnail: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": unknown;
        };
      };
    };
  };
  listEncoders: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
        site?: string;
      };
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["EncoderItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getSystemStatus: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["SystemStatus"];
        };
      };
    };
  };
  getEncoder: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["EncoderItem"];
        };
      };
    };
  };
  commandEncoder: {
    parameters: {
      query?: never;
      header?: {
        /** @description A word of your own. What comes again with it within 24 h is done once and answered alike; something else with it is refused with 422 */
        "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
        /** @description `wait=10`: answer when it is done or refused, at the latest after so many seconds (60) */
        Prefer?: components["parameters"]["Prefer"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** @description stream: start, stop, failover, return, abort, release, add-window, remove-window, change-session, drill; encoder: maintenance, in-service, repair, reject-repair, sync, practise, release, restore-power, cooldown, reboot, power-cycle, start-stream, stop-stream, start-recording, stop-recording, recall-preset, select-profile, list-clips; storage: retire, bring-back, move-recording; site: off-air, open-session, override-freeze */
          verb: string;
          args?: {
            to?: string;
            unproven?: boolean;
            window?: components["schemas"]["WindowRuleInput"];
            windowId?: components["schemas"]["IdInput"];
            why?: string;
            medium?: string;
            preset?: number;
            profile?: number;
            /** @enum {string} */
            of?: "stream" | "recording";
            interrupt?: boolean;
            stream?: components["schemas"]["IdInput"];
            session?: {
              settings: {
                widthPx: number;
                heightPx: number;
                framesPerSecond: number;
                videoBps: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              /** @enum {string} */
              input: "device" | "push";
              anyInput?: boolean;
              /** @enum {string} */
              strategy?: "weighted" | "least_connections" | "round_robin";
              endsAfterMs?: number;
              once?: string;
              sealTo?: {
                /** @enum {string} */
                kty: "OKP";
                /** @enum {string} */
                crv: "X25519";
                x: string;
              };
            };
            change?: {
              settings: {
                widthPx?: number;
                heightPx?: number;
                framesPerSecond?: number;
                videoBps?: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              restart?: boolean;
              ifRevision?: number;
            };
            consent?: string;
          };
          /** @default 30000 */
          ttlMs?: number;
          /** @default false */
          dryRun?: boolean;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
      /** @description Accepted */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
    };
  };
  getConnectionHistory: {
    parameters: {
      query?: {
        /** @description a day before `to` when left out; a week is kept */
        from?: string;
        /** @description now when left out */
        to?: string;
        /** @description s of each point, a multiple of 30; what gives about 288 points when left out */
        step?: number;
      };
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ConnectionHistory"];
        };
      };
    };
  };
  listEncoderVerbs: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            verbs: string[];
          };
        };
      };
    };
  };
  controlEncoder: {
    parameters: {
      query?: never;
      header?: {
        /** @description A word of your own. What comes again with it within 24 h is done once and answered alike; something else with it is refused with 422 */
        "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
        /** @description `wait=10`: answer when it is done or refused, at the latest after so many seconds (60) */
        Prefer?: components["parameters"]["Prefer"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** @description stream: start, stop, failover, return, abort, release, add-window, remove-window, change-session, drill; encoder: maintenance, in-service, repair, reject-repair, sync, practise, release, restore-power, cooldown, reboot, power-cycle, start-stream, stop-stream, start-recording, stop-recording, recall-preset, select-profile, list-clips; storage: retire, bring-back, move-recording; site: off-air, open-session, override-freeze */
          verb: string;
          args?: {
            to?: string;
            unproven?: boolean;
            window?: components["schemas"]["WindowRuleInput"];
            windowId?: components["schemas"]["IdInput"];
            why?: string;
            medium?: string;
            preset?: number;
            profile?: number;
            /** @enum {string} */
            of?: "stream" | "recording";
            interrupt?: boolean;
            stream?: components["schemas"]["IdInput"];
            session?: {
              settings: {
                widthPx: number;
                heightPx: number;
                framesPerSecond: number;
                videoBps: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              /** @enum {string} */
              input: "device" | "push";
              anyInput?: boolean;
              /** @enum {string} */
              strategy?: "weighted" | "least_connections" | "round_robin";
              endsAfterMs?: number;
              once?: string;
              sealTo?: {
                /** @enum {string} */
                kty: "OKP";
                /** @enum {string} */
                crv: "X25519";
                x: string;
              };
            };
            change?: {
              settings: {
                widthPx?: number;
                heightPx?: number;
                framesPerSecond?: number;
                videoBps?: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              restart?: boolean;
              ifRevision?: number;
            };
            consent?: string;
          };
          /** @default 30000 */
          ttlMs?: number;
          /** @default false */
          dryRun?: boolean;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
      /** @description Accepted */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
    };
  };
  getEncoderMetrics: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["EncoderMetrics"];
        };
      };
    };
  };
  getEncoderStatus: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["EncoderItem"];
        };
      };
    };
  };
  getEncoderThumbnail: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": unknown;
        };
      };
    };
  };
  listEvents: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
        site?: string;
        kind?: string;
        /** @description id of the actor it is about */
        subject?: string;
        type?: string;
        since?: string;
      };
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["EventItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getDetailedHealth: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            /** @enum {string} */
            status: "ok" | "degraded";
            version: string;
            /** Format: date-time */
            startedAt: string;
            /** @enum {string} */
            link: "up" | "down";
            /** @enum {string} */
            store: "ok" | "failing";
            /**
             * @description open: three writes in a row failed, and it is left alone for 10 s
             * @enum {string}
             */
            storeBreaker: "closed" | "open" | "halfOpen";
            broker: {
              up: boolean;
              restarts: number;
            } | null;
            sites: {
              known: number;
              online: number;
            };
            ingest: {
              [key: string]: number;
            };
          };
        };
      };
    };
  };
  getEncoderHealth: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            encoder: components["schemas"]["EncoderHealth"];
          };
        };
      };
    };
  };
  listHubKeys: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["HubKeyItem"][];
          };
        };
      };
    };
  };
  rotateHubKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: "token" | "webhook" | "command";
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            /** @enum {string} */
            name: "token" | "webhook" | "command";
            signs: string;
            publicKey: string | null;
            previousPublicKey: string | null;
            previousUntil: string | null;
            webhooks: {
              id: string;
              url: string;
              secret: string;
            }[];
          };
        };
      };
    };
  };
  listIncidents: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
        site?: string;
        /** @description stream id, or <site>~<stream> */
        stream?: string;
        since?: string;
      };
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["IncidentItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getIncident: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["IncidentItem"];
        };
      };
    };
  };
  listIngests: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
        site?: string;
      };
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["IngestItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getIngest: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["IngestItem"];
        };
      };
    };
  };
  getIngestThumbnail: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": unknown;
        };
      };
    };
  };
  listKeys: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["KeyItem"][];
          };
        };
      };
    };
  };
  addKey: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          name: string;
          /**
           * @description ro, op and adm stand for scopes; or name those
           * @enum {string}
           */
          kind?: "adm" | "op" | "ro" | "site";
          scopes?: ("read" | "write" | "admin")[];
          site?: components["schemas"]["IdInput"];
          /** @description the sites it sees; left out: all */
          sites?: components["schemas"]["IdInput"][];
          /** @default 90 */
          days?: number;
        };
      };
    };
    responses: {
      /** @description Created */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            id: string;
            name: string;
            /** @enum {string} */
            kind: "adm" | "op" | "ro" | "site";
            scopes: ("read" | "write" | "admin")[];
            site: string | null;
            sites: string[] | null;
            createdAt: string | null;
            expiresAt: string | null;
            lastUsedAt: string | null;
            lastUsedFrom: string | null;
            replacedBy: string | null;
            key: string;
          };
        };
      };
    };
  };
  revokeKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description No Content */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  rotateKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /**
           * @description how long the old key stays valid beside the new one
           * @default 86400
           */
          graceS?: number;
        };
      };
    };
    responses: {
      /** @description Created */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            id: string;
            name: string;
            /** @enum {string} */
            kind: "adm" | "op" | "ro" | "site";
            scopes: ("read" | "write" | "admin")[];
            site: string | null;
            sites: string[] | null;
            createdAt: string | null;
            expiresAt: string | null;
            lastUsedAt: string | null;
            lastUsedFrom: string | null;
            replacedBy: string | null;
            key: string;
          };
        };
      };
    };
  };
  getMonitoredEncoder: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["EncoderMetrics"];
        };
      };
    };
  };
  rankEncoders: {
    parameters: {
      query?: {
        strategy?: "weighted" | "least_connections" | "round_robin";
        site?: string;
        /** @description with round_robin: who was chosen last, as <site>~<id> */
        after?: string;
        /** @description like 1920x1080; with bitrate and fps: what is wanted */
        resolution?: string;
        /** @description bit/s: 5000000, 5000k or 5M */
        bitrate?: number | string;
        fps?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["LoadBalancer"];
        };
      };
    };
  };
  getSystemMetrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["SystemMetrics"];
        };
      };
    };
  };
  getMonitoringStatus: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["MonitoringStatus"];
        };
      };
    };
  };
  getEncoderStreams: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["EncoderStreamConfig"];
        };
      };
    };
  };
  listStreamHealth: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            streams: components["schemas"]["StreamHealth"][];
          };
        };
      };
    };
  };
  listTemperatures: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            encoders: components["schemas"]["ThermalItem"][];
          };
        };
      };
    };
  };
  coolDownEncoder: {
    parameters: {
      query?: never;
      header?: {
        /** @description A word of your own. What comes again with it within 24 h is done once and answered alike; something else with it is refused with 422 */
        "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
        /** @description `wait=10`: answer when it is done or refused, at the latest after so many seconds (60) */
        Prefer?: components["parameters"]["Prefer"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** @default 30000 */
          ttlMs?: number;
          /** @default false */
          dryRun?: boolean;
        } | null;
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
      /** @description Accepted */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
    };
  };
  getTemperature: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ThermalItem"];
        };
      };
    };
  };
  listOutputs: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
        site?: string;
      };
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["OutputItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getOutput: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["OutputItem"];
        };
      };
    };
  };
  purgeOutput: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Purged"];
        };
      };
    };
  };
  listSites: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
      };
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["SiteItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  commandSite: {
    parameters: {
      query?: never;
      header?: {
        /** @description A word of your own. What comes again with it within 24 h is done once and answered alike; something else with it is refused with 422 */
        "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
        /** @description `wait=10`: answer when it is done or refused, at the latest after so many seconds (60) */
        Prefer?: components["parameters"]["Prefer"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** @description stream: start, stop, failover, return, abort, release, add-window, remove-window, change-session, drill; encoder: maintenance, in-service, repair, reject-repair, sync, practise, release, restore-power, cooldown, reboot, power-cycle, start-stream, stop-stream, start-recording, stop-recording, recall-preset, select-profile, list-clips; storage: retire, bring-back, move-recording; site: off-air, open-session, override-freeze */
          verb: string;
          args?: {
            to?: string;
            unproven?: boolean;
            window?: components["schemas"]["WindowRuleInput"];
            windowId?: components["schemas"]["IdInput"];
            why?: string;
            medium?: string;
            preset?: number;
            profile?: number;
            /** @enum {string} */
            of?: "stream" | "recording";
            interrupt?: boolean;
            stream?: components["schemas"]["IdInput"];
            session?: {
              settings: {
                widthPx: number;
                heightPx: number;
                framesPerSecond: number;
                videoBps: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              /** @enum {string} */
              input: "device" | "push";
              anyInput?: boolean;
              /** @enum {string} */
              strategy?: "weighted" | "least_connections" | "round_robin";
              endsAfterMs?: number;
              once?: string;
              sealTo?: {
                /** @enum {string} */
                kty: "OKP";
                /** @enum {string} */
                crv: "X25519";
                x: string;
              };
            };
            change?: {
              settings: {
                widthPx?: number;
                heightPx?: number;
                framesPerSecond?: number;
                videoBps?: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              restart?: boolean;
              ifRevision?: number;
            };
            consent?: string;
          };
          /** @default 30000 */
          ttlMs?: number;
          /** @default false */
          dryRun?: boolean;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
      /** @description Accepted */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
    };
  };
  getSite: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        site: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["SiteItem"];
        };
      };
    };
  };
  listStorage: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
        site?: string;
      };
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["StorageItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  getStorage: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["StorageItem"];
        };
      };
    };
  };
  commandStorage: {
    parameters: {
      query?: never;
      header?: {
        /** @description A word of your own. What comes again with it within 24 h is done once and answered alike; something else with it is refused with 422 */
        "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
        /** @description `wait=10`: answer when it is done or refused, at the latest after so many seconds (60) */
        Prefer?: components["parameters"]["Prefer"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** @description stream: start, stop, failover, return, abort, release, add-window, remove-window, change-session, drill; encoder: maintenance, in-service, repair, reject-repair, sync, practise, release, restore-power, cooldown, reboot, power-cycle, start-stream, stop-stream, start-recording, stop-recording, recall-preset, select-profile, list-clips; storage: retire, bring-back, move-recording; site: off-air, open-session, override-freeze */
          verb: string;
          args?: {
            to?: string;
            unproven?: boolean;
            window?: components["schemas"]["WindowRuleInput"];
            windowId?: components["schemas"]["IdInput"];
            why?: string;
            medium?: string;
            preset?: number;
            profile?: number;
            /** @enum {string} */
            of?: "stream" | "recording";
            interrupt?: boolean;
            stream?: components["schemas"]["IdInput"];
            session?: {
              settings: {
                widthPx: number;
                heightPx: number;
                framesPerSecond: number;
                videoBps: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              /** @enum {string} */
              input: "device" | "push";
              anyInput?: boolean;
              /** @enum {string} */
              strategy?: "weighted" | "least_connections" | "round_robin";
              endsAfterMs?: number;
              once?: string;
              sealTo?: {
                /** @enum {string} */
                kty: "OKP";
                /** @enum {string} */
                crv: "X25519";
                x: string;
              };
            };
            change?: {
              settings: {
                widthPx?: number;
                heightPx?: number;
                framesPerSecond?: number;
                videoBps?: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              restart?: boolean;
              ifRevision?: number;
            };
            consent?: string;
          };
          /** @default 30000 */
          ttlMs?: number;
          /** @default false */
          dryRun?: boolean;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
      /** @description Accepted */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
    };
  };
  listStreams: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `nextCursor` of the page before */
        cursor?: string;
        site?: string;
      };
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["StreamItem"][];
            nextCursor: string | null;
          };
        };
      };
    };
  };
  openSession: {
    parameters: {
      query?: never;
      header?: {
        /** @description A word of your own. What comes again with it within 24 h is done once and answered alike; something else with it is refused with 422 */
        "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          resolution: string;
          /** @description bit/s: 5000000, 5000k or 5M */
          bitrate: number | string;
          fps: number;
          /** @description bit/s: 5000000, 5000k or 5M */
          audio_bitrate?: number | string;
          /** @description seconds */
          keyframe_interval?: number;
          /** @description else the only one you see, else the best */
          site_id?: string;
          /**
           * @description device: what is plugged into the encoder; push: you publish it to rtmp_url; else push where the site has ingests for sessions
           * @enum {string}
           */
          input?: "device" | "push";
          /**
           * @description how the encoder is picked among those that can take it
           * @default weighted
           * @enum {string}
           */
          strategy?: "weighted" | "least_connections" | "round_robin";
          /** @description seconds; else it lasts until DELETE */
          ends_after?: number;
          /**
           * @description say what would be chosen, and do nothing
           * @default false
           */
          dry_run?: boolean;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["StreamSession"];
        };
      };
      /** @description Created */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["StreamSession"];
        };
      };
    };
  };
  validateStream: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          resolution: string;
          /** @description bit/s: 5000000, 5000k or 5M */
          bitrate: number | string;
          fps: number;
          /** @description bit/s: 5000000, 5000k or 5M */
          audio_bitrate?: number | string;
          /** @description seconds */
          keyframe_interval?: number;
          /** @enum {string} */
          protocol?: "rtmp" | "rtmps" | "srt" | "hls";
          /** @description judged by its form, kept nowhere */
          stream_key?: string;
          /**
           * @default rtmp
           * @enum {string}
           */
          destination?: "youtube" | "facebook" | "twitch" | "rtmp" | "srt" | "hls";
          /** @description `<site>~<id>`, or the bare id where only one site has it */
          encoder_id?: string;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["StreamJudgement"];
        };
      };
    };
  };
  getStream: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["StreamItem"];
        };
      };
    };
  };
  endSession: {
    parameters: {
      query?: never;
      header?: {
        /** @description Only while the `ETag` is this one; else 412 */
        "If-Match"?: components["parameters"]["If-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["StreamSessionEnd"];
        };
      };
      /** @description Accepted */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["StreamSessionEnd"];
        };
      };
    };
  };
  commandStream: {
    parameters: {
      query?: never;
      header?: {
        /** @description A word of your own. What comes again with it within 24 h is done once and answered alike; something else with it is refused with 422 */
        "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
        /** @description `wait=10`: answer when it is done or refused, at the latest after so many seconds (60) */
        Prefer?: components["parameters"]["Prefer"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** @description stream: start, stop, failover, return, abort, release, add-window, remove-window, change-session, drill; encoder: maintenance, in-service, repair, reject-repair, sync, practise, release, restore-power, cooldown, reboot, power-cycle, start-stream, stop-stream, start-recording, stop-recording, recall-preset, select-profile, list-clips; storage: retire, bring-back, move-recording; site: off-air, open-session, override-freeze */
          verb: string;
          args?: {
            to?: string;
            unproven?: boolean;
            window?: components["schemas"]["WindowRuleInput"];
            windowId?: components["schemas"]["IdInput"];
            why?: string;
            medium?: string;
            preset?: number;
            profile?: number;
            /** @enum {string} */
            of?: "stream" | "recording";
            interrupt?: boolean;
            stream?: components["schemas"]["IdInput"];
            session?: {
              settings: {
                widthPx: number;
                heightPx: number;
                framesPerSecond: number;
                videoBps: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              /** @enum {string} */
              input: "device" | "push";
              anyInput?: boolean;
              /** @enum {string} */
              strategy?: "weighted" | "least_connections" | "round_robin";
              endsAfterMs?: number;
              once?: string;
              sealTo?: {
                /** @enum {string} */
                kty: "OKP";
                /** @enum {string} */
                crv: "X25519";
                x: string;
              };
            };
            change?: {
              settings: {
                widthPx?: number;
                heightPx?: number;
                framesPerSecond?: number;
                videoBps?: number;
                audioBps?: number;
                keyframeEveryS?: number;
              };
              restart?: boolean;
              ifRevision?: number;
            };
            consent?: string;
          };
          /** @default 30000 */
          ttlMs?: number;
          /** @default false */
          dryRun?: boolean;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
      /** @description Accepted */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CommandItem"];
        };
      };
    };
  };
  getSession: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["StreamSessionConfig"];
        };
      };
    };
  };
  changeSession: {
    parameters: {
      query?: never;
      header?: {
        /** @description Only while the `ETag` is this one; else 412 */
        "If-Match"?: components["parameters"]["If-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          resolution?: string;
          /** @description bit/s: 5000000, 5000k or 5M */
          bitrate?: number | string;
          fps?: number;
          /** @description bit/s: 5000000, 5000k or 5M */
          audio_bitrate?: number | string;
          /** @description seconds */
          keyframe_interval?: number;
          /**
           * @description where that cannot be changed on air: stop the stream for it, and start it again
           * @default false
           */
          restart?: boolean;
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["StreamSessionConfig"];
        };
      };
    };
  };
  getStreamHealth: {
    parameters: {
      query?: never;
      header?: {
        /** @description While the `ETag` is this one: 304 and no body */
        "If-None-Match"?: components["parameters"]["If-None-Match"];
      };
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            epoch?: string;
            seq?: number;
            session?: string;
            at: string | null;
            name?: string;
            /** @enum {string} */
            carriage: "onAir" | "offAir" | "notKnown" | "notExpected" | "unknown";
            /** @enum {string} */
            carrier:
              | "stopped"
              | "starting"
              | "carried"
              | "suspect"
              | "remediating"
              | "fencing"
              | "takingOver"
              | "holding"
              | "waitingForFence"
              | "returning"
              | "needsHuman"
              | "unknown";
            /** @enum {string} */
            understudy: "ready" | "warming" | "none" | "unknown";
            destination?: components["schemas"]["Id"];
            /**
             * @default unknown
             * @enum {string}
             */
            takeover?: "exclusive" | "primaryBackup" | "lastWins" | "firstWins" | "unknown";
            encoder?: components["schemas"]["Id"] | null;
            output?: components["schemas"]["Id"] | null;
            understudyEncoder?: components["schemas"]["Id"] | null;
            encoders?: components["schemas"]["Id"][];
            understudies?: ({
              encoder: components["schemas"]["Id"];
              /**
               * @default unknown
               * @enum {string}
               */
              role: "understudy" | "spare" | "unknown";
              /**
               * @default unknown
               * @enum {string}
               */
              wants: "cold" | "warm" | "hot" | "unknown";
              /**
               * @default unknown
               * @enum {string}
               */
              is: "none" | "cold" | "warm" | "hot" | "unknown";
              isAsWanted?: boolean;
              hindrance?: string;
              inUseFor?: components["schemas"]["Id"];
            } & {
              [key: string]: unknown;
            })[];
            /**
             * @default unknown
             * @enum {string}
             */
            path?: "direct" | "relayed" | "unknown";
            relay?:
              | ({
                  /**
                   * @default unknown
                   * @enum {string}
                   */
                  health: "running" | "starting" | "lost" | "off" | "unknown";
                  selected: components["schemas"]["Id"] | null;
                  since: string | null;
                  /**
                   * @default unknown
                   * @enum {string}
                   */
                  reason:
                    | "start"
                    | "preferred"
                    | "silent"
                    | "late"
                    | "damaged"
                    | "timestamps"
                    | "notEligible"
                    | "noInput"
                    | "unknown";
                  generation: number;
                  inputs: ({
                    encoder: components["schemas"]["Id"];
                    brings: boolean;
                    carried?:
                      | ({
                          captions: boolean;
                          activeFormat: boolean;
                          timecode?: boolean;
                          /**
                           * @default unknown
                           * @enum {string}
                           */
                          scan: "progressive" | "interlaced" | "unknown";
                          sounds: ({
                            language: string | null;
                            channels: number | null;
                            sampleRateHz?: number | null;
                          } & {
                            [key: string]: unknown;
                          })[];
                          picture?: {
                            widthPx: number;
                            heightPx: number;
                            framesPerSecond: number | null;
                          } & {
                            [key: string]: unknown;
                          };
                          /**
                           * @default unknown
                           * @enum {string}
                           */
                          looks?: "progressive" | "interlaced" | "unknown";
                          colour?: {
                            primaries: string | null;
                            transfer: string | null;
                            matrix: string | null;
                            fullRange: boolean;
                          } & {
                            [key: string]: unknown;
                          };
                        } & {
                          [key: string]: unknown;
                        })
                      | null;
                    lacks?: string[];
                    misfits?: string[];
                    figures?: {
                      bitrateBps?: {
                        value: number;
                        at: string | null;
                        source: string;
                      } & {
                        [key: string]: unknown;
                      };
                      spreadRatio?: {
                        value: number;
                        at: string | null;
                        source: string;
                      } & {
                        [key: string]: unknown;
                      };
                      avDriftMs?: {
                        value: number;
                        at: string | null;
                        source: string;
                      } & {
                        [key: string]: unknown;
                      };
                      continuityErrors?: {
                        value: number;
                        at: string | null;
                        source: string;
                      } & {
                        [key: string]: unknown;
                      };
                      latencyMs?: {
                        value: number;
                        at: string | null;
                        source: string;
                      } & {
                        [key: string]: unknown;
                      };
                    } & {
                      [key: string]: unknown;
                    };
                    faults?: ({
                      /**
                       * @default unknown
                       * @enum {string}
                       */
                      fault: "bitrate" | "avDrift" | "unknown";
                      since: string | null;
                    } & {
                      [key: string]: unknown;
                    })[];
                  } & {
                    [key: string]: unknown;
                  })[];
                  figures?: {
                    latencyMs?: {
                      value: number;
                      at: string | null;
                      source: string;
                    } & {
                      [key: string]: unknown;
                    };
                  } & {
                    [key: string]: unknown;
                  };
                  switches: number;
                  missingMs: number;
                  splices?: {
                    isThere: boolean | null;
                    damaged: number;
                    missed: number;
                    last:
                      | ({
                          number: number;
                          eventId: number | null;
                          direction: ("out" | "in" | "unknown") | null;
                          cancelled: boolean;
                          leadMs: number | null;
                          durationMs: number | null;
                        } & {
                          [key: string]: unknown;
                        })
                      | null;
                  } & {
                    [key: string]: unknown;
                  };
                  /**
                   * @default unknown
                   * @enum {string}
                   */
                  slate?: "none" | "ready" | "on" | "unknown";
                  slateBeganAt?: string | null;
                  slateFormat?: {
                    widthPx: number;
                    heightPx: number;
                    framesPerSecond: number;
                    colour?: {
                      primaries: string | null;
                      transfer: string | null;
                      matrix: string | null;
                      fullRange: boolean;
                    } & {
                      [key: string]: unknown;
                    };
                    sounds: ({
                      sampleRateHz: number;
                      channels: number;
                      language: string | null;
                    } & {
                      [key: string]: unknown;
                    })[];
                    /**
                     * @default unknown
                     * @enum {string}
                     */
                    from: "input" | "configuration" | "default" | "unknown";
                  } & {
                    [key: string]: unknown;
                  };
                  fellBack?:
                    | ({
                        since: string | null;
                        because: string;
                      } & {
                        [key: string]: unknown;
                      })
                    | null;
                } & {
                  [key: string]: unknown;
                })
              | null;
            keyGeneration?: number;
            since?: string | null;
            because: string | null;
            incident?:
              | ({
                  id: string;
                  stream: components["schemas"]["Id"];
                  cause: string;
                  openedAt: string | null;
                  closedAt: string | null;
                  /**
                   * @default unknown
                   * @enum {string}
                   */
                  outcome:
                    | "open"
                    | "recovered"
                    | "tookOver"
                    | "restarted"
                    | "needsHuman"
                    | "aborted"
                    | "stopped"
                    | "unknown";
                  from: components["schemas"]["Id"] | null;
                  to: components["schemas"]["Id"] | null;
                  offAirMs: number | null;
                  slateMs?: number;
                  segments: {
                    detectMs: number | null;
                    decideMs: number | null;
                    fenceMs: number | null;
                    startMs: number | null;
                    confirmMs: number | null;
                  } & {
                    [key: string]: unknown;
                  };
                  certificate:
                    | ({
                        level: number;
                        encoder: components["schemas"]["Id"];
                        output: components["schemas"]["Id"];
                        destination: components["schemas"]["Id"];
                        evidence: string[];
                        at: string | null;
                      } & {
                        [key: string]: unknown;
                      })
                    | null;
                  recordingGaps?: ({
                    encoder: components["schemas"]["Id"];
                    by: components["schemas"]["Id"];
                    to: string | null;
                    ms: number;
                    because: string;
                    coveredBy: components["schemas"]["Id"] | null;
                  } & {
                    [key: string]: unknown;
                  })[];
                  timeline: ({
                    at: string | null;
                    what: string;
                  } & {
                    [key: string]: unknown;
                  })[];
                } & {
                  [key: string]: unknown;
                })
              | null;
            content?: {
              views: ({
                of: string;
                /**
                 * @default unknown
                 * @enum {string}
                 */
                picture: "seen" | "unknown";
                /**
                 * @default unknown
                 * @enum {string}
                 */
                sound: "heard" | "silent" | "unknown";
                faults: ({
                  /**
                   * @default unknown
                   * @enum {string}
                   */
                  fault: "lost" | "black" | "frozen" | "silent" | "loudness" | "unknown";
                  /**
                   * @default unknown
                   * @enum {string}
                   */
                  does: "off" | "observe" | "act" | "unknown";
                  since: string | null;
                } & {
                  [key: string]: unknown;
                })[];
                figures?: {
                  shortTermLufs?: {
                    value: number;
                    at: string | null;
                    source: string;
                  } & {
                    [key: string]: unknown;
                  };
                  integratedLufs?: {
                    value: number;
                    at: string | null;
                    source: string;
                  } & {
                    [key: string]: unknown;
                  };
                } & {
                  [key: string]: unknown;
                };
              } & {
                [key: string]: unknown;
              })[];
              comparison:
                | ({
                    carrier: components["schemas"]["Id"];
                    with: components["schemas"]["Id"];
                    /**
                     * @default unknown
                     * @enum {string}
                     */
                    word: "same" | "different" | "cannotTell" | "unknown";
                    because: string;
                    at: string | null;
                  } & {
                    [key: string]: unknown;
                  })
                | null;
              quality?: {
                encoder: components["schemas"]["Id"] | null;
                figures: {
                  ssim?: {
                    value: number;
                    at: string | null;
                    source: string;
                  } & {
                    [key: string]: unknown;
                  };
                  psnrDb?: {
                    value: number;
                    at: string | null;
                    source: string;
                  } & {
                    [key: string]: unknown;
                  };
                } & {
                  [key: string]: unknown;
                };
                because: string | null;
                lowBeganAt: string | null;
              } & {
                [key: string]: unknown;
              };
            } & {
              [key: string]: unknown;
            };
            missesProgramme?:
              | ({
                  cause: string;
                  since: string | null;
                } & {
                  [key: string]: unknown;
                })
              | null;
            eventEndsAt?: string | null;
            budgetLeft?: number;
            latched?: ("moves" | "returns" | "unknown")[];
            legs?: ({
              /**
               * @default unknown
               * @enum {string}
               */
              leg: "primary" | "backup" | "unknown";
              encoder: components["schemas"]["Id"];
              /**
               * @default unknown
               * @enum {string}
               */
              state: "stopped" | "starting" | "publishing" | "lost" | "unknown";
            } & {
              [key: string]: unknown;
            })[];
            schedule?: {
              /**
               * @default unknown
               * @enum {string}
               */
              phase: "always" | "off" | "frozen" | "lineUp" | "on" | "unknown";
              window:
                | ({
                    name?: string;
                    startsAt: string | null;
                    endsAt: string | null;
                    /**
                     * @default unknown
                     * @enum {string}
                     */
                    from?: "configuration" | "calendar" | "command" | "unknown";
                  } & {
                    [key: string]: unknown;
                  })
                | null;
              next: ({
                name?: string;
                startsAt: string | null;
                endsAt: string | null;
                /**
                 * @default unknown
                 * @enum {string}
                 */
                from?: "configuration" | "calendar" | "command" | "unknown";
              } & {
                [key: string]: unknown;
              })[];
              startMissed: boolean;
              rules: ({
                id: components["schemas"]["Id"];
                name?: string;
                start: string;
                zone: string;
                durationMs: number;
                rrule?: string;
              } & {
                [key: string]: unknown;
              })[];
            } & {
              [key: string]: unknown;
            };
            lineUp?:
              | ({
                  at: string | null;
                  items: ({
                    /**
                     * @default unknown
                     * @enum {string}
                     */
                    item:
                      | "input"
                      | "audio"
                      | "sameProgramme"
                      | "understudy"
                      | "recording"
                      | "clock"
                      | "key"
                      | "fencePath"
                      | "ownWill"
                      | "unknown";
                    /**
                     * @default unknown
                     * @enum {string}
                     */
                    result: "ok" | "notOk" | "unknown";
                    message: string;
                    source: string | null;
                  } & {
                    [key: string]: unknown;
                  })[];
                } & {
                  [key: string]: unknown;
                })
              | null;
            drill?: {
              underWay:
                | ({
                    by: string;
                    beganAt: string | null;
                    /**
                     * @default unknown
                     * @enum {string}
                     */
                    leg: "away" | "back" | "unknown";
                    from: components["schemas"]["Id"];
                    to: components["schemas"]["Id"];
                  } & {
                    [key: string]: unknown;
                  })
                | null;
              last:
                | ({
                    id: string;
                    by: string;
                    beganAt: string | null;
                    endedAt: string | null;
                    /**
                     * @default unknown
                     * @enum {string}
                     */
                    result: "passed" | "failed" | "broken" | "unknown";
                    because: string | null;
                    legs: ({
                      from: components["schemas"]["Id"];
                      to: components["schemas"]["Id"];
                      offAirMs: number | null;
                      segments: {
                        detectMs: number | null;
                        decideMs: number | null;
                        fenceMs: number | null;
                        startMs: number | null;
                        confirmMs: number | null;
                      } & {
                        [key: string]: unknown;
                      };
                      incident: string;
                    } & {
                      [key: string]: unknown;
                    })[];
                  } & {
                    [key: string]: unknown;
                  })
                | null;
            } & {
              [key: string]: unknown;
            };
            keptFor?:
              | ({
                  id: string;
                  /**
                   * @default unknown
                   * @enum {string}
                   */
                  state: "preparing" | "waiting" | "running" | "restarting" | "ending" | "unknown";
                  by: string;
                  settings: {
                    widthPx: number;
                    heightPx: number;
                    framesPerSecond: number;
                    videoBps: number;
                    audioBps?: number;
                    keyframeEveryS?: number;
                  } & {
                    [key: string]: unknown;
                  };
                  encoder: components["schemas"]["Id"];
                  backup: components["schemas"]["Id"] | null;
                  ingest?: components["schemas"]["Id"];
                  revision: number;
                  openedAt: string | null;
                  endsAt: string | null;
                } & {
                  [key: string]: unknown;
                })
              | null;
            ref: string;
            id: string;
            site: string;
            online: boolean;
            stale: boolean;
            receivedAt: string | null;
            stream_id: string;
            site_id: string;
            encoder_id: string | null;
            backup_encoder_id: string | null;
            /** @enum {string} */
            status: "healthy" | "warning" | "critical" | "unknown";
            /**
             * @description what the site wants
             * @enum {string}
             */
            commanded: "streaming" | "stopped" | "unknown";
            /**
             * @description what the encoder says of itself
             * @enum {string}
             */
            reported: "unknown" | "idle" | "starting" | "streaming" | "failing" | "stopping";
            /**
             * @description what the far end was seen to receive
             * @enum {string}
             */
            observed: "unknown" | "publishing" | "quiet" | "refusing";
            /** @description % of the encoder */
            cpu_usage: number | null;
            /** @description since the encoder's start */
            dropped_frames: number | null;
            /** @description bit/s */
            bitrate: number | null;
            /** @description frames a second */
            fps: number | null;
          } & {
            [key: string]: unknown;
          };
        };
      };
    };
  };
  getSlate: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["SlateItem"];
        };
      };
    };
  };
  putSlatePicture: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "image/png": unknown;
        "image/jpeg": unknown;
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["SlateItem"];
        };
      };
    };
  };
  resetSlate: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["SlateItem"];
        };
      };
    };
  };
  changeSlate: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `<site>~<id>`, or the bare id where only one site has it */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["SlateChangeInput"];
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["SlateItem"];
        };
      };
    };
  };
  listThumbnails: {
    parameters: {
      query?: {
        /** @description with the pictures themselves */
        pictures?: "true" | "false";
        site?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["ThumbnailItem"][];
          };
        };
      };
    };
  };
  listUsers: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["UserItem"][];
          };
        };
      };
    };
  };
  addUser: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          name: string;
          /** @default null */
          email?: string | null;
          /** @enum {string} */
          role: "admin" | "operator" | "viewer" | "api_client";
          /** @description left out: the answer has an invitation for 7 days */
          password?: string;
          /** @default null */
          sites?: components["schemas"]["IdInput"][] | null;
          /** @default null */
          department?: string | null;
          /** @default null */
          region?: string | null;
          /** @default null */
          shifts?:
            | {
                days: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
                from: string;
                to: string;
                /** @default UTC */
                timeZone?: string;
              }[]
            | null;
        };
      };
    };
    responses: {
      /** @description Created */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            id: string;
            name: string;
            email: string | null;
            /** @enum {string} */
            role: "admin" | "operator" | "viewer" | "api_client";
            sites: components["schemas"]["Id"][] | null;
            department: string | null;
            region: string | null;
            shifts:
              | {
                  days: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
                  from: string;
                  to: string;
                  /** @default UTC */
                  timeZone: string;
                }[]
              | null;
            identities: {
              issuer: string;
              subject: string;
              linkedAt: string | null;
            }[];
            disabled: boolean;
            invited: boolean;
            createdAt: string | null;
            lastLoginAt: string | null;
            invitation?: string;
          };
        };
      };
    };
  };
  getUser: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["UserItem"];
        };
      };
    };
  };
  removeUser: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description No Content */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  changeUser: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** @enum {string} */
          role?: "admin" | "operator" | "viewer" | "api_client";
          sites?: components["schemas"]["IdInput"][] | null;
          department?: string | null;
          region?: string | null;
          shifts?:
            | {
                days: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
                from: string;
                to: string;
                /** @default UTC */
                timeZone?: string;
              }[]
            | null;
          email?: string | null;
          disabled?: boolean;
          password?: string;
          /** @description all there are to be; [] = by none */
          identities?: {
            /** Format: uri */
            issuer: string;
            subject: string;
          }[];
        };
      };
    };
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["UserItem"];
        };
      };
    };
  };
  exportUser: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            user: components["schemas"]["UserItem"];
            sessions: components["schemas"]["SessionItem"][];
            /** @description what this person did, the newest first */
            audit: components["schemas"]["AuditItem"][];
            /** @description false: there is more in GET /audit?actor= */
            auditIsWhole: boolean;
          };
        };
      };
    };
  };
  listUserSessions: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["SessionItem"][];
          };
        };
      };
    };
  };
  endUserSessions: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description No Content */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  listWebhooks: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["WebhookItem"][];
          };
        };
      };
    };
  };
  addWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** Format: uri */
          url: string;
          /** @description left out: all events */
          types?: string[];
          /** @description left out: all sites */
          sites?: components["schemas"]["IdInput"][];
        };
      };
    };
    responses: {
      /** @description Created */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            id: string;
            url: string;
            types: string[] | null;
            sites: string[] | null;
            createdAt: string | null;
            createdBy: string;
            lastDeliveredAt: string | null;
            error: string | null;
            attempts: number;
            nextTryAt: string | null;
            disabledAt: string | null;
            /** @description shown only this once; checks signatures of standardwebhooks.com */
            secret: string;
          };
        };
      };
    };
  };
  removeWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description No Content */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  listDeadEvents: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: {
              event: {
                [key: string]: unknown;
              };
              givenUpAt: string | null;
              error: string;
            }[];
          };
        };
      };
    };
  };
  retryWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            taken: number;
            left: number;
          };
        };
      };
    };
  };
  renewWebhookSecret: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Created */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            id: string;
            url: string;
            types: string[] | null;
            sites: string[] | null;
            createdAt: string | null;
            createdBy: string;
            lastDeliveredAt: string | null;
            error: string | null;
            attempts: number;
            nextTryAt: string | null;
            disabledAt: string | null;
            /** @description shown only this once; checks signatures of standardwebhooks.com */
            secret: string;
          };
        };
      };
    };
  };
  testWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            taken: boolean;
            error: string | null;
          };
        };
      };
    };
  };
}
