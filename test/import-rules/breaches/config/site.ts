import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { Id } from "../machines/id.ts";

export const site = z.record(z.string(), z.unknown()).parse(parse(readFileSync("x", "utf8")));
export type Site = Record<Id, unknown>;
