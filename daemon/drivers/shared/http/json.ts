/** The parser's own error quotes what it read, which may be a secret: so it is not passed on. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
