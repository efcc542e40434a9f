// breach: the-hub-sees-contracts-not-machines
import { encoderMachine } from "../machines/encoder/encoder.machine.ts";

export const mine = encoderMachine;
