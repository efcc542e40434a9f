/** The hub's part of `understudy`, which hands these commands over to it. */
import { audit } from "./audit.ts";

const [noun, ...args] = process.argv.slice(2);
const io = {
  out: (text: string) => void process.stdout.write(text),
  tell: (text: string) => void process.stderr.write(text),
};
process.exitCode = noun === "audit" ? audit(args, process.env, io) : 2;
