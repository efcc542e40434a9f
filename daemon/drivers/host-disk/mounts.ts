/** What is mounted, from `/proc/self/mountinfo`: reading that asks no file server anything. */
import { join, relative } from "node:path";
import type { MediumReading } from "../../../machines/storage/medium.ts";

export type Mount = {
  device: string;
  point: string;
  fileSystem: string;
  isReadOnly: boolean;
  /** Of the file system: its number in the kernel, and the folder in it that is seen here. */
  number: string;
  root: string;
};

/** In the order of mounting. A blank, tab, line end or backslash in a name is written in octal. */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [own = "", ofFileSystem = ""] = line.split(" - ");
    const [, , number, root, point, options] = own.split(" ");
    const [fileSystem, device, more] = ofFileSystem.split(" ");
    if (number === undefined || root === undefined || point === undefined) return [];
    if (fileSystem === undefined || device === undefined) return [];
    const isReadOnly = `${options},${more}`.split(",").includes("ro");
    const names = { device: plain(device), point: plain(point), root: plain(root) };
    return [{ ...names, number, fileSystem, isReadOnly }];
  });
}

const plain = (name: string) =>
  name.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

/** What a path lies on: the longest mount point above it; of several on one point, the last. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const clean = withoutEnd(path);
  const isAbove = (point: string) =>
    point === "/" || clean === point || clean.startsWith(`${point}/`);
  return mounts.reduce<Mount | undefined>(
    (best, mount) =>
      isAbove(mount.point) && mount.point.length >= (best?.point.length ?? 0) ? mount : best,
    undefined,
  );
}

/**
 * Whether something else than the folder itself is at this path. systemd mounts what a unit may write
 * to (`ReadWritePaths`) where it is already: that is no disk.
 */
export function isMountedAt(mounts: readonly Mount[], path: string): boolean {
  const point = withoutEnd(path);
  const mount = mountOf(mounts, point);
  if (mount?.point !== point) return false;
  const below = mountOf(
    mounts.filter((other) => other.point !== point),
    point,
  );
  return (
    mount.number !== below?.number || mount.root !== join(below.root, relative(below.point, point))
  );
}

const withoutEnd = (path: string) => (path === "/" ? path : path.replace(/\/+$/, ""));

/** Their server may be away, and then whoever asks them waits in the kernel. */
const overNetwork =
  /^(nfs4?|cifs|smb3|smbfs|ceph|lustre|afs|9p|fuse\.(sshfs|glusterfs|ceph.*|s3fs|rclone|davfs))$/;

export function kindOf({ fileSystem, device }: Mount): Pick<MediumReading, "kind" | "isNetwork"> {
  const isNetwork = overNetwork.test(fileSystem);
  if (/^nfs4?$/.test(fileSystem)) return { kind: "nfs", isNetwork };
  if (/^(cifs|smb3|smbfs)$/.test(fileSystem)) return { kind: "smb", isNetwork };
  return { kind: /^\/dev\/md/.test(device) ? "raid" : "disk", isNetwork };
}
