/**
 * How a kind of box is told from others on a network that nobody has described yet. A recogniser
 * looks and never logs in, never writes: it is given eyes that can do no more. It knows nothing of
 * addresses, ports and pace; those belong to the one who looks around.
 */

/** One HTTP answer, whatever it is. */
export type HttpLook = {
  status: number;
  body: string;
  /** The headers `Server` and `WWW-Authenticate`. */
  server?: string;
  challenge?: string;
};
export type HttpEyes = {
  /** GET without any credentials. Rejects with `DriverError`; no need to catch it. */
  get(path: string): Promise<HttpLook>;
};

export type SnmpEyes = {
  /** SNMPv2-MIB system group, as far as the agent tells it. */
  system: { description?: string; objectId?: string; name?: string };
  /** Texts of the column below `oid`, by index. Rejects with `DriverError`; no need to catch it. */
  texts(oid: string): Promise<ReadonlyMap<string, string>>;
  text(oid: string): Promise<string | undefined>;
};

/** What was recognised. Texts are as the box gave them; the one who prints them cleans them. */
export type Found = {
  /** What people call this kind of box: `AJA HELO`. */
  kind: string;
  /** `likely`: others look the same from outside. `possible`: only good for watching. */
  certainty: "certain" | "likely" | "possible";
  /** What was seen that says so. */
  because: string;
  /** What it did not tell, or not without a login. */
  untold: readonly string[];
  name?: string | undefined;
  model?: string | undefined;
  serialNumber?: string | undefined;
  firmware?: string | undefined;
  /** Whether it let us read without a login. Left out where that cannot be said. */
  login?: "none" | "wanted";
  /**
   * Entries for the site's configuration beside `id`, `driver`, host, port and access, as they are
   * written there. A PDU has one per outlet, an encoder one.
   */
  entries: readonly { name?: string | undefined; keys: Readonly<Record<string, unknown>> }[];
};

type Any = {
  /** As it stands under `driver:`. */
  driver: string;
  section: "encoders" | "outlets" | "storages";
};
export type HttpRecogniser = Any & {
  over: "http";
  /** The vendor's own first password, as manuals print it; compared with, never tried. */
  factoryPasswords: readonly string[];
  recognise(eyes: HttpEyes): Promise<Found | undefined>;
};
export type SnmpRecogniser = Any & {
  over: "snmp";
  /** Below which `sysObjectID` says that it may be one. Agents that tell none are always looked at. */
  objectIds: readonly string[];
  recognise(eyes: SnmpEyes): Promise<Found | undefined>;
};
export type Recogniser = HttpRecogniser | SnmpRecogniser;
