import { z } from "zod";
import type { FigureName, OutputReading } from "../../../machines/encoder/reading.ts";
import { budgetOptions } from "../shared/budget.ts";
import { snmpOptions } from "../shared/snmp/access.ts";
import { oidPattern } from "../shared/snmp/oid.ts";

const Oid = z.string().regex(oidPattern, {
  error: "must be a numeric OID without a leading dot, like 1.3.6.1.2.1.1.3.0",
});

const figureNames = [
  "temperatureC",
  "cpuUsageRatio",
  "memoryUsageRatio",
  "fanSpeedRpm",
  "bitrateBps",
  "framesPerSecond",
  "droppedFrames",
  "outputBytes",
  "networkSentBps",
  "networkReceivedBps",
] as const satisfies readonly FigureName[];

const outputStates = [
  "idle",
  "starting",
  "streaming",
  "failing",
  "stopping",
] as const satisfies readonly OutputReading["state"][];

/** An OID of this device that means one of our figures: value × scale + offset. */
const FigureMap = z.strictObject({
  reading: z.enum(figureNames),
  oid: Oid,
  scale: z.number().default(1).describe("for example 0.001 for milli-degrees, 0.01 for percent"),
  offset: z.number().default(0).describe("added after scaling"),
});
const word = "by value, as the agent gives it; a value that is not named is left out";
const InputMap = z.strictObject({
  reading: z.literal("input"),
  oid: Oid,
  enum: z.record(z.string(), z.enum(["good", "lost", "black", "frozen", "silent"])).describe(word),
});
const OutputMap = z.strictObject({
  reading: z.literal("output"),
  output: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/)
    .describe("id of the output, for example stream-1"),
  oid: Oid,
  enum: z.record(z.string(), z.enum(outputStates)).describe(word),
});
const AlarmMap = z.strictObject({
  reading: z.literal("alarm"),
  oid: Oid,
  enum: z.record(z.string(), z.string().min(1).max(200)).describe("text of the alarm, by value"),
});

export const SnmpMap = z.discriminatedUnion("reading", [FigureMap, InputMap, OutputMap, AlarmMap]);
export type SnmpMap = z.infer<typeof SnmpMap>;

/** What a site says of one device that is only looked at, over SNMP. */
export const SnmpEncoderOptions = z.strictObject({
  ...snmpOptions,
  interface: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe("ifName of the uplink, for example eth0: its state, discards and bit rate"),
  temperatureSensor: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe("name of the sensor that counts; left out: the hottest of all"),
  fanSensor: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe("name of the fan that counts; left out: the slowest of all"),
  media: z
    .array(z.string().min(1).max(255))
    .max(32)
    .optional()
    .describe("hrStorageDescr of what is recorded to; left out: every disk but the system's own"),
  map: z
    .array(SnmpMap)
    .max(64)
    .default([])
    .describe("what the device tells in OIDs of its own; goes before what is found by itself"),
  lookAgainEveryMs: z
    .int()
    .min(10_000)
    .max(86_400_000)
    .default(600_000)
    .describe("how often to look which tables and rows the agent has, ms; also after each boot"),
  ...budgetOptions,
});
export type SnmpEncoderOptions = z.infer<typeof SnmpEncoderOptions>;
