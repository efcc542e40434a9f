/**
 * End-to-end tests that wait most of their minutes for a deadline (a reboot, a fence's 30 s, a minute
 * of proof) and leave the cores to others: they run beside everything else from the start.
 */
export const waiting = [
  "test/e2e/playbooks.e2e.test.ts",
  "test/e2e/heat-and-repair.e2e.test.ts",
  "test/e2e/device-faults.e2e.test.ts",
  "test/e2e/refused.e2e.test.ts",
  "test/e2e/storage.e2e.test.ts",
  "test/e2e/unproven-fence.e2e.test.ts",
  "test/e2e/outlet.e2e.test.ts",
  "test/daemon/drivers/aja-helo/budget.e2e.test.ts",
];
