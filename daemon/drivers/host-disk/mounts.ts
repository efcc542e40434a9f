/** What is mounted, from `/proc/self/mounts`: reading that asks no file server anything. */
import type { MediumReading } from "../../../machines/storage/medium.ts";

export type Mount = { device: string; point: string; fileSystem: string; isReadOnly: boolean };

/** In the order of mounting. A blank, tab, line end or backslash in a name is written in octal. */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [device, point, fileSystem, options] = line.split(" ");
    if (device === undefined || point === undefined) return [];
    if (fileSystem === undefined || options === undefined) return [];
    const isReadOnly = options.split(",").includes("ro");
    return [{ device: plain(device), point: plain(point), fileSystem, isReadOnly }];
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

export const isMountedAt = (mount: Mount | undefined, path: string) =>
  mount?.point === withoutEnd(path);

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
