/**
 * What was seen while proving an encoder off a stream key. The driver and the observers gather;
 * `certificateFrom` judges. Silence is never in this list: "no answer" proves nothing.
 */
export type FenceEvidence =
  /** Level 1: the device said "not streaming", this many times in a row, ≥ one poll apart. */
  | {
      kind: "deviceNotStreaming";
      reads: number;
      /** Read back since its last boot: it will not start again by itself. */
      selfStartOff: boolean;
      /** Other outputs of the device that the stop took down with this one. */
      endedToo?: string[];
      atMs: number;
    }
  /** Level 2: our own process: its lock is free, and nothing of it is still being sent. */
  | { kind: "processGone"; lockFree: boolean; unsentBytes: number; atMs: number }
  /** Level 3: the far end had no publisher on this key all that time. */
  | { kind: "noPublisher"; forMs: number; observer: string; atMs: number }
  /** Level 3: the far end threw it out and will not let it in again. */
  | { kind: "keyBlocked"; observer: string; atMs: number }
  /** Level 4: outlet or port off, read back on a path that does not pass the device. */
  | {
      kind: "outletOff";
      outlet: string;
      /** The PDU was asked in a way that others on the network could forge (SNMP v1, v2c). */
      isSpoofable: boolean;
      atMs: number;
    };
