/**
 * What our software encoders send as their Flash version, so that the far end's statistics name
 * who publishes, with which generation of the key: `understudy/<encoder>/<keyGeneration>`.
 */
export const publisherMark = {
  format(encoder: string, keyGeneration: number): string {
    return `understudy/${encoder}/${keyGeneration}`;
  },
  parse(text: string): { encoder: string; keyGeneration: number } | undefined {
    const found = /understudy\/([a-z0-9][a-z0-9-]{0,62})\/(\d+)/.exec(text);
    return found ? { encoder: found[1]!, keyGeneration: Number(found[2]) } : undefined;
  },
};
