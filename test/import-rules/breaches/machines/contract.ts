export { EncoderState } from "./encoder/encoder.contract.ts";
