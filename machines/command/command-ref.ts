/** Who asked, and under which id the answer is expected. */
export type CommandRef = { id: string; by: string };
