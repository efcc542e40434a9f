import "../daemon/main.ts";
import { encoderMachine } from "../machines/encoder/encoder.machine.ts";

export const fake = encoderMachine;
