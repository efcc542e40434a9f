/** What a person does on the page: press, look at what would happen, say yes, plan a window. */
import { type Answer, command } from "./data.ts";
import type { StreamItem } from "./items.ts";
import type { Plan } from "./plan.ts";
import { offerOf, subjectOf, type Talk } from "./talk.ts";
import { canSave, plannedAt, ruleOf } from "./window-form.ts";

/** So long after a touch nothing changes its place in a list. */
const quietMs = 5_000;

export type Doing = {
  readonly talk: Talk | undefined;
  readonly plan: Plan | undefined;
  /** Somebody is about to press something: the order of the lists stands. */
  isBusy(): boolean;
  isOpen: (key: string) => boolean;
};

export function listen(
  main: HTMLElement,
  page: {
    draw: () => void;
    read: () => void;
    stream: (ref: string) => StreamItem | undefined;
  },
): Doing {
  let talk: Talk | undefined;
  let plan: Plan | undefined;
  let touchedAtMs = -quietMs;
  const opened = new Set<string>();

  const say = (wanted: Talk | undefined) => {
    talk = wanted;
    page.draw();
  };

  async function ask(asked: Talk, args: Readonly<Record<string, unknown>>): Promise<void> {
    const { place, offer } = asked;
    say({ ...asked, step: "asking", answer: `${offer.label}: waiting for the site …` });
    const answer = await answerOf(place, { verb: offer.verb, ...given(args) });
    say({ ...asked, step: "answered", answer: `${offer.label}: ${answer}` });
    page.read();
  }

  /** Whether the site would do it, before anybody says yes. */
  async function foresee(asked: Talk): Promise<void> {
    const { place, offer } = asked;
    const said = await answerOf(place, {
      ...{ verb: offer.verb, dryRun: true },
      ...given({
        ...offer.args,
        ...(offer.choose && { [offer.choose.arg]: offer.choose.from[0]?.value }),
      }),
    });
    const isPossible = said.startsWith("done");
    const foreseen = isPossible ? "The site says: possible now." : `The site says: ${said}`;
    if (talk === asked) say({ ...asked, foreseen });
  }

  function press(button: HTMLElement): void {
    const { place = "", do: what = "" } = button.dataset;
    const offer = what === "no" ? undefined : offerOf(place, what);
    const before = talk;
    if (!offer) say(undefined);
    else {
      const asked: Talk = { place, offer, step: "sure?", foreseen: "", answer: "" };
      if (offer.why === undefined) asked.foreseen = "Asking the site whether it can …";
      say(asked);
      if (offer.why === undefined) void foresee(asked);
    }
    const there = (selector: string) =>
      [...main.querySelectorAll<HTMLElement>(selector)].find((e) => e.dataset["place"] === place);
    // What has to be given gets the focus, else the safe choice; back again, what was pressed.
    const field = there("form.sure")?.querySelector<HTMLElement>("input");
    const next = offer ? (field ?? there(`[data-do="no"]`)) : undefined;
    const back = [...main.querySelectorAll<HTMLElement>("[data-do]")].find(
      (e) => e.dataset["place"] === place && e.dataset["do"] === before?.offer.label,
    );
    (next ?? back)?.focus();
  }

  async function check(form: HTMLFormElement, ref: string): Promise<void> {
    const taken = page.stream(ref)?.schedule?.rules.map(({ id }) => id) ?? [];
    const rule = ruleOf(new FormData(form), taken);
    const asked: Plan = { ref, busy: true, answer: "Asking the site …" };
    plan = asked;
    page.draw();
    const subject = { list: "streams", ref } as const;
    const answer = await command(subject, {
      ...{ verb: "add-window", args: { window: rule }, dryRun: true },
    }).catch(asRefusal);
    if (plan !== asked) return;
    const windows = answer.data?.["windows"] as Plan["windows"];
    plan =
      answer.status === "done" && windows
        ? { ref, rule, windows, busy: false, answer: "" }
        : { ref, busy: false, answer: sentence(answer) };
    page.draw();
  }

  async function save({ ref, rule }: Plan): Promise<void> {
    const asked: Plan = { ref, busy: true, answer: "Waiting for the site …" };
    plan = asked;
    page.draw();
    const subject = { list: "streams", ref } as const;
    const answer = await command(subject, { verb: "add-window", args: { window: rule } }).catch(
      asRefusal,
    );
    if (answer.status === "refused") plan = { ref, busy: false, answer: sentence(answer) };
    else {
      if (plan === asked) plan = undefined;
      const offer = { verb: "add-window", label: "Plan a window", will: "" };
      const done = `Plan a window: ${sentence(answer)}`;
      talk = { place: plannedAt(ref), offer, step: "answered", foreseen: "", answer: done };
    }
    page.draw();
    page.read();
  }

  main.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button");
    if (!button) return;
    if (button.dataset["do"] !== undefined) press(button);
    const { plan: what, ref = "" } = button.dataset;
    if (what === undefined) return;
    plan = what === "open" ? { ref, busy: false, answer: "" } : undefined;
    page.draw();
    const next = plan ? "form.plan input" : "[data-plan]";
    main.querySelector<HTMLElement>(next)?.focus();
  });
  main.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const { ref = "" } = form.dataset;
    if (form.matches(".plan")) void (plan && canSave(plan) ? save(plan) : check(form, ref));
    if (!form.matches(".sure") || !talk) return;
    const [why, chosen] = ["why", "chosen"].map((name) => new FormData(form).get(name));
    const { args, choose } = talk.offer;
    void ask(talk, {
      ...args,
      ...(choose && { [choose.arg]: Number(chosen) }),
      ...(typeof why === "string" && { why: why.trim() }),
    });
  });
  main.addEventListener("input", (event) => {
    if (!plan || !(event.target as Element).closest("form.plan")) return;
    // What was shown is not what would be saved any more.
    plan = { ref: plan.ref, busy: false, answer: "" };
    page.draw();
  });
  const openedOrClosed = (event: Event) => {
    const details = event.target as HTMLDetailsElement;
    const { key } = details.dataset;
    if (key === undefined) return;
    if (details.open) opened.add(key);
    else opened.delete(key);
    page.draw();
  };
  main.addEventListener("toggle", openedOrClosed, true);
  for (const kind of ["pointerdown", "keydown", "scroll"]) {
    addEventListener(kind, () => (touchedAtMs = performance.now()), { passive: true });
  }

  return {
    get talk() {
      return talk;
    },
    get plan() {
      return plan;
    },
    isBusy: () =>
      plan !== undefined ||
      (talk !== undefined && talk.step !== "answered") ||
      performance.now() - touchedAtMs < quietMs,
    isOpen: (key) => opened.has(key),
  };
}

type Asked = Parameters<typeof command>[1];
const given = (args: Readonly<Record<string, unknown>>) =>
  Object.keys(args).length === 0 ? {} : { args };

async function answerOf(place: string, asked: Asked): Promise<string> {
  return sentence(await command(subjectOf(place), asked).catch(asRefusal));
}

function asRefusal(error: unknown): Answer {
  const message = error instanceof Error ? error.message : "the hub did not answer";
  return { status: "refused", message };
}

/** `refused (not_possible): no understudy is ready` */
function sentence({ status, code, message }: Answer): string {
  return `${status}${code == null ? "" : ` (${code})`}: ${message ?? "the site has it"}`;
}
