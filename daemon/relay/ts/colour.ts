/** The numbers for colours of ISO/IEC 23091-2 (H.264, tables E-3 to E-5), in the words of FFmpeg. */
import type { Colour } from "../../../machines/content/colour.ts";

const primaryNames: Readonly<Record<number, string>> = {
  ...{ 1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film" },
  ...{ 9: "bt2020", 10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213" },
};
const transferNames: Readonly<Record<number, string>> = {
  ...{ 1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear" },
  ...{ 9: "log100", 10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1" },
  ...{ 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67" },
};
const matrixNames: Readonly<Record<number, string>> = {
  ...{ 0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m" },
  ...{ 8: "ycgco", 9: "bt2020nc", 10: "bt2020c", 11: "smpte2085" },
  ...{ 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp" },
};

/** "Unspecified"; what is reserved says no more. */
export const untold = { primaries: 2, transfer: 2, matrix: 2 };

export const colourOf = (numbers: typeof untold, fullRange: boolean): Colour => ({
  primaries: primaryNames[numbers.primaries] ?? null,
  transfer: transferNames[numbers.transfer] ?? null,
  matrix: matrixNames[numbers.matrix] ?? null,
  fullRange,
});
