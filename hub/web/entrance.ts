/** The form a stranger sees: log in, or choose the password that an invitation asks for. */
import { h } from "./dom.ts";
import { accept, logIn, logOut, token } from "./login.ts";
import { isBack, leave, providers, takeSession } from "./sign-in.ts";

export type Entrance = {
  /** @param trouble why the hub did not let in whoever was here */
  open(trouble: string): void;
  shut(): void;
};

/** @param changed somebody has come in or left, here or in another tab of this device */
export function openEntrance(part: (id: string) => HTMLElement, changed: () => void): Entrance {
  const field = (id: string) => part(id) as HTMLInputElement;
  const form = part("login");
  const answer = part("login-answer");
  const say = (text: string) => (answer.textContent = text);
  /** In the part of the address that no server gets, and that no log has. */
  const invitation = () => new URLSearchParams(location.hash.slice(1)).get("invitation");

  function dress(): void {
    const isInvited = invitation() !== null;
    part("login-who").hidden = isInvited;
    field("login-secret").autocomplete = isInvited ? "new-password" : "current-password";
    part("login-what").textContent = isInvited
      ? "Choose a password: 12 characters or more"
      : "Password, or an API key without a name";
    part("login-do").textContent = isInvited ? "Set the password" : "Log in";
  }

  async function enter(): Promise<void> {
    say("One moment …");
    const secret = field("login-secret").value;
    const invited = invitation();
    if (invited !== null) {
      const why = await accept(invited, secret);
      if (why !== undefined) return void say(why);
      history.replaceState(null, "", location.pathname);
      field("login-secret").value = "";
      say("It is set. Log in with it now.");
      return dress();
    }
    const given = { name: field("login-name").value.trim(), secret };
    const why = await logIn(given, field("login-stays").checked);
    say(why ?? "");
    if (why !== undefined) return;
    field("login-secret").value = "";
    changed();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void enter();
  });
  part("log-out").addEventListener("click", () => void logOut().then(changed));
  window.addEventListener("storage", changed);
  window.addEventListener("hashchange", dress);
  dress();

  let offered = false;
  /** The hub's word for whom it works with is asked for once, when somebody needs it. */
  async function offer(): Promise<void> {
    if (offered) return;
    offered = true;
    const links = (await providers()).map(({ name, url }) => {
      const link = h("a", { href: url, class: "button" }, `Sign in with ${name}`);
      link.addEventListener("click", () => leave(field("login-stays").checked));
      return link;
    });
    part("login-with").replaceChildren(...links);
    part("login-with").hidden = links.length === 0;
  }
  async function comeBack(): Promise<void> {
    const why = await takeSession();
    if (why === undefined) changed();
    else say(why);
  }
  if (isBack()) void comeBack();

  const show = (isOpen: boolean) => {
    form.hidden = !isOpen;
    document.querySelector("main")!.hidden = isOpen;
  };
  return {
    open(trouble) {
      show(true);
      void offer();
      if (token() !== undefined) say(trouble);
    },
    shut: () => show(false),
  };
}
