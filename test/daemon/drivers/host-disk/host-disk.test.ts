import type { StatsFs } from "node:fs";
import { expect, test } from "vitest";
import { openHostDisk } from "../../../../daemon/drivers/host-disk/host-disk.ts";
import { openLooks, type Statfs } from "../../../../daemon/drivers/host-disk/looks.ts";
import { mountOf, parseMounts } from "../../../../daemon/drivers/host-disk/mounts.ts";
import { HostDiskOptions } from "../../../../daemon/drivers/host-disk/options.ts";

const mounts = `21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw shared:2 - proc proc rw
23 21 8:17 / /srv/recordings rw,relatime shared:3 master:4 - exfat /dev/sdb1 rw,uid=0
24 21 0:41 / /mnt/nas rw - nfs4 nas:/export rw,vers=4.2
25 21 0:42 / /mnt/with\\040blank ro - cifs //nas/share rw,vers=3.0
26 21 9:0 / /srv/array rw - ext4 /dev/md0 rw
27 21 8:33 / /mnt/twice rw - vfat /dev/sdc1 rw
28 21 8:49 / /mnt/twice rw - ext4 /dev/sdd1 ro
29 21 0:43 / /mnt/sshfs rw - fuse.sshfs key rw
30 21 8:1 /data /data rw - ext4 /dev/sda1 rw
31 26 9:0 /today /srv/array/today rw - ext4 /dev/md0 rw
32 21 9:0 /shows /data/shows rw - ext4 /dev/md0 rw
`;
const space = { bsize: 4_096, blocks: 1_000, bfree: 300, bavail: 250, files: 100, ffree: 50 };
const signal = () => AbortSignal.timeout(5_000);

/** @param statfs what the kernel answers, by path */
function aHost(paths: (string | object)[], statfs: Statfs = async () => space as StatsFs) {
  const places = paths.map((path) => (typeof path === "string" ? { path } : path));
  const options = HostDiskOptions.parse({ places, lookLimitMs: 100 });
  return openHostDisk(options, openLooks(statfs), async () => mounts);
}
const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

test("a mounted disk is told with what a writer who is not root may still use", async () => {
  expect(await aHost(["/srv/recordings"]).poll(signal())).toEqual([
    {
      ...{ id: "/srv/recordings", kind: "disk", isNetwork: false, condition: "ok" },
      ...{ fileSystem: "exfat", isWriteProtected: false, source: "statfs" },
      ...{ freeBytes: 250 * 4_096, totalBytes: 1_000 * 4_096, freeRatio: 0.25 },
    },
  ]);
});

test("with fewer inodes than blocks left, the inodes are what is left", async () => {
  const few = async () => ({ ...space, ffree: 1 }) as StatsFs;
  expect(await aHost(["/srv/recordings"], few).poll(signal())).toMatchObject([{ freeRatio: 0.01 }]);
  const none = async () => ({ ...space, files: 0, ffree: 0 }) as StatsFs;
  expect(await aHost(["/mnt/nas"], none).poll(signal())).toMatchObject([{ freeRatio: 0.25 }]);
});

test.each([
  { path: "/mnt/nas", kind: "nfs", isNetwork: true, isWriteProtected: false },
  { path: "/mnt/with blank", kind: "smb", isNetwork: true, isWriteProtected: true },
  { path: "/mnt/sshfs", kind: "disk", isNetwork: true, isWriteProtected: false },
  { path: "/srv/array", kind: "raid", isNetwork: false, isWriteProtected: false },
  { path: "/mnt/twice/", kind: "disk", isNetwork: false, isWriteProtected: true },
])("$path is $kind, network $isNetwork, read only $isWriteProtected", async ({ path, ...is }) => {
  expect(await aHost([path]).poll(signal())).toMatchObject([{ id: path, ...is }]);
});

test("a folder with nothing mounted on it is missing, unless it is meant to be a folder", async () => {
  const plain = { path: "/srv/recordings/today", mountPoint: false };
  expect(await aHost(["/mnt/usb", plain]).poll(signal())).toMatchObject([
    { id: "/mnt/usb", condition: "missing" },
    { id: "/srv/recordings/today", condition: "ok", fileSystem: "exfat" },
  ]);
});

test("a folder that systemd mounts where it is, so that it may be written to, is no disk", async () => {
  expect(await aHost(["/data", "/srv/array/today", "/data/shows"]).poll(signal())).toMatchObject([
    { id: "/data", condition: "missing" },
    { id: "/srv/array/today", condition: "missing" },
    { id: "/data/shows", condition: "ok" },
  ]);
});

test("the mount above a path is the nearest, not one with a like name", () => {
  const all = parseMounts(mounts);
  expect(mountOf(all, "/srv/recordings2")?.point).toBe("/");
  expect(mountOf(all, "/srv/recordings/a/b")?.point).toBe("/srv/recordings");
  expect(parseMounts("short line\n\n")).toEqual([]);
});

test.each([
  { code: "ENOENT", condition: "missing" },
  { code: "EIO", condition: "failing" },
  { code: "ESTALE", condition: "failing" },
  { code: "ENOTCONN", condition: "failing" },
])("$code means $condition", async ({ code, condition }) => {
  const [medium] = await aHost(["/mnt/nas"], failing(code)).poll(signal());
  expect(medium).toMatchObject({ id: "/mnt/nas", condition });
  expect(medium).not.toHaveProperty("freeBytes");
});

test("what may not be looked at is not known", async () => {
  await expect(aHost(["/mnt/nas"], failing("EACCES")).poll(signal())).rejects.toMatchObject({
    code: "timeout",
  });
});

test("a share that hangs is left out, the disk beside it is told, and it is asked once", async () => {
  let asked = 0;
  let answer: ((space: StatsFs) => void) | undefined;
  const host = aHost(["/mnt/nas", "/srv/recordings"], (path) => {
    if (path !== "/mnt/nas") return Promise.resolve(space as StatsFs);
    asked += 1;
    return new Promise((resolve) => (answer = resolve));
  });
  for (let poll = 0; poll < 3; poll++) {
    expect((await host.poll(signal())).map(({ id }) => id)).toEqual(["/srv/recordings"]);
  }
  expect(asked).toBe(1);
  answer?.(space as StatsFs);
  expect((await host.poll(signal())).map(({ id }) => id)).toEqual(["/mnt/nas", "/srv/recordings"]);
});

test("however many shares hang, two threads wait for them, and a local disk is told", async () => {
  let asked = 0;
  const looks = openLooks((path) => {
    if (path === "/local") return Promise.resolve(space as StatsFs);
    asked += 1;
    return new Promise(() => undefined);
  });
  const paths = Array.from({ length: 8 }, (_, n) => `/mnt/${n}`);
  const seen = await Promise.all(
    paths.map((path) => looks.look(path, true, AbortSignal.timeout(50))),
  );
  expect(seen).toEqual(paths.map(() => "noAnswer"));
  expect(asked).toBe(2);
  expect(await looks.look("/local", false, signal())).toEqual({ space });
});

test("when nothing answers, it is a timeout", async () => {
  const host = aHost(["/mnt/nas"], () => new Promise(() => undefined));
  await expect(host.poll(signal())).rejects.toMatchObject({ code: "timeout" });
});

test("this host's own root is read from the real kernel", async () => {
  const options = HostDiskOptions.parse({ places: [{ path: "/" }] });
  const [root] = await openHostDisk(options).poll(signal());
  expect(root).toMatchObject({ id: "/", source: "statfs" });
  expect(root?.totalBytes).toBeGreaterThan(0);
});
