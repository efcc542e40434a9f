/**
 * End-to-end tests that wait most of their time for a deadline (a reboot, a fence's 30 s, a minute of
 * proof) or a far end, and leave the cores to others: they run beside everything else from the start.
 */
export const waiting = [
  "test/e2e/playbooks.e2e.test.ts",
  "test/e2e/heat-and-repair.e2e.test.ts",
  "test/e2e/device-faults.e2e.test.ts",
  "test/e2e/refused.e2e.test.ts",
  "test/e2e/storage.e2e.test.ts",
  "test/e2e/unproven-fence.e2e.test.ts",
  "test/e2e/outlet.e2e.test.ts",
  "test/e2e/commissioning.e2e.test.ts",
  "test/e2e/events.e2e.test.ts",
  "test/e2e/takeover-policies.e2e.test.ts",
  "test/e2e/uplink.e2e.test.ts",
  "test/daemon/content/spool-view.e2e.test.ts",
  "test/daemon/content/view.e2e.test.ts",
  "test/daemon/drivers/aja-helo/aja-helo.e2e.test.ts",
  "test/daemon/drivers/aja-helo/budget.e2e.test.ts",
  "test/daemon/ingest/hls.e2e.test.ts",
  "test/daemon/ingest/pulled.e2e.test.ts",
  "test/daemon/observers/observers.e2e.test.ts",
  "test/fakes/rtmp-far-end/rtmp-far-end.e2e.test.ts",
];
