import type { CommandRequest } from "../machines/command/command.contract.ts";
import type { Answer } from "./command-memory.ts";
import { nextWindows, ruleProblem } from "./schedule/schedule.ts";

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
    case "open-session":
      return args?.session ? undefined : "open-session needs args.session";
    case "change-session":
      return args?.change ? undefined : "change-session needs args.change";
    case "recall-preset":
      return args?.preset === undefined ? "recall-preset needs args.preset" : undefined;
    case "select-profile":
      return args?.profile === undefined ? "select-profile needs args.profile" : undefined;
    default:
      return undefined;
  }
}

/** What a dry run can tell beside that it would be possible: of a window, when it would be. */
export function foreseen(
  verb: string,
  { args }: CommandRequest,
  wallMs: number,
): Pick<Answer, "data"> {
  if (verb !== "add-window" || !args?.window) return {};
  return { data: { windows: nextWindows(args.window, wallMs) } };
}
