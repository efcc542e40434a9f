/** What a switched outlet says of itself. */
export type OutletReading = {
  state: "on" | "off" | "unknown";
  /** As it stands in the PDU; compared with the configured name before anything is switched. */
  name?: string;
  /** A delayed command waits in the PDU: nothing else may be asked of the outlet until it is done. */
  commandPending: boolean;
};

/**
 * One outlet of one switched PDU. As with encoders a driver translates and nothing else: limits,
 * names and read-backs are looked after by the one who uses it. Rejects only with `DriverError`
 *, at the latest when `signal` aborts.
 */
export interface OutletDriver {
  /** Others on the network could forge its answers (SNMP v1 and v2c). */
  readonly isSpoofable: boolean;
  poll(signal: AbortSignal): Promise<OutletReading>;
  /** `cycle`: off and on again by the PDU itself, so that a lost network cannot leave it off. */
  turn(to: "on" | "off" | "cycle", signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
