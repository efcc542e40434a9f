import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { movedBy, sectionIn, spliceIn } from "../../../machines/stream/scte35.ts";

const read = <T>(name: string): T =>
  JSON.parse(
    readFileSync(new URL(`../../fixtures/scte35/${name}.json`, import.meta.url), "utf8"),
  ) as T;
type Expected = {
  section_length: number;
  encrypted_packet: boolean;
  pts_adjustment: number;
  splice_command_type: number;
  splice_command: {
    splice_time?: { pts_time?: number };
    components?: { splice_time?: { pts_time?: number } }[];
    splice_event_id?: number;
    splice_event_cancel_indicator?: boolean;
    out_of_network_indicator?: boolean;
    break_duration?: { duration: number };
  };
  descriptors: {
    identifier: string;
    splice_descriptor_tag: number;
    segmentation_event_id?: number;
    segmentation_type_id?: number;
    segmentation_duration?: number;
  }[];
};
const { vectors } = read<{ vectors: { id: string; hex: string; expected: Expected }[] }>("valid");
const { vectors: broken } = read<{ vectors: { id: string; hex: string; reason: string }[] }>(
  "invalid",
);
const math = read<{
  effective: { pts_time: number; pts_adjustment: number; effective_pts: number }[];
}>("pts-math");
const sectionOf = (hex: string): Uint8Array => {
  const section = sectionIn(Buffer.from(hex, "hex"));
  if (typeof section === "string") throw new Error(section);
  return section;
};
const wrap = 2 ** 33;

describe("sections that others have published", () => {
  test.for(vectors)("$id is read", ({ hex, expected }) => {
    const section = sectionOf(hex);
    expect(section).toHaveLength(expected.section_length + 3);
    const { splice_command: command, splice_command_type: type, descriptors } = expected;
    const splice = spliceIn(section);
    const times = [command, ...(command.components ?? [])];
    const pts = times.flatMap((it) => it.splice_time?.pts_time ?? [])[0];
    expect(splice.pts).toBe(pts === undefined ? null : (pts + expected.pts_adjustment) % wrap);
    if (type === 5) {
      expect(splice).toMatchObject({
        command: "insert",
        eventId: command.splice_event_id,
        cancelled: command.splice_event_cancel_indicator,
        durationTicks: command.break_duration?.duration ?? null,
      });
      if (!splice.cancelled)
        expect(splice.direction).toBe(command.out_of_network_indicator ? "out" : "in");
    }
    const first = descriptors.find(
      (it) => it.identifier === "CUEI" && it.splice_descriptor_tag === 2,
    );
    if (type === 6) {
      expect(splice.command).toBe("timeSignal");
      expect(splice.eventId).toBe(first?.segmentation_event_id ?? null);
      expect(splice.durationTicks).toBe(first?.segmentation_duration ?? null);
    }
    const outs: Record<number, string> = { 0x34: "out", 0x35: "in", 0x36: "out", 0x37: "in" };
    const told = outs[first?.segmentation_type_id ?? -1];
    if (type === 6 && told) expect(splice.direction).toBe(told);
  });

  test.for(vectors)("$id is moved, and nothing else of it", ({ hex }) => {
    const section = sectionOf(hex);
    expect(Buffer.from(movedBy(section, 0))).toEqual(Buffer.from(section));
    const moved = movedBy(section, 8_000_000_123);
    expect(sectionIn(moved)).toEqual(moved);
    const [was, is] = [spliceIn(section), spliceIn(moved)];
    expect(is).toEqual({
      ...was,
      pts: was.pts === null ? null : (was.pts + 8_000_000_123) % wrap,
    });
    // All but the 33 bits and the checksum.
    const rest = (bytes: Uint8Array) => [bytes[4]! & 0xfe, ...bytes.slice(9, -4)];
    expect(rest(moved)).toEqual(rest(section));
    expect(Buffer.from(movedBy(moved, -8_000_000_123))).toEqual(Buffer.from(section));
  });

  test.for(broken)("$id is refused: $reason", ({ hex, reason }) => {
    const words: Record<string, string> = {
      crc_mismatch: "checksum",
      wrong_table_id: "table",
      truncated: "truncated",
    };
    expect(sectionIn(Buffer.from(hex, "hex"))).toBe(words[reason]);
  });
});

test.for(math.effective)(
  "$pts_time moved by $pts_adjustment is meant for $effective_pts",
  ({ pts_time, pts_adjustment, effective_pts }) => {
    // A time signal with this time and nothing else.
    const signal = Buffer.from("fc301600000000000000fff00506fe0000000000000000000000", "hex");
    const bare = signal.subarray(0, 25);
    bare.writeUInt16BE(0x3000 | (bare.length - 3), 1);
    bare[14] = 0xfe | (pts_time >= 2 ** 32 ? 1 : 0);
    bare.writeUInt32BE(pts_time % 2 ** 32, 15);
    expect(spliceIn(movedBy(bare, pts_adjustment)).pts).toBe(effective_pts);
  },
);

test("an encrypted section and one with a command nobody knows are moved, too", () => {
  for (const [at, value, command] of [
    [4, 0x80, "encrypted"],
    [13, 0x42, "unknown"],
  ] as const) {
    const section = Buffer.from(vectors[0]!.hex, "hex");
    section[at] = value;
    const moved = movedBy(section, 900);
    expect(sectionIn(moved)).toEqual(moved);
    expect(spliceIn(moved)).toMatchObject({ command, pts: null });
    expect(moved[8]).toBe((section[8]! + 900) & 0xff);
  }
});
