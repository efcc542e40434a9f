import type { FigureName } from "../../../machines/encoder/reading.ts";
import { integerOf, numberOf, textOf, type SnmpValues } from "../shared/snmp/value.ts";
import { columnOf, figure, mostRows, type Found, type Look } from "./mib.ts";

/** Which sensor counts, by name; undefined: the hottest, and the slowest fan. */
export type Wanted = { temperatureSensor: string | undefined; fanSensor: string | undefined };

type Sensor = { name: string; value: number };

function hottestAndSlowest(
  source: string,
  wanted: Wanted,
  temperatures: Sensor[],
  fans: Sensor[],
): Found {
  const pick = (name: FigureName, sensors: Sensor[], one: string | undefined, sign: 1 | -1) => {
    const usable = sensors
      .filter((sensor) => one === undefined || sensor.name === one)
      .filter(({ value }) => name in figure(name, value, source))
      .sort((a, b) => sign * (a.value - b.value));
    const chosen = usable[0];
    return chosen ? figure(name, chosen.value, `${source} ${chosen.name}`) : {};
  };
  return {
    figures: {
      ...pick("temperatureC", temperatures, wanted.temperatureSensor, -1),
      ...pick("fanSpeedRpm", fans, wanted.fanSensor, 1),
    },
  };
}

const entity = "1.3.6.1.2.1.99.1.1.1";
const entityType = `${entity}.1`;
const entityScale = `${entity}.2`;
const entityPrecision = `${entity}.3`;
const entityValue = (index: string) => `${entity}.4.${index}`;
const entityStatus = (index: string) => `${entity}.5.${index}`;
const entityName = "1.3.6.1.2.1.47.1.1.1.1.7";
const celsius = 8;
const rpm = 10;
const scaleUnits = 9;
const statusOk = 1;
const statusBroken = 3;
/** Stands for "more than can be told", in both directions. */
const overflow = 1_000_000_000;

/** ENTITY-SENSOR-MIB: value × 10^(3 × (scale − 9)) / 10^precision, while the status is ok. */
export function entitySensorLook(wanted: Wanted): Look {
  return async (snmp, signal) => {
    const types = await columnOf(snmp, entityType, signal, Infinity);
    const all = [...types].flatMap(([index, value]) => {
      const type = integerOf(value);
      return type === celsius || type === rpm ? [{ index, type }] : [];
    });
    const rows = all.slice(0, mostRows);
    if (rows.length === 0) return undefined;
    const scales = await columnOf(snmp, entityScale, signal, Infinity);
    const precisions = await columnOf(snmp, entityPrecision, signal, Infinity);
    const names = await snmp.get(
      rows.map(({ index }) => `${entityName}.${index}`),
      signal,
    );
    const sensors = rows.flatMap(({ index, type }) => {
      const scale = integerOf(scales.get(index)) ?? scaleUnits;
      const precision = integerOf(precisions.get(index)) ?? 0;
      if (scale < 1 || scale > 17 || precision < -8 || precision > 9) return [];
      const name = textOf(names.get(`${entityName}.${index}`)) ?? `sensor ${index}`;
      return [{ index, type, name, factor: 10 ** (3 * (scale - scaleUnits) - precision) }];
    });
    return {
      oids: sensors.flatMap(({ index }) => [entityValue(index), entityStatus(index)]),
      read(values) {
        const read = (type: number) =>
          sensors.flatMap(({ name, factor, ...sensor }) => {
            if (sensor.type !== type) return [];
            const raw = entityRaw(values, sensor.index);
            return raw === undefined ? [] : [{ name, value: tidy(raw * factor) }];
          });
        const broken = sensors
          .filter(({ index }) => integerOf(values.get(entityStatus(index))) === statusBroken)
          .map(({ name }) => `${name}: nonoperational`);
        const found = hottestAndSlowest("ENTITY-SENSOR-MIB", wanted, read(celsius), read(rpm));
        return broken.length > 0 ? { ...found, alarms: broken } : found;
      },
    };
  };
}

function entityRaw(values: SnmpValues, index: string): number | undefined {
  if (integerOf(values.get(entityStatus(index))) !== statusOk) return undefined;
  const raw = integerOf(values.get(entityValue(index)));
  return raw === undefined || Math.abs(raw) >= overflow ? undefined : raw;
}

/** 0.1 × 3 is 0.30000000000000004, which nobody measured. */
const tidy = (value: number): number => Number(value.toPrecision(12));

const lm = "1.3.6.1.4.1.2021.13.16";
const lmTemperature = { names: `${lm}.2.1.2`, values: `${lm}.2.1.3` };
const lmFan = { names: `${lm}.3.1.2`, values: `${lm}.3.1.3` };

/** LM-SENSORS-MIB of net-snmp: temperatures in thousandths of a degree, fans in rpm. */
export function lmSensorsLook(wanted: Wanted): Look {
  return async (snmp, signal) => {
    const temperatures = await columnOf(snmp, lmTemperature.names, signal);
    const fans = await columnOf(snmp, lmFan.names, signal);
    if (temperatures.size + fans.size === 0) return undefined;
    const rows = (table: typeof lmFan, names: typeof fans) =>
      [...names].map(([index, name]) => ({
        oid: `${table.values}.${index}`,
        name: textOf(name) ?? `sensor ${index}`,
      }));
    const temperatureRows = rows(lmTemperature, temperatures);
    const fanRows = rows(lmFan, fans);
    return {
      oids: [...temperatureRows, ...fanRows].map(({ oid }) => oid),
      read(values) {
        const read = (from: typeof fanRows, divisor: number) =>
          from.flatMap(({ oid, name }) => {
            const raw = numberOf(values.get(oid));
            return raw === undefined ? [] : [{ name, value: raw / divisor }];
          });
        const degrees = read(temperatureRows, 1_000);
        return hottestAndSlowest("LM-SENSORS-MIB", wanted, degrees, read(fanRows, 1));
      },
    };
  };
}
