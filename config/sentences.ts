import type { z } from "zod";
import type { Finding } from "./problems.ts";

/** zod's issues as findings in words an operator can act on. Never repeats the value written. */
export function sentencesFor(
  issues: readonly z.core.$ZodIssue[],
  at: Finding["path"] = [],
): Finding[] {
  return issues.flatMap((issue) => {
    const path = [...at, ...issue.path.map((part) => (typeof part === "symbol" ? "" : part))];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => unknownKey([...path, key], key));
    }
    if (issue.code === "invalid_union" && issue.errors.length > 0) {
      return sentencesFor(closest(issue.errors), path);
    }
    return [{ path, what: sentenceFor(issue) }];
  });
}

function unknownKey(path: Finding["path"], key: string): Finding {
  return { path, what: "is not a known key", atKey: true, unknownKey: key };
}

/** Of a union's branches, the one that got furthest: most likely the one that was meant. */
function closest(branches: z.core.$ZodIssue[][]): z.core.$ZodIssue[] {
  const depth = (branch: z.core.$ZodIssue[]) => Math.max(0, ...branch.map((i) => i.path.length));
  return branches.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best));
}

const kindNames: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a section with keys",
  record: "a section with keys",
  null: "empty",
};

function sentenceFor(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is missing";
      // A sentence written for this key beats "must be text".
      if (!issue.message.startsWith("Invalid input")) return issue.message;
      return `must be ${kindNames[issue.expected] ?? issue.expected}, is ${kindOf(issue.input)}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")}`;
    case "invalid_union":
      return `must be one of ${options(issue)}`;
    case "too_small":
      return `must be at least ${issue.minimum}${countOf(issue.origin)}`;
    case "too_big":
      return `must be at most ${issue.maximum}${countOf(issue.origin)}`;
    case "invalid_format":
      // Patterns of the contract name what they want; here that becomes a sentence.
      return /^[a-z-]+ letters/.test(issue.message) ? `must be ${issue.message}` : issue.message;
    default:
      return issue.message;
  }
}

function options(issue: z.core.$ZodIssue): string {
  const values = "options" in issue && Array.isArray(issue.options) ? issue.options : [];
  return values.join(", ");
}

function countOf(origin: string): string {
  return { string: " characters", array: " entries" }[origin] ?? "";
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return kindNames[typeof value] ?? typeof value;
}
