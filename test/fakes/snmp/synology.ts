/** A Synology NAS as its MIBs show it: volumes and disks, which a test may change at any time. */
import type { SnmpAccess } from "../../../daemon/drivers/shared/snmp/access.ts";
import { counter64, integer, startFakeAgent, text, ticks } from "./agent.ts";
import type { Cell, FakeAgent } from "./agent.ts";

export type FakeVolume = { name: string; status: number; freeBytes: bigint; totalBytes: bigint };
export type FakeDisk = {
  id: string;
  model: string;
  status: number;
  temperatureC: number;
  /** Left out by DSM before 7. */
  health?: number;
};

export type FakeSynology = FakeAgent & {
  /** Replaces what the NAS shows. */
  show(volumes: FakeVolume[], disks: FakeDisk[]): void;
};

export const synologyCommunity: SnmpAccess = { version: "v2c", community: "nas may be read" };

const base = "1.3.6.1.4.1.6574";

export async function startFakeSynology(
  volumes: FakeVolume[],
  disks: FakeDisk[],
  access: SnmpAccess[] = [synologyCommunity],
): Promise<FakeSynology> {
  const agent = await startFakeAgent({ access, tree: cellsOf(volumes, disks) });
  return Object.assign(agent, {
    show(newVolumes: FakeVolume[], newDisks: FakeDisk[]) {
      agent.tree.clear();
      for (const [oid, cell] of cellsOf(newVolumes, newDisks)) agent.tree.set(oid, cell);
    },
  });
}

function cellsOf(volumes: FakeVolume[], disks: FakeDisk[]): [string, Cell][] {
  return [
    ["1.3.6.1.2.1.1.3.0", ticks(123_456)],
    [`${base}.1.1.0`, integer(1)],
    ...disks.flatMap(({ id, model, status, temperatureC, health }, row): [string, Cell][] => [
      [`${base}.2.1.1.2.${row}`, text(id)],
      [`${base}.2.1.1.3.${row}`, text(model)],
      [`${base}.2.1.1.5.${row}`, integer(status)],
      [`${base}.2.1.1.6.${row}`, integer(temperatureC)],
      ...(health === undefined
        ? []
        : [[`${base}.2.1.1.13.${row}`, integer(health)] as [string, Cell]]),
    ]),
    ...volumes.flatMap(({ name, status, freeBytes, totalBytes }, row): [string, Cell][] => [
      [`${base}.3.1.1.2.${row}`, text(name)],
      [`${base}.3.1.1.3.${row}`, integer(status)],
      [`${base}.3.1.1.4.${row}`, counter64(freeBytes)],
      [`${base}.3.1.1.5.${row}`, counter64(totalBytes)],
    ]),
  ];
}
