/** Secrets that people choose or copy: what is refused, and the reason in words. */

/** What products ship with and people type first; also with a number or sign behind it. */
const known = new Set(
  `admin administrator changeme default demo example hello iloveyou letmein login master monkey
   operator passphrase password passw0rd p@ssword p@ssw0rd qwerty qwertyuiop root secret streaming
   test understudy user viewer welcome yourkey apikey secretkey mysecret`.split(/\s+/),
);
const sequences = ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiopasdfghjklzxcvbnm"];

export const leastPasswordLength = 12;
export const leastSecretLength = 32;
const mostLength = 200;

/** @returns why a password of a person is refused, without repeating it; undefined = it is taken */
export function weakPassword(password: string, name: string): string | undefined {
  if (password.length < leastPasswordLength) {
    return `a password has at least ${leastPasswordLength} characters`;
  }
  const lower = password.toLowerCase();
  if (name.length > 2 && lower.includes(name.toLowerCase())) return "a password has no name in it";
  return guessable(password, 6);
}

/** For a key from outside, such as `MASTER_API_KEY`. `openssl rand -base64 32` makes a good one. */
export function weakSecret(secret: string): string | undefined {
  if (secret.trim() === "") return "it is empty";
  if (secret.length < leastSecretLength) return `it has fewer than ${leastSecretLength} characters`;
  return guessable(secret, 8);
}

function guessable(text: string, leastDistinct: number): string | undefined {
  if (text.length > mostLength) return `it has more than ${mostLength} characters`;
  if (text.trim() === "") return "it is empty";
  const lower = text.toLowerCase();
  const words = lower.split(/[^\p{L}@]+/u).filter((word) => word !== "");
  const bare = lower.replace(/[^\p{L}\p{N}@]/gu, "").replace(/\d+$/, "");
  if (known.has(bare) || (words.length > 0 && words.every((word) => known.has(word)))) {
    return "it is one of those that everybody tries first";
  }
  if (new Set(lower).size < leastDistinct) return "it repeats a few characters";
  if (/^(.{1,8}?)\1+.{0,2}$/s.test(lower)) return "it repeats itself";
  if (sequences.some((line) => inLine(lower, line) > lower.length / 2)) {
    return "it follows the alphabet or the keyboard";
  }
  return undefined;
}

/** How many characters of `text` follow their neighbour of `line`, forwards or backwards. */
function inLine(text: string, line: string): number {
  let count = 0;
  for (let at = 0; at + 1 < text.length; at++) {
    const [one, two] = [text.charAt(at), text.charAt(at + 1)];
    if (line.includes(one + two) || line.includes(two + one)) count += 1;
  }
  return count;
}
