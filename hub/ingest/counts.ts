/** What arrived since the hub started, for `/metrics` and `/health`. */
export type IngestCounts = {
  events: number;
  duplicates: number;
  gaps: number;
  replays: number;
  quarantined: number;
  /** Messages on topics that are not in the contract. */
  strange: number;
  failedCommits: number;
};

export const noneYet = (): IngestCounts => ({
  events: 0,
  duplicates: 0,
  gaps: 0,
  replays: 0,
  quarantined: 0,
  strange: 0,
  failedCommits: 0,
});
