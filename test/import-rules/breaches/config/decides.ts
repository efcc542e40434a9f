// breach: config-stays-plain
import { encoderMachine } from "../machines/encoder/encoder.machine.ts";

export const mine = encoderMachine;
