/** The one cookie of the hub: a note that a login with a provider's account needs on its way. */
import type { FastifyReply, FastifyRequest } from "fastify";

export type Cookie = {
  /** "" = there is none. */
  read(request: FastifyRequest): string;
  /** @param lifeS 0 = the browser forgets it */
  write(reply: FastifyReply, value: string, lifeS: number): void;
};

/** Lax: the browser brings it when a provider sends it back, but not with what other pages ask. */
export function openCookie(word: string, isSecure: boolean): Cookie {
  // The prefix keeps other hosts of the domain from setting it.
  const name = isSecure ? `__Host-${word}` : word;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
  return {
    read: ({ headers }) => {
      const all = (headers.cookie ?? "").split(";").map((one) => one.trim());
      return all.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
    },
    write: (reply, value, lifeS) =>
      void reply.header("Set-Cookie", `${name}=${value}; ${attributes}; Max-Age=${lifeS}`),
  };
}
