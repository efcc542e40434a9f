import { request } from "node:http";
import { encoderMachine } from "../../../machines/encoder/encoder.machine.ts";
import type { Driver } from "../driver.ts";
import { params } from "./params.ts";

export const allowed = { request, encoderMachine, params, driver: {} as Driver };
