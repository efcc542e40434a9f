/** The site's memory cannot be used. `code` is for machines, `message` for people. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  readonly code: "journal_damaged" | "journal_newer" | "journal_unusable" | "state_locked";
  constructor(code: JournalError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
