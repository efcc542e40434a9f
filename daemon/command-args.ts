import type { CommandRequest } from "../machines/command/command.contract.ts";
import { ruleProblem } from "./schedule/schedule.ts";

/** What a command still needs, or cannot mean; undefined when it is complete. */
export function argsProblem(
  verb: string,
  { args }: CommandRequest,
  wallMs: number,
): string | undefined {
  switch (verb) {
    case "add-window":
      return args?.window ? ruleProblem(args.window, wallMs) : "add-window needs args.window";
    case "remove-window":
      return args?.windowId === undefined ? "remove-window needs args.windowId" : undefined;
    case "override-freeze":
      return args?.why === undefined ? "override-freeze needs args.why" : undefined;
    case "retire":
    case "bring-back":
      return args?.medium === undefined ? `${verb} needs args.medium` : undefined;
    case "recall-preset":
      return args?.preset === undefined ? "recall-preset needs args.preset" : undefined;
    default:
      return undefined;
  }
}
